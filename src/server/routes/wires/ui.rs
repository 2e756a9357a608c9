//! `POST /api/chat` and `GET /api/chat/{id}/stream`: the AI SDK's chat.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::ui_chunks::{UiWriter, error_chunk};
use crate::server::access::Requester;
use crate::server::http_error::HttpError;
use crate::server::routes::answers::{asker, checked_question, checked_session, name_answer};
use crate::server::routes::body::JsonRequest;
use crate::server::routes::sse::{frames, stream as sse, told_when_cut};
use crate::server::state::SharedState;
use crate::server::turns::{LiveTurn, SubmissionResult, TurnRequest};

/// What a chat sends: all its messages, or the last one.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::server::routes) struct UiRequest {
    /// The chat; it is the session.
    id: Option<String>,
    /// All messages; the last one is the question.
    #[serde(default)]
    messages: Vec<UiMessage>,
    /// The question, instead of all messages.
    message: Option<UiMessage>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UiMessage {
    role: String,
    #[serde(default)]
    parts: Vec<Value>,
    /// As `ai` 4 wrote it.
    content: Option<String>,
}

impl UiMessage {
    fn text(&self) -> String {
        let parts = self.parts.iter();
        let texts = parts.filter(|part| part.get("type").is_some_and(|kind| kind == "text"));
        let text: String = texts.filter_map(|part| part.get("text")?.as_str()).collect();
        if text.is_empty() {
            self.content.clone().unwrap_or_default()
        } else {
            text
        }
    }
}

pub(in crate::server::routes) async fn chat(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    JsonRequest(request): JsonRequest<UiRequest>,
) -> Result<Response, HttpError> {
    let last = request.message.as_ref().or(request.messages.last());
    let last = last.filter(|message| message.role == "user");
    let last =
        last.ok_or_else(|| HttpError::bad_request("the last message has to be the user's question"))?;
    if let Some(session) = &request.id {
        checked_session(session)?;
    }
    let turn = TurnRequest {
        question: checked_question(&last.text())?,
        principal: caller.principal.clone(),
        asker: asker(&caller),
        ends_with_client: request.id.is_none(),
        session: request.id,
        bounded: caller.is_bounded(),
        ..TurnRequest::default()
    };
    let SubmissionResult::Running(live, _attached) = state.turns.submit(&state, turn).await? else {
        return Err(HttpError::bad_request("the question was asked before"));
    };
    Ok(streamed(&live))
}

pub(in crate::server::routes) async fn resume(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let known = state.store.session(&id, &caller.principal).await?;
    let running = known.and_then(|_| state.turns.of_session(&id).into_iter().next());
    Ok(running.map_or_else(|| StatusCode::NO_CONTENT.into_response(), |live| streamed(&live)))
}

/// A running answer from its beginning, as this protocol resumes.
fn streamed(live: &Arc<LiveTurn>) -> Response {
    let mut writer = UiWriter::default();
    let frames = frames(live.read(0), move |_, event, out| {
        out.extend_from_slice(&writer.write(event).unwrap_or_default());
    });
    let mut response = sse(told_when_cut(frames, |detail| Bytes::from(error_chunk(detail))));
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert("x-vercel-ai-ui-message-stream", HeaderValue::from_static("v1"));
    name_answer(headers, &live.id, &live.session);
    response
}
