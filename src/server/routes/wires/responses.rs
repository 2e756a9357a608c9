//! `POST /v1/responses`: the part of OpenAI's Responses API that clients need which speak nothing else.

use std::fmt::Write as _;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::chat::{named_session, turn_of};
use super::chat_chunks::{MODEL, error_frame};
use super::chat_messages::{ChatMessage, no_tools, none_of, plain_text_wanted, question_of};
use super::plain_text::{AnswerEnding, extra, inert, sources, tokens, why_not};
use crate::server::access::Requester;
use crate::server::event::TurnEvent;
use crate::server::http_error::HttpError;
use crate::server::record::{AnswerBody, AnswerRecord, AnswerStatus, spoken_text};
use crate::server::routes::answers::{finished, name_answer, own};
use crate::server::routes::body::JsonRequest;
use crate::server::routes::log::TurnLog;
use crate::server::routes::sse::{frames, stream as sse, told_when_cut};
use crate::server::state::SharedState;
use crate::server::turns::{EventReader, SubmissionResult};

/// How ids of responses begin; the rest is the answer's.
const PREFIX: &str = "resp_";
/// How ids of messages begin.
const MESSAGE: &str = "msg_";

/// A request, as far as it means something here. What is null is as if it were not there.
#[derive(Debug, Deserialize, JsonSchema)]
pub(in crate::server::routes) struct ResponsesRequest {
    /// The question, or the conversation up to it.
    #[schemars(with = "ResponsesInput")]
    input: Value,
    /// Whether the answer comes as events.
    stream: Option<bool>,
    /// The response that this one goes on from.
    previous_response_id: Option<String>,
    /// `session` names the session.
    metadata: Option<Map<String, Value>>,
    /// Has to be empty: Cardinal runs tools of its own.
    tools: Option<Vec<Value>>,
    /// Has to be false: an answer that nobody waits for is asked for with `POST /v1/answers`.
    background: Option<bool>,
    /// Its `format` has to be `text`.
    text: Option<Map<String, Value>>,
    /// Has to be null: a conversation is named with `metadata.session`.
    conversation: Option<Value>,
    /// Has to be null: nothing is kept at OpenAI.
    prompt: Option<Value>,
}

impl ResponsesRequest {
    /// Checks that nothing is asked for that is not done here.
    fn check(&self) -> Result<(), HttpError> {
        no_tools("tools", self.tools.as_deref())?;
        if self.background.unwrap_or_default() {
            return Err(HttpError::bad_request(
                "`background` is not done here: a turn goes on for a while when its client hangs up, and POST /v1/answers with \
                 GET /v1/answers/ID reads it later",
            ));
        }
        if self.conversation.is_some() {
            return Err(HttpError::bad_request(
                "`conversation` is not known here: name the conversation with `metadata.session` or X-Cardinal-Session",
            ));
        }
        none_of(&[("prompt", self.prompt.is_some())])?;
        let format = self.text.as_ref().and_then(|text| text.get("format"));
        plain_text_wanted("text.format", format.filter(|format| !format.is_null()))
    }
}

#[derive(Debug, JsonSchema)]
#[schemars(untagged)]
enum ResponsesInput {
    Text(String),
    Items(Vec<ChatMessage>),
}

impl ResponsesInput {
    fn of(input: Value) -> Result<Self, HttpError> {
        match input {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Array(_) => {
                let items = serde_json::from_value(input);
                let items = items
                    .map_err(|error| HttpError::bad_request(format!("`input` cannot be read: {error}")))?;
                Ok(Self::Items(items))
            }
            _ => Err(HttpError::bad_request("`input` is a text or a list of messages")),
        }
    }
}

