use std::fmt;

use serde_json::{Value, json};

use crate::wire::{Exchange, TapeFile, first_difference, shown};

/// Where two recorded turns part.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Parting {
    /// In what: `header`, `exchange 3 request`, `exchange 3 response`, `end`.
    pub place: String,
    /// JSON pointer into it.
    pub pointer: String,
    /// What the first tape has there, shortened around the difference.
    pub left: String,
    /// What the second has.
    pub right: String,
}

impl fmt::Display for Parting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}\n  - {}\n  + {}",
            self.place, self.pointer, self.left, self.right
        )
    }
}

/// What two tapes were recorded under that differs, and the first place in what happened at which they part: `None`
/// when the same requests got the same responses and came to the same end.
pub fn compare(left: &TapeFile, right: &TapeFile) -> (Vec<Parting>, Option<Parting>) {
    let (under_left, under_right) = (conditions(left), conditions(right));
    let names = under_left.as_object().into_iter().flatten().map(|(name, _)| name);
    let conditions = names
        .filter_map(|name| parting("header", name, under_left.get(name)?, under_right.get(name)?))
        .collect();
    (conditions, parted(left, right))
}

fn parted(left: &TapeFile, right: &TapeFile) -> Option<Parting> {
    let most = left.exchanges.len().max(right.exchanges.len());
    let apart =
        (0..most).find_map(
            |number| match (left.exchanges.get(number), right.exchanges.get(number)) {
                (Some(a), Some(b)) => {
                    let place = format!("exchange {number}");
                    parting(&format!("{place} request"), "", &a.request, &b.request)
                        .or_else(|| parting(&format!("{place} response"), "", &response(a), &response(b)))
                }
                (a, b) => Some(Parting {
                    place: format!("exchange {number}"),
                    pointer: String::new(),
                    left: a.map_or_else(|| "nothing more".to_owned(), Exchange::name),
                    right: b.map_or_else(|| "nothing more".to_owned(), Exchange::name),
                }),
            },
        );
    apart.or_else(|| parting("end", "", &json!(left.end), &json!(right.end)))
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

/// A response as it means something: JSON as such, streams as text; how it was cut into pieces does not count.
fn response(exchange: &Exchange) -> Value {
    let body = exchange.chunks.concat();
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&body).into_owned()));
    let status = exchange.response.as_ref().map(|head| head.status);
    json!({ "status": status, "body": body, "end": exchange.end })
}

fn parting(place: &str, under: &str, left: &Value, right: &Value) -> Option<Parting> {
    let (pointer, old, new) = first_difference(left, right, &[])?;
    let (left, right) = shown(old, new);
    Some(Parting {
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
