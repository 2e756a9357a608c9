//! The figures of a text that may be its answer, and the words that bear on them.

use std::sync::LazyLock;

use regex::Regex;

use crate::grounding::{Number, Separators, numbers};
use crate::text::built_in_pattern;

/// Bytes before a figure in which a word that denies it is looked for.
const BEFORE: usize = 24;
/// Counts that people write as words. One is left out: it is more often no count.
const WORDS: [(&str, f64); 12] = [
    ("zero", 0.0),
    ("two", 2.0),
    ("three", 3.0),
    ("four", 4.0),
    ("five", 5.0),
    ("six", 6.0),
    ("seven", 7.0),
    ("eight", 8.0),
    ("nine", 9.0),
    ("ten", 10.0),
    ("eleven", 11.0),
    ("twelve", 12.0),
];

static ADDRESS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"https?://[^\s)\]>]+|\]\([^)\s]*\)"));
/// What stands before the id of an entry of the catalog.
static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(metric|card|table|question|dashboard)\s+#?$"));
static DENIED: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(not|rather than|instead of)\s+[*_`]*$"));
static BASIS_POINTS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)^\s*(bps?|basis points?)\b"));

/// The numbers of a text but for those in addresses, in codes such as `REV-707`, those that are ids of entries, and those that are denied: "not 42".
pub(super) fn figures(text: &str, separators: Separators) -> Vec<Number> {
    let said = |number: &Number| {
        let before = text.get(..number.start).unwrap_or_default();
        !(in_code(before) || denied(before) || SOURCE.is_match(before))
    };
    numbers(&without_addresses(text), separators)
        .into_iter()
        .filter(said)
        .collect()
}

/// The text with blanks instead of addresses, so that everything else stays in its place.
fn without_addresses(text: &str) -> String {
    let blank = |found: &regex::Captures| " ".repeat(found.get(0).map_or(0, |found| found.len()));
    ADDRESS.replace_all(text, blank).into_owned()
}

fn in_code(before: &str) -> bool {
    before
        .strip_suffix('-')
        .is_some_and(|rest| rest.ends_with(char::is_alphabetic))
}

fn denied(before: &str) -> bool {
    let from = before.len().saturating_sub(BEFORE);
    let from = (from..=before.len())
        .find(|at| before.is_char_boundary(*at))
        .unwrap_or_default();
    let near = before.get(from..).unwrap_or_default();
    DENIED.is_match(near)
}

/// Whether a number is in hundredths of a percent.
pub(super) fn in_basis_points(text: &str, number: &Number) -> bool {
    let after = text.get(number.end..).unwrap_or_default();
    BASIS_POINTS.is_match(after)
}

/// The counts up to twelve that a text has as words, as they are written.
pub(super) fn in_words(text: &str) -> Vec<(&str, f64)> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let count = |word| {
        let known = WORDS.iter().find(|(name, _)| name.eq_ignore_ascii_case(word));
        known.map(|(_, value)| (word, *value))
    };
    words.filter_map(count).collect()
}
