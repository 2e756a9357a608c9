//! Names in texts.

use regex::Regex;
use serde_json::Value;

use super::cell::{self, Key};

/// A name as it is looked for.
pub(super) fn name(value: &Value) -> String {
    match cell::text(value) {
        Key::Text(text) => text,
        _ => "(none)".to_owned(),
    }
}

/// The first place where a text names something as a whole word, in any case.
pub(super) fn find(text: &str, name: &str) -> Option<usize> {
    all(text, name).into_iter().next()
}

/// All places where a text names something as a whole word, in any case.
pub(super) fn all(text: &str, name: &str) -> Vec<usize> {
    let name = name.trim();
    let pattern = Regex::new(&format!("(?i){}", regex::escape(name)));
    let Some(pattern) = pattern.ok().filter(|_| !name.is_empty()) else {
        return Vec::new();
    };
    let outer = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    let whole = |at: &usize| {
        let before = text.get(..*at).unwrap_or_default().chars().next_back();
        let after = text.get(at + name.len()..).unwrap_or_default().chars().next();
        outer(before) && outer(after)
    };
    pattern
        .find_iter(text)
        .map(|found| found.start())
        .filter(whole)
        .collect()
}
