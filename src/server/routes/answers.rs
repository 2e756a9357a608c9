//! Asking natively, and what came of it.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::accept::wants_events;
use super::body::JsonRequest;
use super::log::TurnLog;
use super::sse::{native, native_of};
use crate::server::access::{Requester, Scope};
use crate::server::bodies::EvidenceBody;
use crate::server::http_error::HttpError;
use crate::server::ids::{is_plain, name_of};
use crate::server::record::{AnswerRecord, Rating};
use crate::server::state::SharedState;
use crate::server::store::StopTarget;
use crate::server::turns::{SubmissionResult, TurnRequest};
use crate::text::is_hidden;

/// Longest question, in bytes.
const MAX_QUESTION: usize = 32 * 1024;
/// Longest key of a question, in bytes.
const MAX_KEY: usize = 255;
/// Longest comment, in bytes.
const MAX_COMMENT: usize = 8 * 1024;

/// A question.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AskBody {
    /// What is asked.
    question: String,
    /// The session it belongs to; without one, a new session begins.
    session: Option<String>,
    /// Instead of `session`: a new session begins that knows what was said up to and with this answer.
    after: Option<String>,
}

/// What a person thinks of an answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FeedbackBody {
    /// `up`, `down`, or null to take it back.
    #[serde(deserialize_with = "Option::deserialize")]
    rating: Option<Rating>,
    /// In their words.
    comment: Option<String>,
}

