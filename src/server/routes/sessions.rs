//! Sessions: list, read, rename, delete, stop, export.

use std::time::Duration;

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
use crate::server::record::SessionRecord;
use crate::server::state::SharedState;

/// Items of a page, if nothing is said, and at most.
pub(super) const PAGE: usize = 50;
pub(super) const MAX_PAGE: usize = 200;
/// Longest text that is looked for, in bytes.
const MAX_SEARCH: usize = 1024;
/// How often, and how many times, it is looked whether turns in other processes have ended.
const END_PAUSE: Duration = Duration::from_millis(250);
const ENDS: u32 = 20;

#[derive(Debug, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    search: String,
    limit: Option<usize>,
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

pub(super) async fn list(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Query(query): Query<ListQuery>,
) -> Result<Json<SessionPage>, HttpError> {
    checked_search(&query.search)?;
    let before = query.before.as_deref().map(cursor).transpose()?;
    let limit = query.limit.unwrap_or(PAGE).clamp(1, MAX_PAGE);
    let page = state
        .store
        .sessions(&caller.principal, &query.search, limit, before)
        .await?;
    Ok(Json(SessionPage {
        sessions: page.items,
        next: page.next,
    }))
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

pub(super) async fn create(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    JsonRequest(body): JsonRequest<TitleBody>,
) -> Result<Response, HttpError> {
    let id = new_id("ses");
    let principal = caller.principal.clone();
    state.store.new_session(id.clone(), principal, body.title).await?;
    let session = own(&state, &caller, &id).await?;
    Ok((StatusCode::CREATED, Json(session)).into_response())
}

pub(super) async fn read(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Json<WholeSession>, HttpError> {
    let session = own(&state, &caller, &id).await?;
    let answers = state.store.answers_of(&id).await?;
    Ok(Json(WholeSession { session, answers }))
}

pub(super) async fn rename(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
    JsonRequest(body): JsonRequest<TitleBody>,
) -> Result<Json<SessionRecord>, HttpError> {
    let title = body.title.unwrap_or_default();
    if title.trim().is_empty() {
        return Err(HttpError::bad_request("`title` is empty"));
    }
    if !state.store.rename_session(&id, &caller.principal, &title).await? {
        return Err(HttpError::no_session(&id));
    }
    Ok(Json(own(&state, &caller, &id).await?))
}

pub(super) async fn delete(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<StatusCode, HttpError> {
    own(&state, &caller, &id).await?;
    let running = state.turns.of_session(&id);
    for turn in &running {
        turn.cancel.cancel();
    }
    for turn in running {
        // Cut or done, it is over.
        let _ = super::sse::wait(turn.read(0)).await;
    }
    end_elsewhere(&state, &id).await?;
    if !state.store.delete_session(&id, &caller.principal).await? {
        return Err(HttpError::no_session(&id));
    }
    state.turns.forget_session(&id);
    Ok(StatusCode::NO_CONTENT)
}

/// Ends the turns of a session that run in other processes, and waits for that a while. What does not end then finds its
/// session gone, and ends for that reason.
async fn end_elsewhere(state: &SharedState, session: &str) -> Result<(), HttpError> {
    if state.store.active_turns(session).await? == 0 {
        return Ok(());
    }
    state.store.ask_session_to_stop(session).await?;
    for _ in 0..ENDS {
        tokio::time::sleep(END_PAUSE).await;
        if state.store.active_turns(session).await? == 0 {
            break;
        }
    }
    Ok(())
}

pub(super) async fn stop(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let session = own(&state, &caller, &id).await?;
    for turn in state.turns.of_session(&id) {
        turn.cancel.cancel();
    }
    state.store.ask_session_to_stop(&id).await?;
    Ok((StatusCode::ACCEPTED, Json(session)).into_response())
}

pub(super) async fn export(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, HttpError> {
    let session = own(&state, &caller, &id).await?;
    let answers = state.store.answers_of(&id).await?;
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
