use serde_json::{Map, Value, json};

use super::delta::{Difference, first_difference};
use super::redact::{REDACTED, is_secret, redact};
use crate::wire::{Purpose, WireRequest, canonical};

/// Fields of a request that may differ from run to run without meaning anything: JSON pointers into the canonical
/// request. They do not count when requests are compared. Nothing is ever left out by what it looks like.
pub(super) const VOLATILE: &[&str] = &["/body/metadata/user_id", "/body/user"];

/// Parts of a completion's body that stay the same for a whole turn, beside the system message.
pub(super) const PREFIX: [&str; 4] = ["instructions", "response_format", "system", "tools"];

/// The request as it is compared and recorded: everything that decides what it means, with sorted keys and without
/// secrets. The host is not part of it: that stands in the tape's header.
pub(super) fn canonical(request: &WireRequest) -> Value {
    let mut whole = without_body(request);
    if let (Some(body), Some(fields)) = (&request.body, whole.as_object_mut()) {
        match canonical::json(body) {
            Some(json) => fields.insert("body".to_owned(), json),
            None => fields.insert("text".to_owned(), String::from_utf8_lossy(body).into()),
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
pub(super) fn without_volatile(request: &Value) -> Value {
    let mut counted = request.clone();
    for pointer in VOLATILE {
        let Some((above, name)) = pointer.rsplit_once('/') else {
            continue;
        };
        if let Some(fields) = counted.pointer_mut(above).and_then(Value::as_object_mut) {
            fields.remove(name);
        }
    }
    counted
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

/// What the model reads before the conversation: tools, system text, schema of the answer. A part of the body, in the
/// body's own form.
pub(super) fn prefix(body: &Value) -> Value {
    let mut prefix: Map<String, Value> = PREFIX
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), body.get(*name)?.clone())))
        .collect();
    if let Some(system) = messages(body).first().filter(|message| is_system(message)) {
        prefix.insert("messages".to_owned(), json!([system]));
    }
    prefix.into()
}

/// Whether two bodies, or a body and a prefix, begin the same.
pub(super) fn same_prefix(one: &Value, other: &Value) -> bool {
    fn system(body: &Value) -> Option<&Value> {
        messages(body).first().filter(|message| is_system(message))
    }
    PREFIX.iter().all(|name| one.get(*name) == other.get(*name)) && system(one) == system(other)
}

/// The first thing a person says: requests that share it belong to one conversation.
pub(super) fn opening(body: &Value) -> Option<&Value> {
    messages(body).iter().find(|message| !is_system(message))
}

fn messages(body: &Value) -> &[Value] {
    // The Responses API calls them input.
    ["messages", "input"]
        .iter()
        .find_map(|key| body.get(*key)?.as_array())
        .map_or(&[], Vec::as_slice)
}

fn is_system(message: &Value) -> bool {
    matches!(
        message.get("role").and_then(Value::as_str),
        Some("system" | "developer")
    )
}

/// The first place at which two requests differ that counts.
pub(super) fn difference<'a>(recorded: &'a Value, now: &'a Value) -> Difference<'a> {
    first_difference(recorded, now, VOLATILE).unwrap_or_default()
}
