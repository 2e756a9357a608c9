//! The answer of a model that is driven by one JSON object per step, where the object is not written as its schema says: in a
//! fence, without `arguments`, or cut.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::plain::{compiled, unfenced};
use crate::model::lenient_json;

/// The beginning of such an object, up to the first letter of the answer.
const BEGINNING: &str = r#"(?s)\A\s*(?:```\w*\s*)?\{\s*"action"\s*:\s*"(\w+)"\s*,\s*(?:"arguments"\s*:\s*\{?\s*)?(?:"(?:text|answer|content)"\s*:\s*)?""#;
/// Under which keys the answer stands.
const KEYS: [&str; 4] = ["arguments", "text", "answer", "content"];

static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BEGINNING));

/// What such an object says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::model) enum AnswerObject {
    Whole(String),
    /// The object breaks off within the answer.
    Cut(String),
}

/// The answer that a text is an object of; `action` is what an object calls itself that holds one.
pub(in crate::model) fn answer_object(text: &str, action: &str) -> Option<AnswerObject> {
    if let Some(Value::Object(object)) = lenient_json::value(unfenced(text)) {
        let is_answer = object.get("action").and_then(Value::as_str) == Some(action);
        return is_answer
            .then(|| said(&object))
            .flatten()
            .map(AnswerObject::Whole);
    }
    let begun = BEGINNINGS.as_ref()?.captures(text)?;
    let (whole, named) = (begun.get(0)?, begun.get(1)?);
    let rest = text.get(whole.end()..)?;
    if named.as_str() != action {
        return None;
    }
    let end = closing_quote(rest);
    let text = unescaped(rest.get(..end.unwrap_or(rest.len()))?);
    Some(match end {
        Some(_) => AnswerObject::Whole(text),
        None => AnswerObject::Cut(text),
    })
}

fn said(object: &Map<String, Value>) -> Option<String> {
    KEYS.iter().find_map(|key| match object.get(*key)? {
        Value::String(text) => Some(text.clone()),
        Value::Object(inner) => said(inner),
        _ => None,
    })
}

/// Where the text that something begins with is closed.
fn closing_quote(written: &str) -> Option<usize> {
    let mut is_escaped = false;
    let closes = |(_, c): &(usize, char)| match c {
        _ if is_escaped => {
            is_escaped = false;
            false
        }
        '\\' => {
            is_escaped = true;
            false
        }
        c => *c == '"',
    };
    written.char_indices().find(closes).map(|(at, _)| at)
}

/// As much of a JSON text as has come. An escape may be cut in its middle: it has at most six characters, and two of them may be
/// one character.
fn unescaped(text: &str) -> String {
    const LONGEST_ESCAPE: usize = 12;
    let read = |text: &str| serde_json::from_str(&format!("\"{}\"", text.replace('\n', "\\n"))).ok();
    (0..=LONGEST_ESCAPE)
        .filter_map(|less| text.get(..text.len().checked_sub(less)?))
        .find_map(read)
        .unwrap_or_default()
}
