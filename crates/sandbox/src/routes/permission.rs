//! Whether a query that came in from outside reads only what its sender may read.

use axum::http::StatusCode;
use serde_json::{Map, Value};

use crate::error::ApiError;
use crate::semantic::{Access, SemanticModel};

/// 400 for a query with SQL of its own anywhere in it.
pub(super) fn refuse_native(query: &Value) -> Result<(), ApiError> {
    if !has_native(query) {
        return Ok(());
    }
    Err(ApiError::Exception {
        status: StatusCode::BAD_REQUEST,
        message: "Native queries are not supported here; use execute_sql instead.".to_owned(),
        data: Map::from_iter([("agent-error?".to_owned(), Value::Bool(true))]),
    })
}

fn has_native(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(key, value)| {
            let marked = match key.as_str() {
                "native" => true,
                "type" => value == "native",
                "lib/type" => value == "mbql.stage/native",
                _ => false,
            };
            marked || has_native(value)
        }),
        Value::Array(items) => items.iter().any(has_native),
        _ => false,
    }
}

/// Whether every table, card and column that a query names is the caller's to read. What does not exist is left to the
/// query processor to complain about.
pub(super) fn may_read(model: &SemanticModel, access: &Access, query: &Value) -> bool {
    match query {
        Value::Object(members) => members.iter().all(|(key, value)| {
            let allowed = match (key.as_str(), value.as_i64()) {
                ("source-table", Some(id)) => model
                    .table(id)
                    .is_none_or(|table| access.tables.contains(&table.id)),
                ("source-card", Some(id)) => readable_card(model, access, id),
                ("source-field", Some(id)) => readable_field(model, access, id),
                _ => true,
            };
            allowed && may_read(model, access, value)
        }),
        Value::Array(items) => {
            let target = items.get(2).and_then(Value::as_i64);
            let allowed = match (items.first().and_then(Value::as_str), target) {
                (Some("field"), Some(id)) => readable_field(model, access, id),
                (Some("metric"), Some(id)) => readable_card(model, access, id),
                _ => true,
            };
            allowed && items.iter().all(|item| may_read(model, access, item))
        }
        _ => true,
    }
}

fn readable_field(model: &SemanticModel, access: &Access, id: i64) -> bool {
    model
        .field(id)
        .is_none_or(|(table, _)| access.tables.contains(&table.id))
}

fn readable_card(model: &SemanticModel, access: &Access, id: i64) -> bool {
    model
        .card(id)
        .is_none_or(|card| access.collections.contains(&card.collection_id))
}
