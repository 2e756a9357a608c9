//! `POST /v1/chat/completions`.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::background;
use super::chat_chunks::{ChunkWriter, completion, error_frame, plain_completion, plain_stream};
use super::chat_messages::{ChatQuestion, ChatRequest};
use super::plain_text::step_in_markdown;
use crate::server::access::Requester;
use crate::server::http_error::HttpError;
use crate::server::ids::{is_named_here, names_nothing};
use crate::server::record::AnswerRecord;
use crate::server::routes::answers::{asker, checked_question, checked_session, finished, left, name_answer};
use crate::server::routes::body::JsonRequest;
use crate::server::routes::log::TurnLog;
use crate::server::routes::sse::{frames, stream as sse, told_when_cut};
use crate::server::said::said_before;
use crate::server::state::SharedState;
use crate::server::store::MessagePlace;
use crate::server::turns::{EventReader, SubmissionResult, TurnRequest};

pub(in crate::server::routes) async fn complete(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    headers: HeaderMap,
    JsonRequest(request): JsonRequest<ChatRequest>,
) -> Result<Response, HttpError> {
    let app = state.app_of(&caller.principal).await?;
    if let Some(text) = background::answer(&request, &app) {
        return Ok(if request.is_streamed() {
            sse(stream::iter([Ok(Bytes::from(plain_stream(&text)))]))
        } else {
            Json(plain_completion(&text)).into_response()
        });
    }
    request.check()?;
    let asked = request.question()?;
    let named = named_session(&headers, request.metadata.as_ref())?;
    let turn = turn_of(&state, &caller, asked, named).await?;
    let streams = request.is_streamed();
    let with_usage = request
        .stream_options
        .and_then(|options| options.include_usage)
        .unwrap_or_default();
    let SubmissionResult::Running(live, reader) = state.turns.submit(&state, turn).await? else {
        return Err(HttpError::bad_request("the question was asked before"));
    };
    let mut response = if streams {
        streamed(&live.id, reader, with_usage)
    } else {
        let (record, reasoning) = whole(&state, &live.id, reader).await?;
        Json(completion(&record, &reasoning)?).into_response()
    };
    name_answer(response.headers_mut(), &live.id, &live.session);
    Ok(response)
}

/// The session that a header names, or else the request's metadata. Whoever names one relies on it, so that one which cannot
/// be read is refused.
pub(super) fn named_session(
    headers: &HeaderMap,
    metadata: Option<&Map<String, Value>>,
) -> Result<Option<String>, HttpError> {
    let mut sent = headers.get_all("x-cardinal-session").iter();
    let in_header = match (sent.next(), sent.next()) {
        (None, _) => None,
        (Some(session), None) => Some(session.to_str().map_err(|_| unreadable("X-Cardinal-Session"))?),
        (Some(_), Some(_)) => return Err(unreadable("X-Cardinal-Session")),
    };
    let in_metadata = match metadata.and_then(|metadata| metadata.get("session")) {
        None | Some(Value::Null) => None,
        Some(Value::String(session)) => Some(session.as_str()),
        Some(_) => return Err(unreadable("metadata.session")),
    };
    // Front ends send an empty one, or a word for nothing, where they have no conversation yet.
    let named = [in_header, in_metadata].into_iter().flatten().map(str::trim);
    let mut named = named.filter(|session| !session.is_empty() && !names_nothing(session));
    let Some(session) = named.next() else {
        return Ok(None);
    };
    if named.next().is_some_and(|other| other != session) {
        return Err(HttpError::bad_request(
            "`X-Cardinal-Session` and `metadata.session` name two sessions: send one of them",
        ));
    }
    checked_session(session)?;
    Ok(Some(session.to_owned()))
}

fn unreadable(place: &str) -> HttpError {
    HttpError::bad_request(format!(
        "`{place}` has to be one name of a session, in plain letters"
    ))
}

