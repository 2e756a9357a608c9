//! What of an event are texts that may go on in the next one.

use std::ops::Range;

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

/// Whether a line that has not ended may hold an event. What is none is passed on as it comes.
pub(super) fn may_hold_event(line: &[u8]) -> bool {
    /// Most bytes before an event: the name of its field, or what a proxy left there.
    const MOST_BEFORE: usize = 64;
    !line.starts_with(b":")
        && (line.len() < MOST_BEFORE || line.iter().take(MOST_BEFORE).any(|byte| *byte == b'{'))
}

/// The first JSON object that a line holds, and where it stands. Readers of streams take it for an event whatever stands before it.
pub(super) fn event(line: &[u8]) -> Option<(Value, Range<usize>)> {
    let start = line.iter().position(|byte| *byte == b'{')?;
    let mut values = serde_json::Deserializer::from_slice(line.get(start..)?).into_iter();
    let event: Value = values.next()?.ok()?;
    let end = start.saturating_add(values.byte_offset());
    event.is_object().then_some((event, start..end))
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
