//! What of an event are texts that may go on in the next one.

use serde_json::Value;

/// Fields whose texts stand for themselves and never go on in the next event.
const FIXED: [&str; 14] = [
    "id",
    "object",
    "model",
    "type",
    "role",
    "finish_reason",
    "native_finish_reason",
    "stop_reason",
    "system_fingerprint",
    "service_tier",
    "provider",
    "status",
    "item_id",
    "call_id",
];

/// A text of an event.
pub(super) struct EventText {
    pub(super) at: EventPlace,
    pub(super) text: String,
}

/// Where a text stands in its event.
#[derive(Clone)]
pub(super) struct EventPlace {
    /// The names of the fields that lead to it: what the next event goes on with has the same.
    pub(super) place: String,
    /// The same with the places in lists, as a JSON pointer.
    pub(super) pointer: String,
}

/// Whether a line is the data of an event, or JSON that stands as it is, or too short to tell.
pub(super) fn may_be_data(line: &[u8]) -> bool {
    line.starts_with(b"data:") || line.starts_with(b"{") || b"data:".starts_with(line)
}

/// The JSON object that a line holds.
pub(super) fn event(line: &[u8]) -> Option<Value> {
    let mut json = line.trim_ascii();
    while let Some(inner) = json.strip_prefix(b"data:") {
        json = inner.trim_ascii_start();
    }
    serde_json::from_slice(json).ok().filter(Value::is_object)
}

/// Whether an event says that what was said so far is whole.
pub(super) fn is_ending(event: &Value) -> bool {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let ends = ["stop", "done", "completed", "incomplete"];
    let finish = event.pointer("/choices/0/finish_reason");
    ends.iter().any(|end| kind.ends_with(end)) || finish.is_some_and(|reason| !reason.is_null())
}

/// Adds the texts of a value to `texts`, where `at` leads to.
pub(super) fn collect(value: &Value, at: &mut EventPlace, texts: &mut Vec<EventText>) {
    let (place, pointer) = (at.place.len(), at.pointer.len());
    match value {
        Value::String(text) => texts.push(EventText {
            at: at.clone(),
            text: text.clone(),
        }),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                at.pointer.push('/');
                at.pointer.push_str(&number.to_string());
                collect(item, at, texts);
                at.pointer.truncate(pointer);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| !FIXED.contains(&key.as_str())) {
                at.place.push('/');
                at.place.push_str(key);
                at.pointer.push('/');
                for c in key.chars() {
                    match c {
                        '~' => at.pointer.push_str("~0"),
                        '/' => at.pointer.push_str("~1"),
                        c => at.pointer.push(c),
                    }
                }
                collect(field, at, texts);
                at.place.truncate(place);
                at.pointer.truncate(pointer);
            }
        }
        _ => {}
    }
}
