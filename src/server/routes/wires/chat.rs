//! `POST /v1/chat/completions`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;

use super::background;
use super::chat_chunks::{ChunkWriter, completion, error_frame, plain_completion, plain_stream};
use super::chat_messages::{ChatQuestion, ChatRequest};
use super::plain_text::step_in_words;
use crate::server::access::Requester;
use crate::server::http_error::HttpError;
use crate::server::routes::answers::{asker, checked_question, checked_session, name_answer};
use crate::server::routes::body::JsonRequest;
use crate::server::routes::sse::{frames, stream as sse, told_when_cut};
use crate::server::state::SharedState;
use crate::server::turns::{LiveTurn, SubmissionResult, TurnRequest};

pub(in crate::server::routes) async fn complete(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    headers: HeaderMap,
    JsonRequest(request): JsonRequest<ChatRequest>,
) -> Result<Response, HttpError> {
    let app = state.app_of(&caller.principal).await?;
    if let Some(text) = background::answer(&request, &app) {
        return Ok(if request.stream {
            sse(stream::iter([Ok(Bytes::from(plain_stream(&text)))]))
        } else {
            Json(plain_completion(&text)).into_response()
        });
    }
    request.check()?;
    let asked = request.question()?;
    let named = named_session(&headers)?.or_else(|| request.session());
    let turn = turn_of(&state, &caller, asked, named).await?;
    let SubmissionResult::Running(live, _attached) = state.turns.submit(&state, turn).await? else {
        return Err(HttpError::bad_request("the question was asked before"));
    };
    let with_usage = request
        .stream_options
        .is_some_and(|options| options.include_usage);
    let mut response = if request.stream {
        streamed(&live, with_usage)
    } else {
        let (record, reasoning) = whole(&state, &live).await?;
        Json(completion(&record, &reasoning)?).into_response()
    };
    name_answer(response.headers_mut(), &live.id, &live.session);
    Ok(response)
}

pub(super) fn named_session(headers: &HeaderMap) -> Result<Option<String>, HttpError> {
    let Some(session) = headers.get("x-cardinal-session") else {
        return Ok(None);
    };
    let session = session.to_str().unwrap_or_default().trim();
    if session.is_empty() {
        // Front ends send an empty header where they have no conversation yet.
        return Ok(None);
    }
    checked_session(session)?;
    Ok(Some(session.to_owned()))
}

/// The turn of a question: in the session that is named, or in the one whose messages are those before the question.
pub(super) async fn turn_of(
    state: &SharedState,
    caller: &Requester,
    asked: ChatQuestion,
    named: Option<String>,
) -> Result<TurnRequest, HttpError> {
    if let Some(session) = &named {
        checked_session(session)?;
    }
    let mut turn = TurnRequest {
        question: checked_question(&asked.question)?,
        principal: caller.principal.clone(),
        asker: asker(caller),
        ends_with_client: named.is_none(),
        session: named,
        bounded: caller.is_bounded(),
        message_key: Some(asked.with_question),
        ..TurnRequest::default()
    };
    if let (None, Some(before)) = (&turn.session, asked.before) {
        let key = before.to_hex();
        let known = state.store.answer_of_messages(&caller.principal, &key).await?;
        match known {
            // Nothing was asked since: the session goes on.
            Some((_, session, true)) => turn.session = Some(session),
            // The conversation was edited after this answer.
            Some((answer, _, false)) => turn.base = Some(answer),
            None => tracing::debug!("the messages of a conversation are not known"),
        }
    }
    Ok(turn)
}

fn streamed(live: &Arc<LiveTurn>, with_usage: bool) -> Response {
    let mut writer = ChunkWriter::new(&live.id, with_usage);
    let frames = frames(live.read(0), move |_, event, out| {
        out.extend_from_slice(&writer.write(event).unwrap_or_default());
    });
    sse(told_when_cut(frames, error_frame))
}

/// The record of a turn, when it is over, and its steps in words.
pub(super) async fn whole(
    state: &SharedState,
    live: &Arc<LiveTurn>,
) -> Result<(crate::server::record::AnswerRecord, String), HttpError> {
    let mut reasoning = String::new();
    let mut reader = live.read(0);
    while let Some(next) = reader.next().await {
        let Ok((_, event)) = next else { break };
        reasoning.extend(step_in_words(&event));
    }
    let record = crate::server::routes::answers::finished(state, live).await?;
    Ok((record, reasoning))
}
