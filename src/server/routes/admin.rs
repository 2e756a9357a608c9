//! What administrators see: who asked what, and what it cost.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::{Error as ValueError, StrDeserializer};

use super::answers::{tape_of_record, told_tape};
use super::sessions::{MAX_PAGE, PAGE, checked_limit, checked_search};
use crate::agent::Outcome;
use crate::server::bodies::{AnswerPage, UsageBody};
use crate::server::http_error::HttpError;
use crate::server::record::{AnswerRecord, Rating};
use crate::server::state::SharedState;
use crate::server::store::AnswerFilter;

/// Days of a report, if nothing is said, and at most.
const DAYS: usize = 30;
const MAX_DAYS: usize = 3660;

#[derive(Debug, Deserialize)]
pub(super) struct AnswersQuery {
    #[serde(default)]
    principal: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    rating: String,
    #[serde(default)]
    search: String,
    limit: Option<String>,
    before: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct UsageQuery {
    days: Option<String>,
}

pub(super) async fn answers(
    State(state): State<SharedState>,
    Query(query): Query<AnswersQuery>,
) -> Result<Json<AnswerPage>, HttpError> {
    checked_search(&query.search)?;
    checked_filter::<Outcome>("outcome", &query.outcome)?;
    checked_filter::<Rating>("rating", &query.rating)?;
    let filter = AnswerFilter {
        principal: query.principal,
        outcome: query.outcome,
        rating: query.rating,
        search: query.search,
    };
    let limit = checked_limit("limit", query.limit.as_deref(), PAGE, MAX_PAGE)?;
    // One that was spoilt would begin the list again.
    if query
        .before
        .as_ref()
        .is_some_and(|before| !before.starts_with("ans_"))
    {
        return Err(HttpError::bad_request("`before` is not a `next` of this list"));
    }
    let page = state.store.all_answers(filter, limit, query.before).await?;
    Ok(Json(AnswerPage {
        answers: page.items,
        next: page.next,
    }))
}

/// Checks that a filter is empty or a word that there is: one that nothing can be would find nothing, and say nothing.
fn checked_filter<T: DeserializeOwned>(name: &str, value: &str) -> Result<(), HttpError> {
    if value.is_empty() {
        return Ok(());
    }
    let read = T::deserialize(StrDeserializer::<ValueError>::new(value));
    read.map(drop)
        .map_err(|error| HttpError::bad_request(format!("`{name}`: {error}")))
}

async fn any(state: &SharedState, id: &str) -> Result<AnswerRecord, HttpError> {
    let record = state.store.answer(id, None).await?;
    record.ok_or_else(|| HttpError::no_answer(id))
}

pub(super) async fn answer(
    State(state): State<SharedState>,
    Path(id): Path<String>,
) -> Result<Json<AnswerRecord>, HttpError> {
    Ok(Json(any(&state, &id).await?))
}

pub(super) async fn tape(
    State(state): State<SharedState>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let record = any(&state, &id).await?;
    tape_of_record(&state, &record).await.map(told_tape)
}

pub(super) async fn usage(
    State(state): State<SharedState>,
    Query(query): Query<UsageQuery>,
) -> Result<Json<UsageBody>, HttpError> {
    let days = checked_limit("days", query.days.as_deref(), DAYS, MAX_DAYS)?;
    let days = state.store.usage(days).await?;
    Ok(Json(UsageBody { days }))
}

pub(super) async fn metrics(State(state): State<SharedState>) -> Response {
    let text = state.metrics.text(state.turns.running(), state.turns.kept());
    let kind = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    ([(CONTENT_TYPE, kind)], text).into_response()
}