pub(in crate::server::routes) async fn respond(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    headers: HeaderMap,
    JsonRequest(request): JsonRequest<ResponsesRequest>,
) -> Result<Response, HttpError> {
    request.check()?;
    let messages = match ResponsesInput::of(request.input)? {
        ResponsesInput::Text(text) => vec![ChatMessage::of("user", text)],
        ResponsesInput::Items(items) => whole_items(&state, &caller, items).await?,
    };
    let asked = question_of(&messages)?;
    let named = named_session(&headers, request.metadata.as_ref())?;
    let mut turn = turn_of(&state, &caller, asked, named.clone()).await?;
    if let Some(previous) = &request.previous_response_id {
        let id = previous.strip_prefix(PREFIX).unwrap_or(previous);
        let before = own(&state, &caller, id).await?;
        let session = state.store.session(&before.session, &caller.principal).await?;
        if let (Some(named), Some(session)) = (&named, &session) {
            same_session(&state, &caller, named, &session.key).await?;
        }
        let is_last = session.is_some_and(|session| session.turns == before.turn);
        // One that is the last of its session is waited for in the queue of that.
        if !is_last && !before.status.is_over() {
            let detail = format!("{previous} is not finished yet; wait for it, then go on from it");
            return Err(HttpError::new(StatusCode::CONFLICT, "not_finished", detail));
        }
        (turn.session, turn.last, turn.base) = if is_last {
            (Some(before.session), Some(before.id), None)
        } else {
            (None, None, Some(before.id))
        };
        turn.ends_with_client = false;
    }
    let SubmissionResult::Running(live, reader) = state.turns.submit(&state, turn).await? else {
        return Err(HttpError::bad_request("the question was asked before"));
    };
    let previous = request.previous_response_id;
    let mut response = if request.stream.unwrap_or_default() {
        streamed(&live.id, reader, previous)
    } else {
        let record = finished(&state, &live.id, TurnLog::here(reader)).await?;
        if record.status != AnswerStatus::Finished {
            let detail = why_not(&record);
            return Err(HttpError::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                detail,
            ));
        }
        Json(whole(&record, previous.as_deref())).into_response()
    };
    name_answer(response.headers_mut(), &live.id, &live.session);
    Ok(response)
}

/// Refuses a request that names one session, and goes on from a response of another.
async fn same_session(
    state: &SharedState,
    caller: &Requester,
    named: &str,
    session: &str,
) -> Result<(), HttpError> {
    let known = state.store.session(named, &caller.principal).await?;
    let is_same = match known {
        Some(known) => state.store.went_on_from(session, &known.key).await?,
        None => false,
    };
    if is_same {
        return Ok(());
    }
    Err(HttpError::bad_request(
        "`previous_response_id` is of another session than the one that is named: leave out the name, or send that of the response",
    ))
}

/// The items of a conversation, with the messages that some of them only name: a client may send what was answered here by its id.
async fn whole_items(
    state: &SharedState,
    caller: &Requester,
    mut items: Vec<ChatMessage>,
) -> Result<Vec<ChatMessage>, HttpError> {
    for item in &mut items {
        if item.kind.as_deref() != Some("item_reference") {
            continue;
        }
        let id = item.id.as_deref().unwrap_or_default();
        let record = own(state, caller, id.strip_prefix(MESSAGE).unwrap_or(id)).await?;
        *item = ChatMessage::of(
            "assistant",
            record.answer.as_ref().map(spoken_text).unwrap_or_default(),
        );
    }
    Ok(items)
}

/// The response object, as it stands.
fn object(id: &str, status: &str, output: &Value, previous: Option<&str>) -> Value {
    json!({
        "id": format!("{PREFIX}{id}"), "object": "response", "created_at": jiff::Timestamp::now().as_second(),
        "status": status, "error": null, "incomplete_details": null, "instructions": null, "metadata": {},
        "model": MODEL, "output": output, "parallel_tool_calls": false, "previous_response_id": previous,
        "temperature": null, "tool_choice": "none", "tools": [], "top_p": null,
    })
}

fn part(record: &AnswerRecord, answer: &AnswerBody) -> Value {
    let cited = sources(record).into_iter().map(|(url, title)| {
        json!({"type": "url_citation", "url": url, "title": inert(&title), "start_index": 0, "end_index": 0})
    });
    let cited: Vec<Value> = cited.collect();
    json!({"type": "output_text", "text": spoken_text(answer), "annotations": cited, "logprobs": []})
}

fn item(id: &str, status: &str, content: &Value) -> Value {
    json!({"type": "message", "id": format!("{MESSAGE}{id}"), "status": status, "role": "assistant", "content": content})
}

