use std::fmt;

use serde_json::{Value, json};

use crate::wire::{Exchange, TapeFile, first_difference, shown};

/// Where two recorded turns part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FirstDifference {
    /// In what: `header`, `exchange 3 request`, `exchange 3 response`, `end`.
    pub place: String,
    /// JSON pointer into it.
    pub pointer: String,
    /// What the first tape has there, shortened around the difference.
    pub left: String,
    pub right: String,
}

impl fmt::Display for FirstDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}\n  - {}\n  + {}",
            self.place, self.pointer, self.left, self.right
        )
    }
}

/// Fields of a response that are another each time and mean nothing: of a result, and of a completion or one event of it.
const OF_A_RESULT: [&str; 3] = ["started_at", "running_time", "average_execution_time"];
const OF_A_COMPLETION: [&str; 3] = ["id", "created", "system_fingerprint"];
/// Where a message names a call whose result it is.
const CALL_IDS: [&str; 2] = ["tool_call_id", "tool_use_id"];

/// What two tapes were recorded under that differs, and the first place in what happened at which they part: `None`
/// when the same requests got the same responses and came to the same end. What differs between any two recordings (times,
/// the names that models give to their calls) does not count.
pub fn compare(left: &TapeFile, right: &TapeFile) -> (Vec<FirstDifference>, Option<FirstDifference>) {
    let (under_left, under_right) = (conditions(left), conditions(right));
    let names = under_left.as_object().into_iter().flatten().map(|(name, _)| name);
    let conditions = names
        .filter_map(|name| parting("header", name, under_left.get(name)?, under_right.get(name)?))
        .collect();
    (conditions, parted(left, right))
}

fn parted(left: &TapeFile, right: &TapeFile) -> Option<FirstDifference> {
    let most = left.exchanges.len().max(right.exchanges.len());
    let apart =
        (0..most).find_map(
            |number| match (left.exchanges.get(number), right.exchanges.get(number)) {
                (Some(a), Some(b)) => {
                    let place = format!("exchange {number}");
                    parting(&format!("{place} request"), "", &request(a), &request(b))
                        .or_else(|| parting(&format!("{place} response"), "", &response(a), &response(b)))
                }
                (a, b) => Some(FirstDifference {
                    place: format!("exchange {number}"),
                    pointer: String::new(),
                    left: a.map_or_else(|| "nothing more".to_owned(), Exchange::name),
                    right: b.map_or_else(|| "nothing more".to_owned(), Exchange::name),
                }),
            },
        );
    apart.or_else(|| parting("end", "", &end(left), &end(right)))
}

/// What a turn came to. Its hash counts bytes as they came, and where its time ran out is the clock's: what either means
/// is in the exchanges.
fn end(tape: &TapeFile) -> Value {
    let mut end = json!(tape.end);
    forget(&mut end, &["answer", "late"]);
    end
}

/// The header without what differs between any two recordings.
fn conditions(tape: &TapeFile) -> Value {
    let mut header = json!(tape.header);
    if let Some(fields) = header.as_object_mut() {
        for name in ["started_at", "previous", "conversation"] {
            fields.remove(name);
        }
    }
    header
}

fn request(exchange: &Exchange) -> Value {
    let mut request = exchange.request.clone();
    if exchange.is_completion() {
        forget_call_ids(&mut request);
    }
    request
}

/// A response as it means something: JSON as such, streams as their events; how it was cut into pieces does not count.
fn response(exchange: &Exchange) -> Value {
    let body = exchange.chunks.concat();
    let mut body = serde_json::from_slice(&body).unwrap_or_else(|_| events(&String::from_utf8_lossy(&body)));
    if exchange.is_completion() {
        forget(&mut body, &OF_A_COMPLETION);
        if let Some(message) = body.get_mut("message") {
            forget(message, &OF_A_COMPLETION);
        }
        for event in body.as_array_mut().into_iter().flatten() {
            forget(event, &OF_A_COMPLETION);
            if let Some(message) = event.get_mut("message") {
                forget(message, &OF_A_COMPLETION);
            }
        }
        forget_call_ids(&mut body);
    } else {
        forget(&mut body, &OF_A_RESULT);
    }
    let status = exchange.response.as_ref().map(|head| head.status);
    json!({ "status": status, "body": body, "end": exchange.end })
}

/// The events of a stream, each as JSON where it is. Text that is no stream is one of them.
fn events(text: &str) -> Value {
    let lines = text.lines().filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let data = line.strip_prefix("data:").map(str::trim_start);
            data.and_then(|data| serde_json::from_str(data).ok())
                .unwrap_or_else(|| Value::from(line))
        })
        .collect()
}

fn forget(value: &mut Value, names: &[&str]) {
    for name in names {
        if let Some(fields) = value.as_object_mut() {
            fields.remove(*name);
        }
    }
}

/// Takes out what names a call: of the call itself, and of its result.
fn forget_call_ids(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(forget_call_ids),
        Value::Object(fields) => {
            let kind = fields.get("type").and_then(Value::as_str);
            if matches!(kind, Some("function" | "tool_use")) {
                fields.remove("id");
            }
            for name in CALL_IDS {
                fields.remove(name);
            }
            fields.values_mut().for_each(forget_call_ids);
        }
        _ => {}
    }
}

fn parting(place: &str, under: &str, left: &Value, right: &Value) -> Option<FirstDifference> {
    let (pointer, old, new) = first_difference(left, right, &[])?;
    let (left, right) = shown(old, new);
    Some(FirstDifference {
        place: place.to_owned(),
        pointer: if under.is_empty() {
            pointer
        } else {
            format!("/{under}{pointer}")
        },
        left,
        right,
    })
}
