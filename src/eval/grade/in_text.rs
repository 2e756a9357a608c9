//! The figures of a text that may be its answer, and the words that bear on them.

use std::sync::LazyLock;

use regex::Regex;

use super::denial;
use crate::grounding::{Kind, Number, Separators, Sign, numbers};
use crate::text::built_in_pattern;

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

/// Values that may be years.
pub(super) const YEARS: std::ops::RangeInclusive<f64> = 1900.0..=2100.0;

static WORD: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"\w+"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"https?://[^\s)\]>]+|\]\([^)\s]*\)"));
/// What stands before the id of an entry of the catalog.
static SOURCE: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)\b(metric|card|table|question|dashboard)\s+#?$"));
static BASIS_POINTS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)^\s*(bps?|basis points?)\b"));

/// The numbers of a text but for those in addresses, in codes such as `REV-707`, those that are ids of entries, and those that are denied: "not 42".
pub(super) fn figures(text: &str, separators: Separators) -> Vec<Number> {
    let said = |number: &Number| {
        let before = text.get(..number.start).unwrap_or_default();
        !(in_code(before) || denial::of_figure(text, number) || SOURCE.is_match(before))
    };
    let mut found = numbers(&without_addresses(text), separators);
    // The words that make a number a year are known in English only.
    let is_year = |number: &Number| {
        let written = text.get(number.start..number.end).unwrap_or_default();
        let plain = written.len() == 4 && written.bytes().all(|byte| byte.is_ascii_digit());
        separators != Separators::English && plain && YEARS.contains(&number.value)
    };
    for number in found.iter_mut().filter(|number| is_year(number)) {
        number.kind = Kind::Year;
    }
    found.retain(said);
    found
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

/// Whether a number is in hundredths of a percent.
pub(super) fn in_basis_points(text: &str, number: &Number) -> bool {
    let after = text.get(number.end..).unwrap_or_default();
    BASIS_POINTS.is_match(after)
}

/// The counts up to twelve that a text has as words and does not deny.
pub(super) fn in_words(text: &str) -> Vec<Number> {
    let count = |found: regex::Match<'_>| {
        let known = WORDS
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(found.as_str()));
        known.map(|(_, value)| Number {
            start: found.start(),
            end: found.end(),
            value: *value,
            last_place: 1.0,
            digits: 1,
            sign: Sign::Positive,
            percent: false,
            currency: None,
            kind: Kind::Quantity,
        })
    };
    WORD.find_iter(text)
        .filter_map(count)
        .filter(|number| !denial::of_figure(text, number))
        .collect()
}
