//! Where the choices of a chunk stand.
//!
//! The protocol has a list of them under `choices`. Gateways send an object there, or leave the list out around the only one; and
//! some pass on the `candidates` of Google's API as they came from the server behind them.

use std::borrow::Cow;

use serde_json::{Value, json};

/// The choices of one object of the stream.
pub(super) fn of(json: &Value) -> Cow<'_, [Value]> {
    match json.get("choices") {
        Some(Value::Array(choices)) => Cow::Borrowed(choices),
        Some(Value::Object(numbered)) if numbered.keys().all(|key| key.parse::<u64>().is_ok()) => {
            Cow::Owned(numbered.values().cloned().collect())
        }
        Some(only @ Value::Object(_)) => Cow::Borrowed(std::slice::from_ref(only)),
        Some(_) => Cow::Borrowed(&[]),
        None if is_plain(json) => Cow::Owned(vec![of_plain(json)]),
        None if is_bare(json) => Cow::Borrowed(std::slice::from_ref(json)),
        None => {
            let candidates = json.get("candidates").and_then(Value::as_array);
            Cow::Owned(candidates.into_iter().flatten().map(of_candidate).collect())
        }
    }
}

/// Whether an object is a choice without a chunk around it: what is new, or why it ended, and no type, which events of other
/// protocols have.
pub(super) fn is_bare(json: &Value) -> bool {
    let has = |key: &str| json.get(key).is_some_and(|value| !value.is_null());
    let is_new = json.get("delta").is_some_and(is_message);
    (is_new || has("finish_reason")) && !has("choices") && !has("type")
}

/// Whether an object is a piece as Cloudflare's and Ollama's own APIs send it: its text, or its calls, under a name of their own.
pub(super) fn is_plain(json: &Value) -> bool {
    let has = |key: &str| json.get(key).is_some_and(|value| !value.is_null());
    let text = json.get("response").and_then(Value::as_str);
    let calls = json.get("tool_calls").and_then(Value::as_array);
    let says = text.is_some_and(|text| !text.is_empty() || has("done_reason"))
        || (json.get("response").is_some() && calls.is_some_and(|calls| !calls.is_empty()));
    says && ![
        "choices",
        "candidates",
        "delta",
        "error",
        "finish_reason",
        "object",
        "type",
    ]
    .iter()
    .any(|key| has(key))
}

fn of_plain(json: &Value) -> Value {
    let field = |key: &str| json.get(key).cloned().unwrap_or_default();
    json!({
        "delta": {"content": field("response"), "tool_calls": field("tool_calls")},
        "done_reason": field("done_reason"),
    })
}

/// Whether the choices of an object have the form that the protocol gives them, however little they say.
pub(super) fn are_usual(json: &Value) -> bool {
    match json.get("choices") {
        Some(Value::Null) => true,
        Some(Value::Array(choices)) => choices.iter().all(Value::is_object),
        _ => false,
    }
}

/// Whether a value can be a message or what is new in one: an object, or its text.
pub(super) fn is_message(value: &Value) -> bool {
    match value {
        Value::Object(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Array(parts) => !parts.is_empty(),
        _ => false,
    }
}

/// An answer in the form of Google's API, as a choice.
fn of_candidate(candidate: &Value) -> Value {
    let field = |key: &str| candidate.get(key).cloned().unwrap_or_default();
    let parts = candidate
        .pointer("/content/parts")
        .cloned()
        .unwrap_or_else(|| field("content"));
    let called = parts.as_array().into_iter().flatten();
    let called = called.filter_map(|part| part.get("functionCall"));
    let calls: Vec<Value> = called
        .map(|call| {
            let name = call.get("name").cloned().unwrap_or_default();
            let arguments = call.get("args").map(Value::to_string);
            json!({"function": {"name": name, "arguments": arguments}})
        })
        .collect();
    json!({
        "index": field("index"),
        "delta": {"content": parts, "tool_calls": calls},
        "finish_reason": field("finishReason"),
    })
}