/// A question that may be put, without white space around it.
pub(super) fn checked_question(question: &str) -> Result<String, HttpError> {
    let question = question.trim();
    if question.chars().all(|c| c.is_whitespace() || is_hidden(c)) {
        return Err(HttpError::bad_request("`question` is empty"));
    }
    if question.len() > MAX_QUESTION {
        let detail = format!("the question is longer than {MAX_QUESTION} bytes");
        return Err(HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    Ok(question.to_owned())
}

/// Checks that a session's name may be one.
pub(super) fn checked_session(id: &str) -> Result<(), HttpError> {
    if is_plain(id) {
        return Ok(());
    }
    let detail = "a session's name has 1 to 128 letters, digits, `_`, `-`, `.` and `:`";
    Err(HttpError::bad_request(detail))
}

/// The name that a model is told of who asks.
pub(super) fn asker(caller: &Requester) -> Option<String> {
    (caller.auth != "open").then(|| caller.name.clone())
}

pub(super) async fn ask(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    headers: HeaderMap,
    JsonRequest(body): JsonRequest<AskBody>,
) -> Result<Response, HttpError> {
    let question = checked_question(&body.question)?;
    if let Some(session) = &body.session {
        checked_session(session)?;
        if body.after.is_some() {
            return Err(HttpError::bad_request("`session` and `after` exclude each other"));
        }
    }
    let key = idempotency_key(&headers)?;
    let known = match &key {
        Some(key) => state.store.answer_of_key(&caller.principal, key, None).await?,
        None => None,
    };
    if let Some(known) = &known {
        let record = own(&state, &caller, known).await?;
        same_question(&state, &caller, &record, &AskedAgain::of(&question, &body)).await?;
    }
    // What was taken stays taken, whatever has become of what it went on from.
    if known.is_none()
        && let Some(after) = &body.after
    {
        let record = own(&state, &caller, after).await?;
        if !record.status.is_over() {
            let detail = format!("{after} is not finished yet; wait for it, then ask on from it");
            return Err(HttpError::new(StatusCode::CONFLICT, "not_finished", detail));
        }
    }
    let again = AskedAgain::of(&question, &body);
    let request = TurnRequest {
        question,
        principal: caller.principal.clone(),
        asker: asker(&caller),
        // Nobody names a new session here.
        goes_on: body.session.is_some(),
        session: body.session,
        base: body.after,
        idempotency_key: key,
        bounded: caller.is_bounded(),
        ..TurnRequest::default()
    };
    let wants_events = wants_events(&headers);
    match state.turns.submit(&state, request).await? {
        SubmissionResult::Running(live, reader) => {
            let log = TurnLog::here(reader);
            let mut response = if wants_events {
                native(log)
            } else {
                Json(finished(&state, &live.id, log).await?).into_response()
            };
            name_answer(response.headers_mut(), &live.id, &live.session);
            Ok(response)
        }
        SubmissionResult::Known(id) => {
            let record = own(&state, &caller, &id).await?;
            same_question(&state, &caller, &record, &again).await?;
            let session = record.session.clone();
            let mut response = if wants_events {
                native_of(&state, &record, &headers)
            } else if record.status.is_over() {
                Json(record).into_response()
            } else {
                Json(finished(&state, &id, TurnLog::of(&state, &id, 0)).await?).into_response()
            };
            name_answer(response.headers_mut(), &id, &session);
            Ok(response)
        }
    }
}

/// What makes a question the same when it is sent again.
struct AskedAgain {
    question: String,
    session: Option<String>,
    after: Option<String>,
}

impl AskedAgain {
    fn of(question: &str, body: &AskBody) -> Self {
        Self {
            question: question.to_owned(),
            session: body.session.clone(),
            after: body.after.clone(),
        }
    }
}

/// Refuses a key that was used for another question, or for one behind another answer: whoever sends it believes that this one
/// was taken.
async fn same_question(
    state: &SharedState,
    caller: &Requester,
    record: &AnswerRecord,
    again: &AskedAgain,
) -> Result<(), HttpError> {
    let is_there = again
        .session
        .as_ref()
        .is_none_or(|session| *session == record.session);
    let base = state.store.base_of(&record.session, &caller.principal).await?;
    let is_behind = match (&again.after, &base) {
        (Some(after), Some(base)) => after == base,
        // The answer that it went on from may have been deleted since; one that is there is another.
        (Some(after), None) => state
            .store
            .answer(after, Some(&caller.principal))
            .await?
            .is_none(),
        (None, Some(_)) => again.session.is_some() || record.turn > 1,
        (None, None) => true,
    };
    if record.question == again.question && is_there && is_behind {
        return Ok(());
    }
    let detail = format!(
        "this `Idempotency-Key` was used for another question, which {} answers; send a new key with a new question",
        record.id
    );
    Err(HttpError::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "key_reused",
        detail,
    ))
}

/// The key that makes a question that is sent again the same question. One that cannot be kept is refused: whoever sends it
/// relies on it.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, HttpError> {
    let mut sent = headers.get_all("idempotency-key").iter();
    let Some(key) = sent.next() else {
        return Ok(None);
    };
    let key = key.to_str().ok().filter(|key| key.len() <= MAX_KEY);
    match (key, sent.next()) {
        // An empty header says nothing, as with sessions.
        (Some(""), None) => Ok(None),
        (Some(key), None) => Ok(Some(key.to_owned())),
        _ => Err(HttpError::bad_request(format!(
            "`Idempotency-Key` is one header of at most {MAX_KEY} visible ASCII characters"
        ))),
    }
}

/// Says which answer a response is.
pub(super) fn name_answer(headers: &mut HeaderMap, answer: &str, session: &str) {
    for (name, value) in [
        ("x-cardinal-answer", answer),
        ("x-cardinal-session", name_of(session)),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
}

/// The error of a turn that nobody waits for here any more.
pub(super) fn left(id: &str) -> HttpError {
    let detail = format!(
        "the answer is not there yet, and nobody waits for it here any more; read it with GET /v1/answers/{id}"
    );
    HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "not_finished", detail).after(5)
}

/// The record of an answer, when its turn is over.
pub(super) async fn finished(state: &SharedState, id: &str, log: TurnLog) -> Result<AnswerRecord, HttpError> {
    log.last().await.map_err(|_| left(id))?;
    let record = state.store.answer(id, None).await?;
    let record = record.map(|record| state.addresses.record(record));
    record.ok_or_else(|| HttpError::no_answer(id))
}

