use std::collections::BTreeSet;

use super::index::EntryIndex;
use super::lexicon;
use super::profile::{Computes, Profile};
use super::question::ParsedQuestion;
use crate::catalog::Entry;

/// Below this an entry does not answer the question.
pub(super) const LEAST_SCORE: f64 = 0.5;

/// How well an entry speaks of what the question speaks of.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordMatch {
    /// Share of the question's words that the entry explains, weighted by how telling they are.
    pub(super) coverage: f64,
    /// Share of the entry's name that the question mentions.
    pub(super) precision: f64,
}

/// Compares the words of the question that are not `explained` yet with the entry.
pub(super) fn compare(
    question: &ParsedQuestion,
    profile: &Profile,
    index: &EntryIndex,
    explained: &BTreeSet<usize>,
) -> WordMatch {
    let (mut told, mut all) = (0.0, 0.0);
    let mut said: BTreeSet<&str> = BTreeSet::new();
    for (at, word) in question.words.iter().enumerate() {
        if word.used || explained.contains(&at) {
            said.insert(&word.stem);
            continue;
        }
        if lexicon::is_filler(&word.text) {
            continue;
        }
        said.insert(&word.stem);
        let weight = index.weight(&word.stem);
        all += weight;
        told += weight * quality(&word.text, &word.stem, profile, index);
    }
    let coverage = if all > 0.0 { told / all } else { 0.0 };
    let acronym = question.words.iter().any(|word| is_acronym(&word.text, profile));
    let precision = if acronym {
        1.0
    } else {
        precision(&said, profile, index, question.top.is_some())
    };
    WordMatch { coverage, precision }
}

/// Positions of the words that neither the call takes care of nor the entry speaks of: an answer that leaves one out is
/// an answer to another question. What can be asked of an entry says nothing of its figures, unless the call asks it; a
/// card shows all of its columns. `owners` are the tables of the fields that the call uses: Google customers are those whose
/// source is Google.
pub(super) fn unplaced(
    question: &ParsedQuestion,
    profile: &Profile,
    index: &EntryIndex,
    explained: &BTreeSet<usize>,
    owners: &BTreeSet<String>,
) -> Vec<usize> {
    let shown = profile.fields.iter().chain(&profile.parameters);
    let shown = shown.filter(|_| matches!(profile.entry, Entry::Card(_)));
    let about: BTreeSet<&String> = profile
        .name
        .iter()
        .chain(&profile.about)
        .chain(shown.flat_map(|field| field.own.iter().chain(&field.label)))
        .collect();
    let about: BTreeSet<&String> = about.into_iter().chain(owners).collect();
    let speaks_of = |stem: &str| {
        about.iter().any(|known| *known == stem)
            || index
                .likes_of(stem)
                .any(|like| about.iter().any(|known| *known == like))
    };
    // "Revenue per booking" divides; only a name that says so, or a group, does that.
    let per = |at: usize, stem: &String| {
        let before = at.checked_sub(1).and_then(|before| question.words.get(before));
        let divides = before.is_some_and(|word| word.text == "per");
        divides && !matches!(profile.entry, Entry::Card(_)) && !profile.name.contains(stem)
    };
    // An entry that says its currency has no other one.
    let keeps = |currency: &&[&str]| {
        currency
            .iter()
            .any(|word| profile.about.iter().any(|stem| stem == word))
    };
    let of_another_currency = |stem: &str| {
        let asked = lexicon::CURRENCIES
            .iter()
            .find(|currency| currency.contains(&stem));
        asked.is_some_and(|asked| !keeps(asked) && lexicon::CURRENCIES.iter().any(&keeps))
    };
    let words = question.words.iter().enumerate();
    let currencies = words.filter(|(_, word)| of_another_currency(&word.stem));
    let left_out = question
        .subjects()
        .filter(|(at, _)| !explained.contains(at))
        .filter(|(at, word)| {
            if lexicon::QUALIFIERS.contains(&word.text.as_str()) || per(*at, &word.stem) {
                return true;
            }
            let amount = lexicon::AMOUNT.contains(&word.text.as_str());
            let summed = amount && !matches!(profile.computes, Computes::Count | Computes::Unknown);
            !summed && !speaks_of(&word.stem) && !is_acronym(&word.text, profile)
        })
        .map(|(at, _)| at);
    left_out.chain(currencies.map(|(at, _)| at)).collect()
}

