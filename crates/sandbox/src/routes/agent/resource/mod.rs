//! `POST /v1/read-resource` (since v0.62): things by their address, such as `metabase://table/4/fields`.
//!
//! Up to five addresses are read at once. What cannot be read is an error beside its address, never a failed call. The
//! keys of what is read are a mixture of kebab case and snake case, as on a real server.

mod address;
mod details;
mod fields;
mod lists;
mod xml;

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use self::address::ResourceAddress;
use super::scopes::ReadResourceScope;
use crate::error::ApiError;
use crate::routes::decode::JsonBody;
use crate::routes::extract::AgentRequest;
use crate::semantic::Access;
use crate::state::AppState;

/// What an address stands for.
type ResourceRead = Result<Value, ApiError>;

/// Most addresses of one call.
const MOST: usize = 5;

/// Reads the addresses of a body.
pub(super) async fn read(
    AgentRequest { app, access, .. }: AgentRequest<ReadResourceScope>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let uris = uris(&body.into_object()?)?;
    if uris.len() > MOST {
        let message = format!(
            "Too many URIs provided ({}). Please limit to {MOST} URIs maximum. Be more selective and focus on the most \
             relevant items for the current task or fetch them in batches.",
            uris.len()
        );
        let data = json!({ "uri-count": uris.len(), "max": MOST });
        return Err(ApiError::rejected(message, data));
    }
    let mut resources = Vec::with_capacity(uris.len());
    for uri in uris {
        let read = read_one(&app, &access, &uri).await;
        resources.push(match read {
            Ok(structured) => json!({ "uri": uri, "content": { "structured-output": structured } }),
            Err(problem) => json!({ "uri": uri, "error": problem }),
        });
    }
    let output = xml::output(&resources);
    Ok(Json(json!({ "resources": resources, "output": output })))
}

fn uris(body: &Map<String, Value>) -> Result<Vec<String>, ApiError> {
    let problem = |detail: &str| {
        Err(ApiError::invalid(
            "uris",
            "sequence of value must be a non-blank string.",
            detail,
        ))
    };
    let Some(given) = body.get("uris") else {
        return problem("missing required key, received: nil");
    };
    let texts = given.as_array().map(|items| {
        let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
        texts.collect::<Option<Vec<String>>>()
    });
    match texts.flatten() {
        Some(texts) if texts.iter().all(|text| !text.trim().is_empty()) => Ok(texts),
        _ => problem(&format!(
            "should be a sequence of non-blank strings, received: {given}"
        )),
    }
}

/// What an address stands for, or why it cannot be read.
async fn read_one(app: &AppState, access: &Access, uri: &str) -> Result<Value, String> {
    let address = ResourceAddress::parse(uri)?;
    let segments: Vec<&str> = address.segments.iter().map(String::as_str).collect();
    let read = match segments.as_slice() {
        ["databases"] => lists::databases(app, access, &address),
        ["collections"] => lists::collections(app, access, &address),
        ["user", "recent-items"] => Ok(lists::recent_items()),
        ["database", id] => lists::database(app, access, id),
        ["database", id, "tables"] => lists::tables(app, access, id, &address),
        ["database", id, "models"] => lists::models(app, access, id, &address),
        ["database", id, "schemas"] => lists::schemas(app, access, id),
        ["database", id, "schemas", _, "tables"] => lists::tables_of_schema(app, access, id),
        ["collection", id] => lists::collection(app, access, id),
        ["collection", id, "items"] => lists::collection_items(app, access, id, &address),
        ["collection", id, "subcollections"] => lists::subcollections(app, access, id, &address),
        ["dashboard", id] => lists::dashboard(app, access, id),
        ["dashboard", id, "items"] => lists::dashboard_items(app, access, id, &address),
        ["table", id, "derived"] => lists::derived(app, access, id, &address),
        ["model" | "question", id, "sources"] => lists::sources(app, access, id),
        ["measure", id] => details::measure(app, access, id),
        ["segment", id] => details::segment(app, access, id),
        ["table", id] => details::table(app, access, id, false).await,
        ["table", id, "fields"] => details::table(app, access, id, true).await,
        ["table", id, "fields", field @ ..] => fields::of_table(app, access, id, &field.join("/")).await,
        [kind @ ("model" | "question"), id] => details::card(app, access, kind, id, false).await,
        [kind @ ("model" | "question"), id, "fields"] => details::card(app, access, kind, id, true).await,
        ["model" | "question", id, "fields", field @ ..] => {
            fields::of_card(app, access, id, &field.join("/")).await
        }
        ["metric", id] => details::metric(app, access, id, false).await,
        ["metric", id, "dimensions"] => details::metric(app, access, id, true).await,
        ["metric", id, "dimensions", field @ ..] => {
            fields::of_metric(app, access, id, &field.join("/")).await
        }
        ["transform", _, ..] => Err(ApiError::not_found()),
        _ => return Err(format!("Unsupported URI: {uri}")),
    };
    read.map_err(|error| match error {
        ApiError::Text { message, .. } | ApiError::Exception { message, .. } => message,
        ApiError::Validation { .. } | ApiError::Failed(_) | ApiError::Json { .. } => {
            "Unknown error".to_owned()
        }
    })
}

/// The id in an address. What does not change between instances is not an address here.
fn numeric(kind: &str, id: &str) -> Result<i64, ApiError> {
    if let Ok(id) = id.parse() {
        return Ok(id);
    }
    let message = if id.len() == 21 {
        format!(
            "metabase://{kind}/{id} has an entity id. Use the numeric id of the {kind}, as search reports it."
        )
    } else {
        format!("Invalid {kind} id format")
    };
    Err(ApiError::text(StatusCode::BAD_REQUEST, message))
}
