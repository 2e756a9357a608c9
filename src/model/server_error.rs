//! A server's error, in any of the forms in which servers tell one.
//!
//! An error comes as the body of a response with a failure status, or in the middle of a stream that had begun with 200.
//! Either way it is a JSON object with words somewhere in it, and gateways wrap the words of the server behind them.
//! [`ServerError::find`] says whether an object is one, [`message_of`] finds the innermost words.

use http::StatusCode;
use serde_json::{Map, Value};

/// Keys under which servers put the words, in order of preference.
const WORDS: [&str; 7] = [
    "message",
    "error_msg",
    "error_message",
    "detail",
    "msg",
    "reason",
    "raw",
];
/// Keys that an object without anything of a completion may have only when it is an error.
const TELLING: [&str; 7] = [
    "message",
    "detail",
    "code",
    "msg",
    "error_msg",
    "error_message",
    "errors",
];
/// How deep errors are looked for inside errors.
const DEPTH: usize = 6;
/// Text of a failed call that Groq gives back.
const FAILED_GENERATION: &str = "failed_generation";

/// An error that a server reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ServerError {
    /// The server's words, the innermost ones.
    pub(super) message: String,
    /// The HTTP status that its class stands for.
    pub(super) status: StatusCode,
    /// What the model wrote, when the server could not read it as a call.
    pub(super) failed_generation: Option<String>,
}

impl ServerError {
    /// The error that an object of a stream is, if it is one. `is_content` says whether the object holds anything
    /// of a completion; then only an `error` in it counts.
    pub(super) fn find(json: &Value, is_content: bool) -> Option<Self> {
        let object = json.as_object()?;
        let explicit = object.get("error").filter(|error| is_told(error));
        let is_typed = ["type", "object"]
            .iter()
            .any(|key| object.get(*key).and_then(Value::as_str) == Some("error"));
        let telling = || TELLING.iter().any(|key| object.get(*key).is_some_and(is_told));
        if explicit.is_none() && !is_typed && (is_content || !telling()) {
            return None;
        }
        let inner = explicit.unwrap_or(json);
        let code = code(inner).or_else(|| code(json));
        let mut message = message_of(json);
        if let Some(code) = text(inner, "code").filter(|code| !message.contains(*code)) {
            message = format!("{message} ({code})");
        }
        Some(Self {
            status: code.unwrap_or_else(|| class(inner, &message)),
            failed_generation: text(inner, FAILED_GENERATION).map(str::to_owned),
            message,
        })
    }
}

/// The innermost words of an error, or all of it when there are none.
pub(super) fn message_of(json: &Value) -> String {
    innermost(json, DEPTH).unwrap_or_else(|| json.to_string())
}

/// The same of a body that may not be JSON.
pub(super) fn message_of_body(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(json) => message_of(&json),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}

fn innermost(json: &Value, depth: usize) -> Option<String> {
    let depth = depth.checked_sub(1)?;
    match json {
        Value::String(text) => Some(unwrapped(text, depth)).filter(|text| !text.trim().is_empty()),
        Value::Array(items) => items.iter().find_map(|item| innermost(item, depth)),
        Value::Object(object) => of_object(object, depth),
        _ => None,
    }
}

fn of_object(object: &Map<String, Value>, depth: usize) -> Option<String> {
    let outer = ["error", "errors"]
        .iter()
        .chain(&WORDS)
        .find_map(|key| innermost(object.get(*key)?, depth));
    // What the server behind a gateway said.
    let behind = object
        .get("metadata")
        .and_then(|metadata| innermost(metadata.get("raw")?, depth));
    match (outer, behind) {
        (Some(outer), Some(behind)) if outer.contains(&behind) => Some(outer),
        (Some(outer), Some(behind)) => Some(format!("{outer}: {behind}")),
        (outer, behind) => outer.or(behind),
    }
}

/// Gateways put the JSON of the server behind them into a text, sometimes behind words of their own.
fn unwrapped(text: &str, depth: usize) -> String {
    let inner = text.find('{').and_then(|start| {
        let (before, json) = text.split_at_checked(start)?;
        let object = serde_json::Deserializer::from_str(json)
            .into_iter::<Map<String, Value>>()
            .next()?
            .ok()?;
        let words = of_object(&object, depth)?;
        let before = before.trim_end_matches(|c: char| c.is_whitespace() || "-:b'\"".contains(c));
        Some(if before.is_empty() {
            words
        } else {
            format!("{before}: {words}")
        })
    });
    inner.unwrap_or_else(|| text.to_owned())
}

/// Whether a value says anything: servers send `"error": null`, `false`, `""` and `{}` for none, and codes that mean
/// success.
fn is_told(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Bool(true) => true,
        Value::Number(number) => !matches!(number.as_u64(), Some(0 | 200)),
        Value::String(text) => !matches!(text.trim(), "" | "0" | "200" | "ok" | "success"),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
    }
}

fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// The HTTP status that an error names as its code.
fn code(json: &Value) -> Option<StatusCode> {
    ["status", "status_code", "http_status", "code"]
        .iter()
        .find_map(|key| {
            let number = match json.get(*key)? {
                Value::Number(number) => number.as_u64()?,
                Value::String(text) => text.parse().ok()?,
                _ => return None,
            };
            let status = u16::try_from(number).ok()?;
            (400..600)
                .contains(&status)
                .then(|| StatusCode::from_u16(status).ok())?
        })
}

/// The status that the words of an error stand for. What cannot be told is the server's own failure: a request that it
/// does not like is refused before a stream begins.
fn class(json: &Value, message: &str) -> StatusCode {
    let said = ["type", "code", "status"]
        .iter()
        .filter_map(|key| text(json, key));
    let said = said.chain([message]).collect::<Vec<_>>().join(" ").to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["insufficient_quota", "billing", "credit balance", "payment"]) {
        StatusCode::PAYMENT_REQUIRED
    } else if has(&["overloaded", "capacity", "unavailable", "try again", "busy"]) {
        StatusCode::SERVICE_UNAVAILABLE
    } else if has(&[
        "rate_limit",
        "rate limit",
        "ratelimit",
        "too many requests",
        "resource_exhausted",
    ]) {
        StatusCode::TOO_MANY_REQUESTS
    } else if has(&["authentication", "unauthorized", "invalid_api_key", "api key"]) {
        StatusCode::UNAUTHORIZED
    } else if has(&["permission", "forbidden"]) {
        StatusCode::FORBIDDEN
    } else if has(&["not_found", "does not exist"]) {
        StatusCode::NOT_FOUND
    } else if has(&[
        "invalid_request",
        "bad_request",
        "badrequest",
        "invalid_argument",
        "context",
        "tool_use_failed",
    ]) {
        StatusCode::BAD_REQUEST
    } else {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}
