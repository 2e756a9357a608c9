//! The query grammar of v0.61: a *program* is a source and a list of operations on it, with the ids that columns have.
//!
//! ```text
//! {"source": {"type": "metric", "id": 9}, "operations": [["breakout", ["field", 17]], ["limit", 50]]}
//! ```
//!
//! A program is checked as a body first (`schema`), small slips are repaired (`repair`), then its operations are applied
//! one by one to a query (`build`). A metric as a source brings its aggregation and *its own breakouts*; what the program
//! groups by comes on top.

mod build;
mod clause;
mod operators;
mod problem;
mod repair;
mod schema;

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use self::schema::{ProgramBody, ProgramSource, SourceKind};
use super::construct::problem::BodyError;
use super::paged::TotalPage;
use super::resolved::encode;
use super::scopes::{ConstructScope, QueryScope};
use crate::error::ApiError;
use crate::routes::decode::JsonBody;
use crate::routes::extract::AgentRequest;
use crate::semantic::Access;
use crate::state::AppState;

/// `POST /v2/construct-query` (v0.61).
pub(super) async fn construct_query(
    AgentRequest { app, access, .. }: AgentRequest<ConstructScope>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let query = evaluate(&app, &access, &body.into_object()?).await?;
    Ok(Json(json!({ "query": encode(&query) })))
}

/// `POST /v2/query` (v0.61): a program, or the token of the next page.
pub(super) async fn query(
    AgentRequest { app, access, .. }: AgentRequest<QueryScope>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let body = body.into_object()?;
    let page = match body.get("continuation_token") {
        Some(Value::String(token)) if !token.trim().is_empty() => TotalPage::resumed(&app, &access, token)?,
        Some(token) if !token.is_null() && *token != Value::Bool(false) => {
            let detail = format!("should be a non-blank string, received: {token}");
            let description = "value must be a non-blank string.";
            return Err(ApiError::invalid("continuation_token", description, &detail));
        }
        _ => TotalPage::first(evaluate(&app, &access, &body).await?, app.settings.facts),
    };
    page.answer(&app, &access).await
}

/// The query that a program comes to.
async fn evaluate(app: &AppState, access: &Access, body: &Map<String, Value>) -> Result<Value, ApiError> {
    let program = schema::program(body).map_err(BodyError::into_error)?;
    let ProgramBody { source, operations } = program;
    let ProgramSource::Entity { kind, id } = source else {
        return Err(ApiError::text(
            StatusCode::BAD_REQUEST,
            "top-level program source must be one of: card, dataset, metric, table",
        ));
    };
    check_source(app, access, kind, id)?;
    app.blocking(move |world| build::query(world, kind, id, operations))
        .await?
}

/// 404 for a source that does not exist, 403 for one that is not the caller's to read.
fn check_source(app: &AppState, access: &Access, kind: SourceKind, id: i64) -> Result<(), ApiError> {
    let model = app.model();
    let readable = if kind == SourceKind::Table {
        model.table(id).map(|table| access.tables.contains(&table.id))
    } else {
        model
            .card(id)
            .map(|card| access.collections.contains(&card.collection_id))
    };
    match readable {
        None => Err(ApiError::not_found()),
        Some(false) => Err(ApiError::forbidden()),
        Some(true) => Ok(()),
    }
}
