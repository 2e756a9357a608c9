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
    let name = name.trim();
    if name.is_empty() {
        return None;
    }
    let pattern = Regex::new(&format!("(?i){}", regex::escape(name))).ok()?;
    let outer = |c: Option<char>| !c.is_some_and(char::is_alphanumeric);
    pattern
        .find_iter(text)
        .map(|found| found.range())
        .find_map(|place| {
            let before = text.get(..place.start)?.chars().next_back();
            let after = text.get(place.end..)?.chars().next();
            (outer(before) && outer(after)).then_some(place.start)
        })
}
