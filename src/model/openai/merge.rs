//! Puts together the fields of a message that this program does not know, from the pieces in which they are streamed: texts
//! and lists grow, other values are replaced. A part of a list that says which part it goes on with (`index`, and the
//! same `type`) grows in place, as the parts of `reasoning_details` do.

use serde_json::{Map, Value};

/// What identifies a part and does not grow.
const FIXED: [&str; 4] = ["index", "type", "id", "format"];

/// Adds the fields of one piece to those that came before.
pub(super) fn merge(whole: &mut Map<String, Value>, piece: Map<String, Value>) {
    for (key, value) in piece {
        match (whole.get_mut(&key), value) {
            // What is said again with every piece is one text.
            (Some(Value::String(text)), Value::String(more)) if *text != more || grows(&key) => {
                text.push_str(&more);
            }
            (Some(Value::Array(parts)), Value::Array(more)) => {
                for part in more {
                    merge_part(parts, part);
                }
            }
            (Some(Value::Object(object)), Value::Object(more)) => merge(object, more),
            (_, value) => {
                whole.insert(key, value);
            }
        }
    }
}

/// Whether a text is streamed: it may begin with the same piece twice.
fn grows(key: &str) -> bool {
    ["reasoning", "text", "summary", "thinking"]
        .iter()
        .any(|word| key.contains(word))
}

/// Adds a part to those that came before, or to the last of them where it goes on with that.
pub(super) fn merge_part(parts: &mut Vec<Value>, part: Value) {
    let goes_on = |last: &Value| {
        let same = |key: &str| last.get(key) == part.get(key);
        let of_text = part
            .get("text")
            .or_else(|| part.get("summary"))
            .is_some_and(Value::is_string);
        let same_id = part.get("id").is_none_or(Value::is_null) || same("id");
        // Thoughts are streamed in parts without a number; a signature ends one.
        let of_thought = part.get("type").is_some()
            && part.get("thinking").is_some()
            && last.get("thinking").is_some()
            && last.get("signature").is_none_or(Value::is_null);
        let is_plain = |part: &Value| part.get("type").is_some_and(|kind| kind == "text");
        // A signature comes behind the text that it seals.
        let is_unset = |key: &str| last.get(key).is_none_or(Value::is_null);
        let seals = part.get("signature").is_some_and(Value::is_string) && is_unset("signature");
        let is_numbered = part.get("index").is_some();
        let goes_on = is_numbered && (of_text || seals) || of_thought || is_plain(&part) && of_text;
        goes_on && same("index") && same("type") && same_id
    };
    match (parts.last_mut().filter(|last| goes_on(last)), part) {
        (Some(Value::Object(last)), Value::Object(part)) => {
            let grows = part
                .into_iter()
                .filter(|(key, value)| !FIXED.contains(&key.as_str()) && !value.is_null());
            merge(last, grows.collect());
        }
        (_, part) => parts.push(part),
    }
}
