use std::cmp::Ordering;

/// Below this a candidate does not help whoever misspelt a name.
const LEAST_SIMILARITY: f64 = 0.62;

/// The `n` candidates most like `wanted`, best first; none that is not like it at all, so possibly fewer or none.
///
/// Case, punctuation and word order do not count: `order-total` is near `Total of order`. Equal likeness keeps the
/// order of `candidates`.
pub fn nearest<'a>(wanted: &str, candidates: impl IntoIterator<Item = &'a str>, n: usize) -> Vec<&'a str> {
    let wanted = words(wanted);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (similarity(&wanted, &words(candidate)), candidate))
        .filter(|(score, _)| *score >= LEAST_SIMILARITY)
        .collect();
    scored.sort_by(|a, b| b.0.partial_cmp(&a.0).unwrap_or(Ordering::Equal));
    let mut names: Vec<&str> = Vec::new();
    for (_, name) in scored {
        if names.len() < n && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Lower-cased words: letters and digits, with `camelCase` taken apart.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for c in text.chars() {
        if c.is_alphanumeric() {
            if after_lower && c.is_uppercase() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(c.to_lowercase());
            }
        } else {
            words.push(String::new());
        }
        after_lower = c.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Between 0 and 1: the better of spelling as a whole and of words in common.
fn similarity(wanted: &[String], candidate: &[String]) -> f64 {
    if wanted.is_empty() || candidate.is_empty() {
        return 0.0;
    }
    let spelling = strsim::normalized_damerau_levenshtein(&wanted.concat(), &candidate.concat());
    spelling.max(shared_words(wanted, candidate))
}

/// How much of the shorter name is in the longer one, word by word, misspellings allowed; a longer rest counts a little
/// against it, so that `total` is nearer to `total` than to `total tax`.
fn shared_words(a: &[String], b: &[String]) -> f64 {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let shared: f64 = few
        .iter()
        .map(|word| {
            let best = many
                .iter()
                .map(|other| strsim::jaro_winkler(word, other))
                .fold(0.0, f64::max);
            if best >= 0.88 { best } else { 0.0 }
        })
        .sum();
    let (few, many) = (count(few), count(many));
    0.8 * shared / few + 0.2 * shared / many
}

fn count(words: &[String]) -> f64 {
    u32::try_from(words.len()).map_or(f64::MAX, f64::from)
}
