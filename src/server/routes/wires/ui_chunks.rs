//! The UI message stream of the AI SDK, versions 5, 6 and 7.
//!
//! A chunk of an unknown type kills the client's stream, so everything of ours is a `data-…` part. Tool chunks are
//! `dynamic` and `providerExecuted`: without the second, some clients post again by themselves, for ever.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bytes::Bytes;
use serde_json::{Value, json};

use super::plain_text::{AnswerEnding, extra, sources, step_in_words, why_not};
use crate::agent::CallStatus;
use crate::server::event::TurnEvent;
use crate::server::record::{AnswerRecord, AnswerStatus, spoken_text};

/// Writes the events of a turn as chunks of one message.
#[derive(Debug, Default)]
pub(super) struct UiWriter {
    begun: BTreeSet<u32>,
    in_step: bool,
    out: String,
}

/// An error in the middle of a stream.
pub(super) fn error_chunk(detail: &str) -> String {
    format!("data: {}\n\n", json!({"type": "error", "errorText": detail}))
}

impl UiWriter {
    fn chunk(&mut self, chunk: &Value) {
        // Writing to a string does not fail.
        let _ = write!(self.out, "data: {chunk}\n\n");
    }

    /// A part of ours. One with an id is replaced by a later one of the same id.
    fn part(&mut self, name: &str, id: &str, data: &Value) {
        self.chunk(&json!({"type": format!("data-{name}"), "id": id, "data": data}));
    }

    fn begin_step(&mut self) {
        self.end_step();
        self.in_step = true;
        self.chunk(&json!({"type": "start-step"}));
    }

    fn end_step(&mut self) {
        if std::mem::take(&mut self.in_step) {
            self.chunk(&json!({"type": "finish-step"}));
        }
    }

    fn tool(&mut self, call: u32, tool: &str, title: &str, input: &Value) {
        if self.begun.insert(call) {
            self.chunk(&json!({
                "type": "tool-input-available", "toolCallId": call_id(call), "toolName": tool, "title": title,
                "input": input, "dynamic": true, "providerExecuted": true,
            }));
        }
    }

    /// The chunks that tell an event; `None` for what this protocol has no place for.
    pub(super) fn write(&mut self, event: &TurnEvent) -> Option<Bytes> {
        if let Some(text) = step_in_words(event) {
            let progress = json!({
                "type": "data-progress", "id": "progress", "data": {"text": text.trim()}, "transient": true,
            });
            self.chunk(&progress);
        }
        match event {
            TurnEvent::Started { answer, session, .. } => {
                let metadata = json!({"answer": answer, "session": session});
                self.chunk(&json!({"type": "start", "messageId": answer, "messageMetadata": metadata}));
            }
            TurnEvent::Step { .. } => self.begin_step(),
            TurnEvent::ToolStarted(start) => {
                self.tool(start.call, &start.tool, &start.summary, &start.arguments);
            }
            TurnEvent::ToolFinished {
                call,
                tool,
                status,
                rows,
                note,
                ..
            } => {
                self.tool(*call, tool, tool, &json!({}));
                let id = call_id(*call);
                if matches!(status, CallStatus::Ok | CallStatus::ServedFromTurn) {
                    let output = json!({"status": status, "rows": rows});
                    self.chunk(&json!({
                        "type": "tool-output-available", "toolCallId": id, "output": output, "dynamic": true,
                        "providerExecuted": true,
                    }));
                } else {
                    self.chunk(&json!({
                        "type": "tool-output-error", "toolCallId": id, "errorText": note.as_deref().unwrap_or("failed"),
                        "dynamic": true, "providerExecuted": true,
                    }));
                }
            }
            TurnEvent::Table(table) => self.part("table", &table.result, &json!(table)),
            TurnEvent::Chart(chart) => self.part("chart", &format!("chart-{}", chart.result), &json!(chart)),
            TurnEvent::Answer(record) => self.answer(record),
            TurnEvent::Done {
                status: AnswerStatus::Finished,
            } => self.out.push_str("data: [DONE]\n\n"),
            _ => {}
        }
        let out = std::mem::take(&mut self.out);
        (!out.is_empty()).then(|| Bytes::from(out))
    }

    fn answer(&mut self, record: &AnswerRecord) {
        let Some(answer) = record.finished() else {
            self.end_step();
            self.out.push_str(&error_chunk(&why_not(record)));
            return;
        };
        // It belongs to the step of the completion that wrote it, where there was one.
        if !self.in_step {
            self.begin_step();
        }
        let id = format!("text-{}", record.id);
        self.chunk(&json!({"type": "text-start", "id": id}));
        for piece in spoken_text(answer).split_inclusive('\n') {
            self.chunk(&json!({"type": "text-delta", "id": id, "delta": piece}));
        }
        self.chunk(&json!({"type": "text-end", "id": id}));
        for (url, title) in sources(record) {
            self.chunk(&json!({"type": "source-url", "sourceId": url, "url": url, "title": title}));
        }
        let field = |key: &str| answer.0.get(key).cloned().unwrap_or_default();
        let list = |key: &str| answer.0.get(key).cloned().unwrap_or_else(|| json!([]));
        let evidence = json!({
            "evidence": list("evidence"), "earlier_results": list("earlier_results"), "figures": list("figures"),
        });
        self.part("evidence", "evidence", &evidence);
        self.part("answer", "answer", &extra(record));
        if !record.follow_ups.is_empty() {
            self.part("follow-ups", "follow-ups", &json!(record.follow_ups));
        }
        self.end_step();
        let finish = match AnswerEnding::of(answer) {
            AnswerEnding::Whole => "stop",
            AnswerEnding::Cut => "length",
            AnswerEnding::Withheld => "content-filter",
            AnswerEnding::Failed => "error",
        };
        let at = |pointer: &str| answer.0.pointer(pointer).cloned().unwrap_or_default();
        let metadata = json!({
            "answer": record.id, "session": record.session, "outcome": field("outcome"),
            "stop_reason": field("stop_reason"), "cost_usd": at("/usage/cost_usd"), "total_ms": at("/timings/total_ms"),
        });
        self.chunk(&json!({"type": "finish", "finishReason": finish, "messageMetadata": metadata}));
    }
}

fn call_id(call: u32) -> String {
    format!("call-{call}")
}