/// Whether an entry's figures are of a part that the question does not ask for: discounted orders are not the orders.
pub(super) fn is_of_a_part(question: &ParsedQuestion, profile: &Profile, index: &EntryIndex) -> bool {
    profile.picks.iter().any(|pick| {
        !question
            .words
            .iter()
            .any(|word| word.stem == *pick || index.likes_of(&word.stem).any(|like| like == pick))
    })
}

/// How well one word is explained, by where it stands.
fn quality(text: &str, stem: &str, profile: &Profile, index: &EntryIndex) -> f64 {
    if is_acronym(text, profile) {
        return 1.0;
    }
    let mut best: f64 = 0.0;
    let places = [(&profile.name, 1.0), (&profile.about, 0.8)];
    let fields = profile.fields.iter().chain(&profile.parameters);
    let parts = fields
        .flat_map(|field| [&field.own, &field.label, &field.owner])
        .chain(profile.measures.iter().map(|measure| &measure.stems));
    for (stems, worth) in places.into_iter().chain(parts.map(|stems| (stems, 0.55))) {
        if stems.iter().any(|known| known == stem) {
            best = best.max(worth);
        } else if index
            .likes_of(stem)
            .any(|like| stems.iter().any(|known| known == like))
        {
            best = best.max(worth * 0.85);
        }
    }
    best
}

fn is_acronym(text: &str, profile: &Profile) -> bool {
    text.len() >= 3 && text == profile.acronym
}

fn precision(said: &BTreeSet<&str>, profile: &Profile, index: &EntryIndex, top: bool) -> f64 {
    let (mut told, mut all) = (0.0, 0.0);
    for stem in &profile.name {
        if lexicon::is_filler(stem) || matches!(stem.as_str(), "number" | "count" | "total" | "sum") {
            continue;
        }
        if matches!(stem.as_str(), "top" | "best" | "highest") && top {
            continue;
        }
        let weight = index.weight(stem);
        all += weight;
        if said.contains(stem.as_str()) {
            told += weight;
        } else if index.likes_of(stem).any(|like| said.contains(like)) {
            told += weight * 0.85;
        }
    }
    if all > 0.0 { told / all } else { 0.0 }
}

/// What speaks against an entry because its figures are of another kind than those asked for.
pub(super) fn mismatch(question: &ParsedQuestion, computes: Computes) -> f64 {
    let mean = question.says(lexicon::MEAN);
    let share = question.says(lexicon::SHARE);
    match computes {
        Computes::Mean if mean => 0.0,
        // A mean is no part of a sum.
        Computes::Mean if question.says(lexicon::WHOLE) => 0.6,
        Computes::Mean if question.counts || share => 0.3,
        Computes::Mean => 0.08,
        Computes::Share if share => 0.0,
        Computes::Share if question.counts || mean => 0.3,
        Computes::Share => 0.15,
        Computes::Count | Computes::Sum | Computes::Pieces if mean || share => 0.3,
        Computes::Count | Computes::Pieces if question.says(&["much"]) => 0.12,
        Computes::Count if question.counts => -0.05,
        Computes::Sum if question.counts => 0.1,
        _ => 0.0,
    }
}

/// What speaks against a sum or a mean that is asked `how many`: it counts nothing but what it is made of. Seats may be
/// added up, and money where money is asked for.
pub(super) fn miscount(question: &ParsedQuestion, profile: &Profile) -> f64 {
    const MONEY: &[&str] = &[
        "dollar", "dollars", "euro", "euros", "usd", "eur", "bucks", "cash", "money",
    ];
    let added_up = |stem: &String| {
        !matches!(stem.as_str(), "sum" | "averag" | "mean" | "of") && profile.definition.contains(stem)
    };
    let named = question.words.iter().any(|word| added_up(&word.stem));
    let sum = matches!(profile.computes, Computes::Sum | Computes::Mean) && !profile.definition.is_empty();
    if sum && question.counts && !named && !question.says(MONEY) {
        0.6
    } else {
        0.0
    }
}

/// The score of a match, with what speaks against it taken off; `None` when it answers something else.
pub(super) fn total(found: WordMatch, rank: f64, against: f64) -> Option<f64> {
    let score = 0.5 * found.coverage + 0.3 * found.precision + 0.2 * rank - against;
    (found.precision > 0.0 && score >= LEAST_SCORE).then_some(score)
}
