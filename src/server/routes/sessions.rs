//! Sessions: list, read, rename, delete, stop, export.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use http::{HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::body::JsonRequest;
use crate::server::access::Requester;
use crate::server::bodies::{SessionPage, WholeSession};
use crate::server::export;
use crate::server::http_error::HttpError;
use crate::server::ids::new_id;
use crate::server::record::{AnswerRecord, SessionRecord};
use crate::server::state::SharedState;
use crate::server::store::{StopTarget, title_of};

/// Items of a page, if nothing is said, and at most.
pub(super) const PAGE: usize = 50;
pub(super) const MAX_PAGE: usize = 200;
/// Longest text that is looked for, in bytes.
const MAX_SEARCH: usize = 1024;

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    search: String,
    limit: Option<String>,
    before: Option<String>,
}

/// A name for a session.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TitleBody {
    /// What it is called.
    title: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ExportQuery {
    #[serde(default)]
    format: String,
}

async fn own(state: &SharedState, caller: &Requester, id: &str) -> Result<SessionRecord, HttpError> {
    let found = state.store.session(id, &caller.principal).await?;
    found.ok_or_else(|| HttpError::no_session(id))
}

/// The answers of a session, as they are told.
async fn told_answers(state: &SharedState, session: &SessionRecord) -> Result<Vec<AnswerRecord>, HttpError> {
    let answers = state.store.answers_of(&session.key).await?.into_iter();
    Ok(answers.map(|record| state.addresses.record(record)).collect())
}

pub(super) async fn list(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Query(query): Query<ListQuery>,
) -> Result<Json<SessionPage>, HttpError> {
    checked_search(&query.search)?;
    let before = query.before.as_deref().map(cursor).transpose()?;
    let limit = checked_limit("limit", query.limit.as_deref(), PAGE, MAX_PAGE)?;
    let page = state
        .store
        .sessions(&caller.principal, &query.search, limit, before)
        .await?;
    Ok(Json(SessionPage {
        sessions: page.items,
        next: page.next,
    }))
}

/// How many items a list gives: what was asked for, or a usual number, and at most so many. None are nothing to ask for.
pub(super) fn checked_limit(
    name: &str,
    asked: Option<&str>,
    usual: usize,
    most: usize,
) -> Result<usize, HttpError> {
    let Some(asked) = asked else { return Ok(usual) };
    let asked = asked.trim();
    let is_number = !asked.is_empty() && asked.bytes().all(|byte| byte.is_ascii_digit());
    // A number that is too long to be read is more than the most.
    let number = is_number.then(|| asked.parse().unwrap_or(usize::MAX));
    match number {
        Some(number) if number > 0 => Ok(number.min(most)),
        _ => Err(HttpError::bad_request(format!(
            "`{name}` is a whole number from 1 on; without it there are {usual}, and more than {most} are never given at once"
        ))),
    }
}

/// Checks that a text may be looked for: databases refuse long patterns.
pub(super) fn checked_search(search: &str) -> Result<(), HttpError> {
    if search.len() <= MAX_SEARCH {
        return Ok(());
    }
    Err(HttpError::bad_request(format!(
        "`search` is longer than {MAX_SEARCH} bytes"
    )))
}

fn cursor(text: &str) -> Result<(i64, String), HttpError> {
    let parts = text
        .split_once(':')
        .and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
    parts.ok_or_else(|| HttpError::bad_request("`before` is not a `next` of this list"))
}

/// A title that says something.
fn checked_title(title: &str) -> Result<String, HttpError> {
    if title_of(title).is_empty() {
        return Err(HttpError::bad_request("`title` is empty"));
    }
    Ok(title.to_owned())
}

pub(super) async fn create(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    JsonRequest(body): JsonRequest<TitleBody>,
) -> Result<Response, HttpError> {
    let id = new_id("ses");
    let principal = caller.principal.clone();
    // Without a title, or with an empty one, the first question names the session. Blanks are neither.
    let title = body.title.as_deref().filter(|title| !title.is_empty());
    let title = title.map(checked_title).transpose()?;
    state.store.new_session(id.clone(), principal, title).await?;
    let session = own(&state, &caller, &id).await?;
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

pub(super) async fn read(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Json<WholeSession>, HttpError> {
    let session = own(&state, &caller, &id).await?;
    let answers = told_answers(&state, &session).await?;
    Ok(Json(WholeSession { session, answers }))
}

pub(super) async fn rename(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
    JsonRequest(body): JsonRequest<TitleBody>,
) -> Result<Json<SessionRecord>, HttpError> {
    let title = checked_title(&body.title.unwrap_or_default())?;
    let session = own(&state, &caller, &id).await?;
    if !state
        .store
        .rename_session(&session.key, &caller.principal, &title)
        .await?
    {
        return Err(HttpError::no_session(&id));
    }
    Ok(Json(own(&state, &caller, &id).await?))
}

pub(super) async fn delete(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<StatusCode, HttpError> {
    let session = own(&state, &caller, &id).await?;
    // What does not end finds its session gone, and ends for that reason.
    state.turns.end_session(&state, &session.key).await?;
    let Some(forgotten) = state
        .store
        .delete_session(&session.key, &caller.principal)
        .await?
    else {
        return Err(HttpError::no_session(&id));
    };
    state.turns.forget_session(&session.key);
    state.turns.forget_memory(&forgotten);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn stop(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let session = own(&state, &caller, &id).await?;
    for turn in state.turns.of_session(&session.key) {
        turn.cancel.cancel();
    }
    state.store.ask_to_stop(StopTarget::Session(&session.key)).await?;
    Ok((StatusCode::ACCEPTED, Json(session)).into_response())
}

pub(super) async fn export(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, HttpError> {
    let session = own(&state, &caller, &id).await?;
    let answers = told_answers(&state, &session).await?;
    let markdown = export::markdown(&session, &answers);
    let (kind, ending, text) = match query.format.as_str() {
        "" | "markdown" => ("text/markdown; charset=utf-8", "md", markdown),
        "html" => (
            "text/html; charset=utf-8",
            "html",
            export::html(&session.title, &markdown),
        ),
        _ => return Err(HttpError::bad_request("`format` is `markdown` or `html`")),
    };
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    // It is kept as a file, never shown as a page of this server.
    let file = HeaderValue::from_str(&format!("attachment; filename=\"cardinal-{id}.{ending}\""));
    if let Ok(file) = file {
        headers.insert(CONTENT_DISPOSITION, file);
    }
    Ok(response)
}
