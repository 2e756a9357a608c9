//! Names in texts.

use std::ops::Range;
use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;
use regex::Regex;
use serde_json::Value;

use super::cell::{self, CellKey};
use crate::text::built_in_pattern;

/// A long dash between two words without blanks: "Harwich–Esbjerg".
static DASH_IN_NAME: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"([^\W\d_])[–—]([^\W\d_])"));

/// A name as it is shown.
pub(super) fn name(value: &Value) -> String {
    match cell::text(value) {
        CellKey::Text(text) => text,
        _ => "(none)".to_owned(),
    }
}

/// A text in which the same name is written in one way: letters with accents as one character, plain quotes and hyphens,
/// single spaces. Lines are kept.
pub(super) fn folded(text: &str) -> String {
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
    let lines = composed.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ")
    });
    let lines: Vec<String> = lines.collect();
    let text = lines
        .join("\n")
        .replace(['‘', '’'], "'")
        .replace(['“', '”'], "\"")
        .replace(['\u{2010}', '\u{2011}'], "-");
    DASH_IN_NAME.replace_all(&text, "$1-$2").into_owned()
}

/// A name as it is compared with others: written in one way, in any case.
pub(super) fn same_as(name: &str) -> String {
    folded(name).to_lowercase()
}

/// The places of each name in a text, as a whole word, in any case. A name inside a longer one of them is not that name:
/// `New York` does not name York. Text and names are folded.
pub(super) fn each(text: &str, names: &[String]) -> Vec<Vec<Range<usize>>> {
    let all: Vec<Vec<Range<usize>>> = names.iter().map(|name| places(text, name)).collect();
    let inside = |place: &Range<usize>| {
        all.iter()
            .flatten()
            .any(|other| other.start <= place.start && place.end <= other.end && other.len() > place.len())
    };
    all.iter()
        .map(|places| places.iter().filter(|place| !inside(place)).cloned().collect())
        .collect()
}

fn places(text: &str, name: &str) -> Vec<Range<usize>> {
    if name.is_empty() {
        return Vec::new();
    }
    let outer = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let whole = |place: &Range<usize>| {
        let before = text.get(..place.start).unwrap_or_default().chars().next_back();
        let after = text.get(place.end..).unwrap_or_default().chars().next();
        outer(before) && outer(after)
    };
    let found: Vec<Range<usize>> = match Regex::new(&format!("(?i){}", regex::escape(name))) {
        Ok(pattern) => pattern.find_iter(text).map(|found| found.range()).collect(),
        // A name too long for a pattern counts where it stands as it is.
        Err(_) => text
            .match_indices(name)
            .map(|(at, found)| at..at + found.len())
            .collect(),
    };
    found.into_iter().filter(whole).collect()
}
