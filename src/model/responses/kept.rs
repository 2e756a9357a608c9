//! How the items of a response go back with the next request: as they came, but for what the API does not take back.
//!
//! It takes no field that is null, and no `status` of reasoning. Reasoning that nobody can read any more (no sealed form, no
//! content) names what a server that stores nothing does not find, and so do the ids of what came after it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::body::call_id;
use super::event::text;
use crate::model::adjust::RequestPart;
use crate::model::{ToolCall, replay};

/// The fields of items that the API knows.
const KNOWN_FIELDS: [&str; 11] = [
    "type",
    "id",
    "call_id",
    "name",
    "arguments",
    "role",
    "content",
    "status",
    "summary",
    "encrypted_content",
    "output",
];

/// Whether the API knows a field of an item, and not only the server that sent it.
pub(super) fn is_known_field(key: &str) -> bool {
    KNOWN_FIELDS.contains(&key)
}

/// The items to send back. `calls` are those among them, as they were understood; a server may want them without `status`, or
/// without its own fields.
pub(super) fn kept_items(kept: &[Value], calls: &[ToolCall], left_out: &BTreeSet<RequestPart>) -> Vec<Value> {
    let sends = |part: RequestPart| !left_out.contains(&part);
    let mut items = Vec::new();
    let mut lost_reasoning = false;
    for item in kept {
        let mut item = item.clone();
        let Some(fields) = item.as_object_mut() else {
            continue;
        };
        let all = sends(RequestPart::KeptFields);
        fields.retain(|key, value| !value.is_null() && (all || is_known_field(key)));
        if !sends(RequestPart::Include) {
            fields.remove("encrypted_content");
        }
        let is_reasoning = fields.get("type").is_some_and(|kind| kind == "reasoning");
        if !sends(RequestPart::KeptReasoning) {
            fields.remove("id");
            if is_reasoning {
                continue;
            }
        }
        if is_reasoning || !sends(RequestPart::ItemStatus) {
            fields.remove("status");
        }
        if !sends(RequestPart::ItemIds) {
            fields.remove("id");
        }
        if !sends(RequestPart::ItemTypes) && fields.contains_key("role") {
            fields.remove("type");
        }
        if let Some(Value::String(id)) = fields.get_mut("call_id") {
            let sent = call_id(id, left_out).into_owned();
            *id = sent;
        }
        let is_said = |key: &str| {
            let value = fields.get(key);
            value.is_some_and(|value| value.as_array().is_none_or(|parts| !parts.is_empty()))
        };
        if is_reasoning && !is_said("encrypted_content") && !is_said("content") {
            lost_reasoning = true;
            continue;
        }
        if lost_reasoning {
            fields.remove("id");
        }
        let call = calls
            .iter()
            .find(|call| call_id(&call.id, left_out) == text(&item, "call_id"));
        if let Some(call) = call.filter(|_| text(&item, "type") == "function_call") {
            replay::set(&mut item, "name", json!(replay::identifier(&call.name)));
            replay::set(&mut item, "arguments", json!(replay::arguments(call)));
        }
        items.push(item);
    }
    items
}
