//! Which items fit a search best.

use std::collections::BTreeMap;

use serde_json::Value;

/// What being asked for by name is worth, in found words.
const NAMED: usize = 1000;

/// Something that can be found.
#[derive(Debug)]
pub(super) struct RankedItem {
    /// What it is called, in lower case: a table has a physical name and a pretty one.
    pub(super) names: Vec<String>,
    /// In lower case.
    pub(super) description: String,
    /// As the answer lists it.
    pub(super) body: Value,
}

/// Fuses the rankings of several queries by reciprocal rank; without a query everything is found.
pub(super) fn ranked(candidates: Vec<RankedItem>, queries: &[String]) -> Vec<Value> {
    if queries.is_empty() {
        return candidates.into_iter().map(|candidate| candidate.body).collect();
    }
    let mut fused: BTreeMap<usize, f64> = BTreeMap::new();
    for query in queries {
        let mut hits: Vec<(usize, usize)> = candidates
            .iter()
            .enumerate()
            .map(|(index, candidate)| (score(candidate, query), index))
            .filter(|(score, _)| *score > 0)
            .collect();
        hits.sort_by_key(|(score, index)| (usize::MAX - score, *index));
        for (rank, (_, index)) in (1_u32..).zip(hits) {
            *fused.entry(index).or_default() += 1.0 / (60.0 + f64::from(rank));
        }
    }
    let mut kept: Vec<(f64, usize, RankedItem)> = candidates
        .into_iter()
        .enumerate()
        .filter_map(|(index, candidate)| Some((*fused.get(&index)?, index, candidate)))
        .collect();
    kept.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    kept.into_iter().map(|(_, _, candidate)| candidate.body).collect()
}

/// Words found in the name count more than words found in the description; the very name counts more than any words.
fn score(candidate: &RankedItem, query: &str) -> usize {
    let named = candidate.names.iter().any(|name| name == query.trim());
    let words = query.split(|letter: char| !letter.is_alphanumeric());
    let found: usize = words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let stem = word
                .strip_suffix('s')
                .filter(|stem| stem.len() > 2)
                .unwrap_or(word);
            let in_name = candidate.names.iter().any(|name| name.contains(stem));
            3 * usize::from(in_name) + usize::from(candidate.description.contains(stem))
        })
        .sum();
    found + NAMED * usize::from(named)
}
