//! `POST /api/chat` and `GET /api/chat/{id}/stream`: the AI SDK's chat.

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;

use super::ui_chunks::{UiWriter, error_chunk};
use super::ui_history::{UiMessage, UiQuestion};
use crate::server::access::Requester;
use crate::server::http_error::HttpError;
use crate::server::ids::names_nothing;
use crate::server::routes::answers::{asker, checked_question, checked_session, name_answer, own};
use crate::server::routes::body::JsonRequest;
use crate::server::routes::log::TurnLog;
use crate::server::routes::sse::{frames, stream as sse, told_when_cut};
use crate::server::said::said_before;
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
    /// `regenerate-message`: the answer takes the place of the one that the question has.
    trigger: Option<String>,
    /// The answer that is made anew, or the question that was edited: what was said since goes with it.
    message_id: Option<String>,
}

pub(in crate::server::routes) async fn chat(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    JsonRequest(mut request): JsonRequest<UiRequest>,
) -> Result<Response, HttpError> {
    request.id = request.id.filter(|id| !names_nothing(id));
    let all = request.messages.as_deref().unwrap_or_default();
    let (last, shown) = match &request.message {
        Some(message) => (Some(message), &[][..]),
        None => all
            .split_last()
            .map_or((None, &[][..]), |(last, shown)| (Some(last), shown)),
    };
    let last = last.filter(|message| message.role == "user");
    let last =
        last.ok_or_else(|| HttpError::bad_request("the last message has to be the user's question"))?;
    if last.has_files() {
        return Err(HttpError::bad_request(
            "Cardinal reads text only: leave images, sound and files out of the message",
        ));
    }
    if let Some(session) = &request.id {
        checked_session(session)?;
    }
    let question = checked_question(&last.text())?;
    let asked = request.id.as_deref().map(|session| UiQuestion {
        session,
        text: &question,
        message: last,
        shown,
        regenerates: request.trigger.as_deref() == Some("regenerate-message"),
        named: request.message_id.as_deref().filter(|id| !id.is_empty()),
    });
    let (idempotency_key, replaces) = match &asked {
        Some(asked) => (asked.key(), replaced(&state, &caller, asked).await?),
        None => (None, None),
    };
    let turn = TurnRequest {
        question: question.clone(),
        replaces,
        idempotency_key,
        principal: caller.principal.clone(),
        asker: asker(&caller),
        ends_with_client: request.id.is_none(),
        session: request.id.clone(),
        said_before: said_before(
            shown
                .iter()
                .filter(|message| message.is_said())
                .map(UiMessage::said),
            state.app().today(),
        ),
        bounded: caller.is_bounded(),
        ..TurnRequest::default()
    };
    match state.turns.submit(&state, turn).await? {
        SubmissionResult::Running(live, reader) => {
            Ok(streamed(TurnLog::here(reader), &live.id, &live.session))
        }
        SubmissionResult::Known(id) => {
            let record = own(&state, &caller, &id).await?;
            Ok(streamed(TurnLog::of(&state, &id, 0), &id, &record.session))
        }
    }
}

/// The answer whose place another one takes. What runs in its place, and behind it, is ended first.
async fn replaced(
    state: &SharedState,
    caller: &Requester,
    asked: &UiQuestion<'_>,
) -> Result<Option<String>, HttpError> {
    let known = state.store.session(asked.session, &caller.principal).await?;
    let turns = match &known {
        Some(known) => state.store.questions_of(&known.key).await?,
        None => Vec::new(),
    };
    let place = asked.replaces(&turns)?;
    let Some((known, gone)) = known.zip(place.and_then(|at| turns.get(at..))) else {
        return Ok(None);
    };
    let goes = |id: &str| gone.iter().any(|turn| turn.answer == id);
    state.turns.end_turns(state, &known.key, goes).await?;
    Ok(gone.first().map(|turn| turn.answer.clone()))
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
