//! One form for requests that mean the same.

use std::borrow::Cow;

use serde_json::Value;

use super::{RequestBody, WireRequest};

/// The body as JSON with sorted keys, when that loses nothing.
pub(super) fn json(body: &[u8]) -> Option<Value> {
    let value = serde_json::from_slice(body).ok()?;
    is_exact(&value).then_some(value)
}

/// Integers beyond 64 bits are read as floating point, where two different ones can become equal.
pub(super) fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64() || number.as_f64().is_some_and(|n| n.abs() < 1e15),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(fields) => fields.values().all(is_exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// What tells two requests apart: who asks, method, whole address and canonical body.
pub(super) fn key(request: &WireRequest) -> [u8; 32] {
    let sent = request.body.as_ref().map(RequestBody::bytes).unwrap_or_default();
    let body: Cow<'_, [u8]> = match json(&sent).map(|value| serde_json::to_vec(&value)) {
        Some(Ok(sorted)) => sorted.into(),
        Some(Err(_)) | None => (&*sent).into(),
    };
    let mut hasher = blake3::Hasher::new();
    for part in [
        request.policy.principal.0.as_bytes(),
        request.method.as_str().as_bytes(),
        request.url.as_str().as_bytes(),
        &body,
    ] {
        hasher.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes());
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}
