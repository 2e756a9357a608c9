//! Queries with ids, as `construct-query` gives them out in base64 and the other routes take them.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use crate::error::{ApiError, failed};
use crate::query::{QueryFailure, QueryResult, RowLimits};
use crate::query_stream::QueryRun;
use crate::routes::permission;
use crate::semantic::Access;
use crate::state::AppState;

/// Runs a query if the caller may see what it reads.
pub(super) async fn run(
    app: &AppState,
    access: &Access,
    query: Value,
) -> Result<(QueryRun, QueryResult), ApiError> {
    let run = app.start_run("agent", query.clone());
    if !permission::may_read(app.model(), access, &query) {
        let failure = QueryFailure {
            status: StatusCode::FORBIDDEN.as_u16(),
            ..QueryFailure::typed(
                "missing-required-permissions",
                "You do not have permissions to run this query.",
            )
        };
        return Err(failed(failure, run));
    }
    let result = app
        .query(&run, move |world| world.run(&query, RowLimits::AGENT))
        .await?;
    Ok((run, result))
}

/// JSON in base64, standard alphabet with padding.
pub(super) fn encode(query: &Value) -> String {
    STANDARD.encode(query.to_string())
}

/// The JSON in a base64 text, without any guard: anything else is a 500.
pub(super) fn decode(text: &str) -> Result<Value, ApiError> {
    let bytes = STANDARD
        .decode(text)
        .map_err(|error| ApiError::exception(format!("Illegal base64: {error}")))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| ApiError::exception(format!("Unrecognized token: {error}")))
}

/// The JSON object in a base64 text, or a 400.
pub(super) fn decode_object(text: &str) -> Result<Map<String, Value>, ApiError> {
    match decode(text) {
        Ok(Value::Object(members)) => Ok(members),
        _ => Err(ApiError::text(
            StatusCode::BAD_REQUEST,
            "Invalid request: expected a base64-encoded JSON object.",
        )),
    }
}

/// Sets a key of a query's last stage.
pub(super) fn set_last_stage(query: &mut Value, key: &str, value: Value) {
    let stages = query.get_mut("stages").and_then(Value::as_array_mut);
    let last = stages.and_then(|stages| stages.last_mut());
    if let Some(members) = last.and_then(Value::as_object_mut) {
        members.insert(key.to_owned(), value);
    }
}

/// The limit of a query's last stage.
pub(super) fn last_limit(query: &Value) -> Option<&Value> {
    query.get("stages")?.as_array()?.last()?.get("limit")
}

/// 400 for a decoded query without stages, or with a limit that is none.
pub(super) fn check_shape(query: &Value) -> Result<(), ApiError> {
    let refused = |message: &str| Err(ApiError::rejected(message, json!({ "query-map": query })));
    let stages = query.get("stages").and_then(Value::as_array);
    if stages.is_none_or(|stages| stages.is_empty() || !stages.iter().all(Value::is_object)) {
        return refused("Invalid query: expected a serialized MBQL query with a non-empty :stages of maps.");
    }
    if last_limit(query).is_some_and(|limit| limit.as_i64().is_none_or(|limit| limit <= 0)) {
        return refused("Invalid query: last-stage :limit must be a positive integer.");
    }
    Ok(())
}
