//! A piece of a call, read leniently. A call in a form that nobody knows is none the less one: under the name that can be read of
//! it, so that it is refused and the model is told, and not lost beside a text.

use serde_json::{Map, Value};

use super::chunk::{text, unknown};
use crate::model::count::first_count;
use crate::model::lenient_json;
use crate::model::server_error::is_told;

/// Fields of a call that are read, or that say nothing to send back.
const KNOWN_OF_CALL: [&str; 6] = ["index", "id", "type", "name", "function", "custom"];
/// The same of the function that a call names.
const KNOWN_OF_FUNCTION: [&str; 5] = ["name", "arguments", "parameters", "input", "args"];
/// What servers write in the place of calls where there are none.
const NO_CALLS: [&str; 5] = ["", "null", "None", "none", "auto"];

/// A part of a tool call.
#[derive(Debug, Default)]
pub(super) struct CallPiece {
    pub(super) index: Option<u64>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
    /// Fields of the call that are not known here.
    pub(super) others: Map<String, Value>,
    /// Fields of its function that are not known here.
    pub(super) function_others: Map<String, Value>,
}

/// Under which names servers list calls.
pub(super) const LISTED: [&str; 7] = [
    "tool_calls",
    "toolCalls",
    "function_calls",
    "functionCalls",
    "tool_call",
    "functionCall",
    "tool_use",
];

/// The calls of a message, or of a choice.
pub(super) fn calls_in(message: &Value) -> Vec<CallPiece> {
    let written: Value;
    let mut listed = LISTED.iter().filter_map(|key| message.get(*key));
    let listed = match listed.find(|listed| is_told(listed)) {
        // The list, written into a text.
        Some(Value::String(text)) => {
            written = lenient_json::value(text).unwrap_or_else(|| text.as_str().into());
            &written
        }
        Some(listed) => listed,
        None => &Value::Null,
    };
    let mut calls: Vec<CallPiece> = match listed {
        Value::Array(calls) => calls.iter().filter_map(CallPiece::of).collect(),
        // A list that some languages write as an object, or one call.
        Value::Object(numbered) if numbered.keys().all(|key| key.parse::<u64>().is_ok()) => {
            numbered.values().filter_map(CallPiece::of).collect()
        }
        one => CallPiece::of(one).into_iter().collect(),
    };
    // What calls were before there could be several; some servers say both.
    if calls.is_empty()
        && let Some(function) = message.get("function_call")
    {
        calls.extend(CallPiece::of(function));
    }
    // A part of the content, as other protocols have it.
    let parts = message.get("content").and_then(Value::as_array);
    let called = parts.into_iter().flatten().filter(|part| is_call(part));
    calls.extend(called.filter_map(CallPiece::of));
    calls
}

/// Whether a part of a content is a call.
fn is_call(part: &Value) -> bool {
    let kind = text(part, "type").unwrap_or_default();
    [
        "tool_use",
        "tool_call",
        "function_call",
        "function",
        "functionCall",
    ]
    .contains(&kind)
}

impl CallPiece {
    /// The piece that an item of a list of calls is.
    fn of(item: &Value) -> Option<Self> {
        let piece = match item {
            Value::Null | Value::Bool(false) => return None,
            Value::Object(_) => Self::read(item),
            Value::String(name) if NO_CALLS.contains(&name.trim()) => return None,
            Value::String(name) => Self::named(name.clone(), None),
            // Its name, and what it is called with.
            Value::Array(pair) => match pair.as_slice() {
                [] => return None,
                [Value::String(name), rest @ ..] => Self::named(name.clone(), rest.first()),
                _ => Self::named(item.to_string(), None),
            },
            other => Self::named(other.to_string(), None),
        };
        Some(piece).filter(|piece| !piece.is_empty())
    }

    fn named(name: String, arguments: Option<&Value>) -> Self {
        Self {
            name,
            arguments: arguments.map(Value::to_string).unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether it says nothing: servers send such pieces beside text.
    fn is_empty(&self) -> bool {
        self.id.is_empty()
            && self.name.is_empty()
            && self.arguments.is_empty()
            && self.others.is_empty()
            && self.function_others.is_empty()
    }

    fn read(piece: &Value) -> Self {
        let index = first_count(piece, &["/index"]);
        let id = text(piece, "id").unwrap_or_default().to_owned();
        // A tool that takes any text is called by another name.
        let functions = ["function", "custom"].iter().filter_map(|key| piece.get(*key));
        let Some(function) = functions.into_iter().find(|function| function.is_object()) else {
            // Some servers put what the function is beside the number.
            return Self {
                index,
                id,
                name: text(piece, "name")
                    .or_else(|| text(piece, "function"))
                    .unwrap_or_default()
                    .to_owned(),
                arguments: arguments(piece),
                others: unknown(piece, &[&KNOWN_OF_CALL[..], &KNOWN_OF_FUNCTION[..]].concat()),
                function_others: Map::new(),
            };
        };
        Self {
            index,
            id,
            name: text(function, "name")
                .or_else(|| text(piece, "name"))
                .unwrap_or_default()
                .to_owned(),
            arguments: arguments(function),
            others: unknown(piece, &KNOWN_OF_CALL),
            function_others: unknown(function, &KNOWN_OF_FUNCTION),
        }
    }
}

/// The bytes of a function's arguments: text as it is, an object written out.
fn arguments(function: &Value) -> String {
    let fields = ["arguments", "parameters", "input", "args"];
    match fields.iter().find_map(|key| function.get(*key)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}
