use serde_json::{Value, json};

use super::delta::{Difference, first_difference};
use super::redact::{REDACTED, is_secret, redact};
use crate::wire::{Purpose, WireRequest, canonical};

/// Fields of a request that may differ from run to run without meaning anything: JSON pointers into the canonical
/// request. They do not count when requests are compared. Nothing is ever left out by what it looks like.
pub(super) const VOLATILE: &[&str] = &["/body/metadata/user_id", "/body/user"];

/// Parts of a completion's body that completions share, beside the system message: each text of them is written once.
pub(super) const PREFIX: [&str; 4] = ["instructions", FORM, "system", "tools"];

/// What an answer has to look like. It says what may be done in this step, and is no part of the prompt: the last completion of
/// a turn, which may call nothing, has another than those before it.
pub(super) const FORM: &str = "response_format";

/// The fields that hold the messages of a body. The Responses API calls them input.
pub(super) const MESSAGES: [&str; 2] = ["messages", "input"];

/// The request as it is compared and recorded: everything that decides what it means, with sorted keys and without
/// secrets. The host is not part of it: that stands in the tape's header.
pub(super) fn canonical(request: &WireRequest) -> Value {
    let mut whole = without_body(request);
    if let (Some(body), Some(fields)) = (&request.body, whole.as_object_mut()) {
        let body = body.bytes();
        match canonical::json(&body) {
            Some(json) => fields.insert("body".to_owned(), json),
            None => fields.insert("text".to_owned(), String::from_utf8_lossy(&body).into()),
        };
    }
    redact(&mut whole);
    whole
}

/// The same before its body is in it.
pub(super) fn without_body(request: &WireRequest) -> Value {
    let query: Vec<Value> = request
        .url
        .query_pairs()
        .map(|(name, value)| {
            let value = if is_secret(&name) { REDACTED } else { &*value };
            json!([name, value])
        })
        .collect();
    json!({
        "purpose": request.policy.purpose,
        "principal": request.policy.principal,
        "method": request.method.as_str(),
        "path": request.url.path(),
        "query": query,
    })
}

/// What tells two requests apart, hex. The same for requests that differ in volatile fields only.
pub(super) fn key(request: &Value) -> String {
    if VOLATILE.iter().all(|pointer| request.pointer(pointer).is_none()) {
        return hash(request);
    }
    hash(&without_volatile(request))
}

/// The request without the fields that do not count.
fn without_volatile(request: &Value) -> Value {
    let mut counted = request.clone();
    for pointer in VOLATILE {
        remove(&mut counted, pointer);
    }
    counted
}

/// Removes the field at this place.
pub(super) fn remove(value: &mut Value, pointer: &str) {
    if let Some((above, name)) = pointer.rsplit_once('/')
        && let Some(fields) = value.pointer_mut(above).and_then(Value::as_object_mut)
    {
        fields.remove(name);
    }
}

/// A short hash of a value, hex.
pub(super) fn hash(value: &Value) -> String {
    hash_of(&value.to_string())
}

/// The same of a value that is written already.
pub(super) fn hash_of(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes());
    hash.to_hex().chars().take(32).collect()
}

/// Method and path, for people.
pub(super) fn name(request: &Value) -> String {
    let part = |name| request.get(name).and_then(Value::as_str).unwrap_or("?");
    format!("{} {}", part("method"), part("path"))
}

/// Whether it is a completion: these are recorded as what each adds to the one before.
pub(super) fn is_completion(request: &Value) -> bool {
    request.get("purpose") == Some(&json!(Purpose::Completion)) && request.get("body").is_some()
}

/// Whether it is the message that a conversation begins with, of which the person said nothing.
pub(super) fn is_system(message: &Value) -> bool {
    matches!(
        message.get("role").and_then(Value::as_str),
        Some("system" | "developer")
    )
}

/// The first place at which two requests differ that counts.
pub(super) fn difference<'a>(recorded: &'a Value, now: &'a Value) -> Difference<'a> {
    first_difference(recorded, now, VOLATILE).unwrap_or_default()
}