fn whole(record: &AnswerRecord, previous: Option<&str>) -> Value {
    let Some(answer) = &record.answer else {
        return object(&record.id, "failed", &json!([]), previous);
    };
    let (status, why) = match AnswerEnding::of(answer) {
        AnswerEnding::Whole => ("completed", None),
        AnswerEnding::Cut => ("incomplete", Some("max_output_tokens")),
        AnswerEnding::Withheld => ("incomplete", Some("content_filter")),
        AnswerEnding::Failed => ("failed", None),
    };
    let item_status = if status == "completed" {
        status
    } else {
        "incomplete"
    };
    let output = json!([item(&record.id, item_status, &json!([part(record, answer)]))]);
    let mut response = object(&record.id, status, &output, previous);
    let (input, cached, output) = tokens(answer);
    if let Some(map) = response.as_object_mut() {
        let usage = json!({
            "input_tokens": input, "input_tokens_details": {"cached_tokens": cached}, "output_tokens": output,
            "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": input + output,
        });
        map.insert("usage".to_owned(), usage);
        map.insert("cardinal".to_owned(), extra(record));
        if let Some(why) = why {
            map.insert("incomplete_details".to_owned(), json!({ "reason": why }));
        }
        if status == "failed" {
            let message = Some(answer.text("stop_detail")).filter(|detail| !detail.is_empty());
            let message = message.unwrap_or("the model or the data source failed");
            map.insert(
                "error".to_owned(),
                json!({"code": "server_error", "message": message}),
            );
        }
    }
    response
}

/// Writes the events of a turn as the events of one response.
struct ResponseWriter {
    id: String,
    previous: Option<String>,
    number: u64,
    out: String,
}

impl ResponseWriter {
    fn event(&mut self, kind: &str, fields: &Value) {
        let mut event = fields.clone();
        if let Some(map) = event.as_object_mut() {
            map.insert("type".to_owned(), json!(kind));
            map.insert("sequence_number".to_owned(), json!(self.number));
        }
        self.number += 1;
        // Writing to a string does not fail.
        let _ = write!(self.out, "event: {kind}\ndata: {event}\n\n");
    }

    fn write(&mut self, event: &TurnEvent) -> Option<Bytes> {
        match event {
            TurnEvent::Started { .. } => {
                let begun = object(&self.id, "in_progress", &json!([]), self.previous.as_deref());
                self.event("response.created", &json!({ "response": begun }));
                self.event("response.in_progress", &json!({ "response": begun }));
            }
            TurnEvent::Answer(record) => self.answer(record),
            _ => {}
        }
        let out = std::mem::take(&mut self.out);
        (!out.is_empty()).then(|| Bytes::from(out))
    }

    fn answer(&mut self, record: &AnswerRecord) {
        let Some(answer) = record.finished() else {
            let mut failed = object(&self.id, "failed", &json!([]), self.previous.as_deref());
            if let Some(map) = failed.as_object_mut() {
                map.insert(
                    "error".to_owned(),
                    json!({"code": "server_error", "message": why_not(record)}),
                );
            }
            self.event("response.failed", &json!({ "response": failed }));
            return;
        };
        let (id, text) = (self.id.clone(), spoken_text(answer));
        let place = json!({"item_id": format!("{MESSAGE}{id}"), "output_index": 0, "content_index": 0});
        let placed = |more: Value| {
            let mut all = place.clone();
            if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
                all.extend(more);
            }
            all
        };
        let begun = item(&id, "in_progress", &json!([]));
        self.event(
            "response.output_item.added",
            &json!({"output_index": 0, "item": begun}),
        );
        let empty = json!({"type": "output_text", "text": "", "annotations": [], "logprobs": []});
        self.event("response.content_part.added", &placed(json!({ "part": empty })));
        for piece in text.split_inclusive('\n') {
            self.event(
                "response.output_text.delta",
                &placed(json!({"delta": piece, "logprobs": []})),
            );
        }
        self.event(
            "response.output_text.done",
            &placed(json!({"text": text, "logprobs": []})),
        );
        let part = part(record, answer);
        self.event("response.content_part.done", &placed(json!({ "part": part })));
        let response = whole(record, self.previous.as_deref());
        let done = response.pointer("/output/0").cloned().unwrap_or_default();
        self.event(
            "response.output_item.done",
            &json!({"output_index": 0, "item": done}),
        );
        let status = response.get("status").and_then(Value::as_str).unwrap_or("failed");
        self.event(&format!("response.{status}"), &json!({ "response": response }));
    }
}

fn streamed(answer: &str, reader: EventReader, previous: Option<String>) -> Response {
    let mut writer = ResponseWriter {
        id: answer.to_owned(),
        previous,
        number: 0,
        out: String::new(),
    };
    let frames = frames(TurnLog::here(reader), move |_, event, out| {
        out.extend_from_slice(&writer.write(event).unwrap_or_default());
    });
    sse(told_when_cut(frames, error_frame))
}