/// The turn of a question: in the session that is named, or in the one whose messages are those before the question.
pub(super) async fn turn_of(
    state: &SharedState,
    caller: &Requester,
    asked: ChatQuestion,
    named: Option<String>,
) -> Result<TurnRequest, HttpError> {
    let mut turn = TurnRequest {
        question: checked_question(&asked.question)?,
        principal: caller.principal.clone(),
        asker: asker(caller),
        ends_with_client: named.is_none(),
        session: named,
        bounded: caller.is_bounded(),
        message_key: Some(asked.with_question),
        said_before: said_before(asked.said.into_iter(), state.app().today()),
        ..TurnRequest::default()
    };
    let place = match &turn.session {
        None => by_messages(state, caller, asked.before).await?,
        Some(named) => in_named(state, caller, named, asked.before, asked.last_asked).await?,
    };
    match place {
        ChatPlace::Unknown => {}
        // Nothing was asked since: the session goes on.
        ChatPlace::Last { answer, session } => (turn.session, turn.last) = (Some(session), Some(answer)),
        // The conversation was edited after this answer.
        ChatPlace::Earlier { answer } => (turn.session, turn.base) = (None, Some(answer)),
        ChatPlace::Beginning => turn.session = None,
    }
    Ok(turn)
}

/// Where a question stands whose client sends what was said before it.
enum ChatPlace {
    /// The messages do not say. Where a session is named, it is behind all that was asked in that.
    Unknown,
    /// Behind this answer, the last one of its session.
    Last { answer: String, session: String },
    /// Behind this answer, after which something else was asked.
    Earlier { answer: String },
    /// Before all that was asked.
    Beginning,
}

/// Where it stands by its messages alone.
async fn by_messages(
    state: &SharedState,
    caller: &Requester,
    before: Option<blake3::Hash>,
) -> Result<ChatPlace, HttpError> {
    let Some(before) = before else {
        return Ok(ChatPlace::Unknown);
    };
    let known = state
        .store
        .answer_of_messages(&caller.principal, &before.to_hex())
        .await?;
    Ok(match known {
        Some((answer, session, true)) => ChatPlace::Last { answer, session },
        Some((answer, _, false)) => ChatPlace::Earlier { answer },
        None => {
            tracing::debug!("the messages of a conversation are not known");
            ChatPlace::Unknown
        }
    })
}

/// Where it stands in the session that it names, or in one that went on from that: what its client shows no more is not known to
/// the answer either. A client that only sends its question goes on behind all that was asked, unless it is one that sends
/// everything: then nothing was said before.
async fn in_named(
    state: &SharedState,
    caller: &Requester,
    named: &str,
    before: Option<blake3::Hash>,
    last_asked: Option<blake3::Hash>,
) -> Result<ChatPlace, HttpError> {
    let Some(session) = state.store.session(named, &caller.principal).await? else {
        return Ok(ChatPlace::Unknown);
    };
    let (Some(before), Some(last_asked)) = (before, last_asked) else {
        let is_begun_anew = state.store.was_told_messages(&session.key).await?;
        return Ok(if is_begun_anew {
            ChatPlace::Beginning
        } else {
            ChatPlace::Unknown
        });
    };
    let found = state
        .store
        .place_of_messages(&session.key, &before.to_hex(), &last_asked.to_hex())
        .await?;
    if let Some(found) = found {
        let MessagePlace {
            answer,
            session,
            is_last,
            is_over,
        } = found;
        return Ok(match (is_last, is_over) {
            (true, _) => ChatPlace::Last { answer, session },
            (false, true) => ChatPlace::Earlier { answer },
            (false, false) => ChatPlace::Unknown,
        });
    }
    // What was begun anew under a name has a session of its own, and nobody else's name.
    let apart = by_messages(state, caller, Some(before)).await?;
    Ok(match apart {
        ChatPlace::Last { ref session, .. } if is_named_here(session) => apart,
        _ => ChatPlace::Unknown,
    })
}

fn streamed(answer: &str, reader: EventReader, with_usage: bool) -> Response {
    let mut writer = ChunkWriter::new(answer, with_usage);
    let frames = frames(TurnLog::here(reader), move |_, event, out| {
        out.extend_from_slice(&writer.write(event).unwrap_or_default());
    });
    sse(told_when_cut(frames, error_frame))
}

/// The record of a turn, when it is over, and its steps in words.
async fn whole(
    state: &SharedState,
    answer: &str,
    reader: EventReader,
) -> Result<(AnswerRecord, String), HttpError> {
    let (mut reasoning, mut log) = (String::new(), TurnLog::here(reader));
    while let Some(next) = log.next().await {
        let (_, event) = next.map_err(|_| left(answer))?;
        reasoning.extend(step_in_markdown(&event));
    }
    let record = finished(state, answer, TurnLog::of(state, answer, 0)).await?;
    Ok((record, reasoning))
}
