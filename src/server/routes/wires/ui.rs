//! `POST /api/chat` and `GET /api/chat/{id}/stream`: the AI SDK's chat.

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
use crate::server::routes::log::TurnLog;
use crate::server::routes::sse::{frames, stream as sse, told_when_cut};
use crate::server::state::SharedState;
use crate::server::turns::{SubmissionResult, TurnRequest};

/// What a chat sends: all its messages, or the last one. What is null is as if it were not there.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(in crate::server::routes) struct UiRequest {
    /// The chat; it is the session.
    id: Option<String>,
    /// All messages; the last one is the question.
    messages: Option<Vec<UiMessage>>,
    /// The question, instead of all messages.
    message: Option<UiMessage>,
    /// `regenerate-message`: the answer takes the place of one that is there.
    trigger: Option<String>,
    /// The answer whose place it takes; without one that is known here, the chat's last.
    message_id: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct UiMessage {
    role: String,
    parts: Option<Vec<Value>>,
    /// As `ai` 4 wrote it.
    content: Option<String>,
}

impl UiMessage {
    fn text(&self) -> Result<String, HttpError> {
        let parts = self.parts.as_deref().unwrap_or_default();
        let of_kind = |part: &&Value, wanted: &str| part.get("type").is_some_and(|kind| kind == wanted);
        if parts.iter().any(|part| of_kind(&part, "file")) {
            return Err(HttpError::bad_request(
                "Cardinal reads text only: leave images, sound and files out of the message",
            ));
        }
        let texts = parts.iter().filter(|part| of_kind(part, "text"));
        let text: String = texts.filter_map(|part| part.get("text")?.as_str()).collect();
        if text.is_empty() {
            Ok(self.content.clone().unwrap_or_default())
        } else {
            Ok(text)
        }
    }
}

pub(in crate::server::routes) async fn chat(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    JsonRequest(request): JsonRequest<UiRequest>,
) -> Result<Response, HttpError> {
    let last = request.message.as_ref();
    let last = last.or_else(|| request.messages.as_ref()?.last());
    let last = last.filter(|message| message.role == "user");
    let last =
        last.ok_or_else(|| HttpError::bad_request("the last message has to be the user's question"))?;
    if let Some(session) = &request.id {
        checked_session(session)?;
    }
    let question = checked_question(&last.text()?)?;
    let replaces = match &request.id {
        Some(session) if request.trigger.as_deref() == Some("regenerate-message") => {
            replaced(&state, &caller, session, request.message_id.as_deref()).await?
        }
        _ => None,
    };
    let turn = TurnRequest {
        question,
        replaces,
        principal: caller.principal.clone(),
        asker: asker(&caller),
        ends_with_client: request.id.is_none(),
        session: request.id,
        bounded: caller.is_bounded(),
        ..TurnRequest::default()
    };
    let SubmissionResult::Running(live, reader) = state.turns.submit(&state, turn).await? else {
        return Err(HttpError::bad_request("the question was asked before"));
    };
    Ok(streamed(TurnLog::here(reader), &live.id, &live.session))
}

/// The answer whose place another one takes, in this session. What runs in it is ended first.
async fn replaced(
    state: &SharedState,
    caller: &Requester,
    session: &str,
    named: Option<&str>,
) -> Result<Option<String>, HttpError> {
    let known = state.store.session(session, &caller.principal).await?;
    let Some(known) = known else { return Ok(None) };
    state.turns.end_session(state, &known.key).await?;
    let answers = state.store.answer_ids(&known.key).await?;
    let named = answers.iter().find(|id| named == Some(id.as_str()));
    Ok(named.or(answers.last()).cloned())
}

pub(in crate::server::routes) async fn resume(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let known = state.store.session(&id, &caller.principal).await?;
    let running = match &known {
        Some(session) => state.store.active_turns(&session.key).await?.into_iter().next(),
        None => None,
    };
    Ok(running.zip(known).map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |(answer, session)| streamed(TurnLog::of(&state, &answer, 0), &answer, &session.id),
    ))
}

/// An answer from its beginning, as this protocol resumes.
fn streamed(log: TurnLog, answer: &str, session: &str) -> Response {
    let mut writer = UiWriter::default();
    let frames = frames(log, move |_, event, out| {
        out.extend_from_slice(&writer.write(event).unwrap_or_default());
    });
    let mut response = sse(told_when_cut(frames, |detail| Bytes::from(error_chunk(detail))));
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert("x-vercel-ai-ui-message-stream", HeaderValue::from_static("v1"));
    name_answer(headers, answer, session);
    response
}
