//! Chat completions as they are written: whole, or in chunks.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::plain_text::{AnswerEnding, extra, inert, sources, step_in_markdown, tokens, why_not};
use crate::server::event::TurnEvent;
use crate::server::http_error::{HttpError, openai_body};
use crate::server::record::{AnswerBody, AnswerRecord, AnswerStatus, spoken_text};

/// The name of the one model.
pub(super) const MODEL: &str = "cardinal";

/// Writes the events of a turn as chunks of one completion.
#[derive(Debug)]
pub(super) struct ChunkWriter {
    id: String,
    created: i64,
    with_usage: bool,
    begun: bool,
}

fn data(value: &Value) -> String {
    format!("data: {value}\n\n")
}

fn finish_reason(answer: &AnswerBody) -> &'static str {
    match AnswerEnding::of(answer) {
        AnswerEnding::Whole => "stop",
        AnswerEnding::Withheld => "content_filter",
        // This protocol has no word for a failure: a client must not take what is there for whole.
        AnswerEnding::Cut | AnswerEnding::Failed => "length",
    }
}

fn usage(answer: &AnswerBody) -> Value {
    let (input, cached, output) = tokens(answer);
    json!({
        "prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output,
        "prompt_tokens_details": {"cached_tokens": cached},
    })
}

fn annotations(record: &AnswerRecord) -> Value {
    let all = sources(record).into_iter().map(|(url, title)| {
        json!({"type": "url_citation", "url_citation": {"url": url, "title": inert(&title), "start_index": 0, "end_index": 0}})
    });
    all.collect()
}

/// An error in the middle of a stream. It is the end of it: nothing says that the stream came to its end.
pub(super) fn error_frame(detail: &str) -> Bytes {
    let error = HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail);
    Bytes::from(format!("data: {}\n\n", openai_body(&error)))
}

impl ChunkWriter {
    pub(super) fn new(id: &str, with_usage: bool) -> Self {
        Self {
            id: format!("chatcmpl-{id}"),
            created: jiff::Timestamp::now().as_second(),
            with_usage,
            begun: false,
        }
    }

    fn chunk(&self, delta: &Value, finish: Option<&str>, cardinal: Option<Value>) -> String {
        let mut chunk = json!({
            "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        });
        if let (Some(map), Some(cardinal)) = (chunk.as_object_mut(), cardinal) {
            map.insert("cardinal".to_owned(), cardinal);
        }
        data(&chunk)
    }

    /// The chunks that tell an event; `None` for what this protocol has no place for.
    pub(super) fn write(&mut self, event: &TurnEvent) -> Option<Bytes> {
        let mut text = String::new();
        if !self.begun {
            self.begun = true;
            text.push_str(&self.chunk(&json!({"role": "assistant", "content": ""}), None, None));
        }
        if let Some(step) = step_in_markdown(event) {
            let told = json!({ "event": event });
            text.push_str(&self.chunk(&json!({ "reasoning_content": step }), None, Some(told)));
        }
        match event {
            TurnEvent::Answer(record) => self.write_answer(record, &mut text),
            TurnEvent::Done {
                status: AnswerStatus::Finished,
            } => text.push_str("data: [DONE]\n\n"),
            _ => {}
        }
        (!text.is_empty()).then(|| Bytes::from(text))
    }

    fn write_answer(&self, record: &AnswerRecord, text: &mut String) {
        let Some(answer) = record.finished() else {
            text.push_str(&String::from_utf8_lossy(&error_frame(&why_not(record))));
            return;
        };
        for piece in spoken_text(answer).split_inclusive('\n') {
            text.push_str(&self.chunk(&json!({ "content": piece }), None, None));
        }
        let cited = annotations(record);
        if cited.as_array().is_some_and(|cited| !cited.is_empty()) {
            text.push_str(&self.chunk(&json!({ "annotations": cited }), None, None));
        }
        text.push_str(&self.chunk(&json!({}), Some(finish_reason(answer)), Some(extra(record))));
        if self.with_usage {
            let last = json!({
                "id": self.id, "object": "chat.completion.chunk", "created": self.created, "model": MODEL,
                "choices": [], "usage": usage(answer),
            });
            text.push_str(&data(&last));
        }
    }
}

/// A whole completion; an error when there is no answer.
pub(super) fn completion(record: &AnswerRecord, reasoning: &str) -> Result<Value, HttpError> {
    let answer = record
        .finished()
        .ok_or_else(|| HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", why_not(record)))?;
    let mut message = json!({
        "role": "assistant", "content": spoken_text(answer), "refusal": null, "annotations": annotations(record),
    });
    if let Some(map) = message.as_object_mut()
        && !reasoning.is_empty()
    {
        map.insert("reasoning_content".to_owned(), json!(reasoning));
    }
    Ok(json!({
        "id": format!("chatcmpl-{}", record.id), "object": "chat.completion",
        "created": jiff::Timestamp::now().as_second(), "model": MODEL,
        "choices": [{"index": 0, "message": message, "logprobs": null, "finish_reason": finish_reason(answer)}],
        "usage": usage(answer),
        "cardinal": extra(record),
    }))
}

/// A completion of a text that no model wrote.
pub(super) fn plain_completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-background", "object": "chat.completion",
        "created": jiff::Timestamp::now().as_second(), "model": MODEL,
        "choices": [{
            "index": 0, "message": {"role": "assistant", "content": text, "refusal": null}, "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    })
}

/// The same as a stream.
pub(super) fn plain_stream(text: &str) -> String {
    let writer = ChunkWriter::new("background", false);
    let said = writer.chunk(&json!({"role": "assistant", "content": text}), None, None);
    said + &writer.chunk(&json!({}), Some("stop"), None) + "data: [DONE]\n\n"
}