/// An answer of the caller, as it is told.
pub(super) async fn own(
    state: &SharedState,
    caller: &Requester,
    id: &str,
) -> Result<AnswerRecord, HttpError> {
    let record = state.store.answer(id, Some(&caller.principal)).await?;
    let record = record.map(|record| state.addresses.record(record));
    record.ok_or_else(|| HttpError::no_answer(id))
}

pub(super) async fn read(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Json<AnswerRecord>, HttpError> {
    let record = own(&state, &caller, &id).await?;
    if let Some(live) = state.turns.find(&id) {
        live.notice();
    }
    Ok(Json(record))
}

pub(super) async fn events(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, HttpError> {
    let record = own(&state, &caller, &id).await?;
    let mut response = native_of(&state, &record, &headers);
    name_answer(response.headers_mut(), &id, &record.session);
    Ok(response)
}

pub(super) async fn evidence(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Json<EvidenceBody>, HttpError> {
    let record = own(&state, &caller, &id).await?;
    let evidence = record
        .answer
        .as_ref()
        .and_then(|answer| answer.0.get("evidence").cloned());
    Ok(Json(EvidenceBody {
        evidence: evidence.unwrap_or_else(|| json!([])),
        tables: record.tables,
    }))
}

pub(super) async fn tape(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let record = own(&state, &caller, &id).await?;
    let tape = tape_of_record(&state, &record).await?;
    if caller.may(Scope::Admin) {
        return Ok(told_tape(tape));
    }
    let told = tokio::task::spawn_blocking(move || state.addresses.tape(&tape)).await;
    // It is not cancelled but by the end of the process.
    told.map(told_tape).map_err(|_| left(&id))
}

/// The tape of an answer, with all that is on it.
pub(super) async fn tape_of_record(state: &SharedState, record: &AnswerRecord) -> Result<Vec<u8>, HttpError> {
    let no_tape = || {
        let detail = format!("{} has no tape", record.id);
        HttpError::new(StatusCode::NOT_FOUND, "no_tape", detail)
    };
    if !record.status.is_over() {
        let detail = format!("{} is not finished yet", record.id);
        return Err(HttpError::new(StatusCode::CONFLICT, "not_finished", detail));
    }
    state.store.tape(&record.id).await?.ok_or_else(no_tape)
}

pub(super) fn told_tape(tape: Vec<u8>) -> Response {
    let kind = [(CONTENT_TYPE, HeaderValue::from_static("application/jsonl"))];
    (kind, tape).into_response()
}

pub(super) async fn stop(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Response, HttpError> {
    let record = own(&state, &caller, &id).await?;
    if let Some(live) = state.turns.find(&id) {
        live.cancel.cancel();
    } else if !record.status.is_over() {
        // It runs in another process, which looks for this.
        state.store.ask_to_stop(StopTarget::Answer(&id)).await?;
    }
    Ok((StatusCode::ACCEPTED, Json(record)).into_response())
}

pub(super) async fn feedback(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
    JsonRequest(body): JsonRequest<FeedbackBody>,
) -> Result<Json<AnswerRecord>, HttpError> {
    let comment = body
        .comment
        .map(|comment| comment.trim().to_owned())
        .filter(|comment| !comment.is_empty());
    if comment
        .as_ref()
        .is_some_and(|comment| comment.len() > MAX_COMMENT)
    {
        let detail = format!("the comment is longer than {MAX_COMMENT} bytes");
        return Err(HttpError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", detail));
    }
    if !state
        .store
        .rate(&id, &caller.principal, body.rating, comment)
        .await?
    {
        return Err(HttpError::no_answer(&id));
    }
    Ok(Json(own(&state, &caller, &id).await?))
}
