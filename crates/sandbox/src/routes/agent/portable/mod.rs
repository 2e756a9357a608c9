//! The query grammar since v0.62: MBQL 5 with names instead of ids, as one JSON object.
//!
//! ```text
//! {"query": {"lib/type": "mbql/query", "stages": [{"lib/type": "mbql.stage/mbql",
//!   "source-table": ["Shop", null, "orders"], "aggregation": [["metric", {}, "8EdazRgPwfxdiltp7NCjS"]],
//!   "breakout": [["field", {"temporal-unit": "month"}, ["Shop", null, "orders", "created_at"]]]}]}}
//! ```
//!
//! The keys of the stages are checked, then what the first stage reads (`source`); small slips are repaired (`repair`);
//! the form is checked (`shape`); names become ids (`resolve`). A failure names what was wrong in `error`.

mod operators;
mod problem;
mod repair;
mod resolve;
mod shape;
mod source;

use axum::Json;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::construct::problem::BodyError;
use super::construct::reader::BodyReader;
use super::paged::TotalPage;
use super::resolved::{check_shape, decode_object, encode};
use super::scopes::{ConstructScope, QueryScope};
use crate::error::ApiError;
use crate::routes::decode::JsonBody;
use crate::routes::extract::AgentRequest;
use crate::routes::permission;
use crate::semantic::Access;
use crate::state::AppState;

/// Longest prompt that a query may carry.
const LONGEST_PROMPT: usize = 10_000;

/// `POST /v2/construct-query` (since v0.62).
pub(super) async fn construct_query(
    AgentRequest { app, access, .. }: AgentRequest<ConstructScope>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let body = body.into_object()?;
    let fresh = fresh(&body).map_err(BodyError::into_error)?;
    let query = evaluate(&app, &access, fresh.query).await?;
    let mut answer = json!({ "query": encode(&query) });
    if let (Some(prompt), Some(members)) = (fresh.prompt, answer.as_object_mut()) {
        members.insert("prompt".to_owned(), json!(prompt));
    }
    Ok(Json(answer))
}

/// `POST /v2/query` (since v0.62): a query, the token of the next page, or (since v0.63) a query as `construct-query`
/// gave it out.
pub(super) async fn query(
    AgentRequest { app, access, .. }: AgentRequest<QueryScope>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let body = body.into_object()?;
    let facts = app.settings.facts;
    let token = body
        .get("continuation_token")
        .filter(|token| !token.is_null() && **token != Value::Bool(false));
    let page = match (token, body.get("query")) {
        (Some(token), _) => {
            let token = only(&body, "continuation_token", token).map_err(BodyError::into_error)?;
            TotalPage::resumed(&app, &access, token)?
        }
        (None, Some(encoded @ Value::String(_))) if facts.guards => {
            let encoded = only(&body, "query", encoded).map_err(BodyError::into_error)?;
            let query = Value::Object(decode_object(encoded)?);
            permission::refuse_native(&query)?;
            check_shape(&query)?;
            TotalPage::first(query, facts)
        }
        _ => {
            let fresh = fresh(&body).map_err(BodyError::into_error)?;
            TotalPage::first(evaluate(&app, &access, fresh.query).await?, facts)
        }
    };
    page.answer(&app, &access).await
}

/// A body that brings a query of its own.
struct FreshQuery<'a> {
    query: &'a Map<String, Value>,
    prompt: Option<&'a str>,
}

/// Decodes `{query, prompt?}`; the body is closed.
fn fresh(body: &Map<String, Value>) -> Result<FreshQuery<'_>, BodyError> {
    let mut reader = BodyReader::of(body);
    for (key, value) in body {
        if key != "query" && key != "prompt" {
            reader.note(key, BodyError::disallowed(value));
        }
    }
    let query = reader.required("query", "map", |value| {
        value
            .as_object()
            .ok_or_else(|| BodyError::wrong("map", "invalid type", value))
    });
    let prompt = reader.optional("prompt", |value| {
        let text = value.as_str().filter(|text| !text.is_empty());
        text.filter(|text| text.chars().count() <= LONGEST_PROMPT)
            .ok_or_else(|| {
                let description = "nullable string with length between 1 and 10000 inclusive.";
                BodyError::wrong(description, "should be between 1 and 10000 characters", value)
            })
    });
    reader.finish()?;
    let query = query.ok_or_else(|| BodyError::missing("map"))?;
    Ok(FreshQuery { query, prompt })
}

/// The text under the only key of a closed body.
fn only<'a>(body: &Map<String, Value>, key: &str, value: &'a Value) -> Result<&'a str, BodyError> {
    let mut reader = BodyReader::of(body);
    for (other, value) in body {
        if other != key {
            reader.note(other, BodyError::disallowed(value));
        }
    }
    let text = value.as_str().filter(|text| !text.trim().is_empty());
    if text.is_none() {
        let description = "value must be a non-blank string.";
        reader.note(
            key,
            BodyError::wrong(description, "should be a non-blank string", value),
        );
    }
    reader.finish()?;
    text.ok_or_else(|| BodyError::missing("value must be a non-blank string."))
}

/// The query with ids that a portable one comes to.
async fn evaluate(app: &AppState, access: &Access, query: &Map<String, Value>) -> Result<Value, ApiError> {
    shape::check_stage_keys(query)?;
    let database = source::check(app.model(), access, query)?;
    let repaired = repair::repaired(query, &database)?;
    shape::check(&repaired)?;
    let access = access.clone();
    app.blocking(move |world| resolve::query(world, &access, &repaired))
        .await?
}
