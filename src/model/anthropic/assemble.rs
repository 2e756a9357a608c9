use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::event::{Delta, Event, RawUsage};
use crate::model::replay::{CallIds, set};
use crate::model::{Completion, ModelEvent, StopCause, ToolCall};

/// Puts a message together from the stream's events.
#[derive(Debug)]
pub(super) struct Assembler {
    ids: CallIds,
    blocks: BTreeMap<u32, Block>,
    usage: Option<RawUsage>,
    model: Option<String>,
    stop_reason: Option<String>,
    stopped: bool,
}

/// A content block and the pieces of its input that have come so far.
#[derive(Debug)]
struct Block {
    content: Value,
    input: String,
}

impl Assembler {
    pub(super) fn new(ids: CallIds) -> Self {
        Self {
            ids,
            blocks: BTreeMap::new(),
            usage: None,
            model: None,
            stop_reason: None,
            stopped: false,
        }
    }

    /// Takes in one event; what a listener should hear of it comes back. `Err` is the provider's error.
    pub(super) fn push(&mut self, event: Event) -> Result<Option<ModelEvent>, String> {
        match event {
            Event::MessageStart { message } => {
                self.model = message.model;
                self.usage = message.usage;
            }
            Event::ContentBlockStart { index, content_block } => return Ok(self.begin(index, content_block)),
            Event::ContentBlockDelta { index, delta } => return Ok(self.grow(index, delta)),
            Event::MessageDelta { delta, usage } => {
                self.stop_reason = delta.stop_reason.or(self.stop_reason.take());
                if let Some(later) = usage {
                    self.usage = Some(self.usage.unwrap_or_default().updated(later));
                }
            }
            Event::MessageStop => self.stopped = true,
            Event::Error { error } => return Err(format!("{}: {}", error.r#type, error.message)),
            Event::Ignored => {}
        }
        Ok(None)
    }

    fn begin(&mut self, index: u32, content: Value) -> Option<ModelEvent> {
        let text_of = |key: &str| content.get(key).and_then(Value::as_str).map(str::to_owned);
        let heard = match text_of("type").as_deref() {
            Some("tool_use") => Some(ModelEvent::ToolCallStarted {
                name: text_of("name").unwrap_or_default(),
            }),
            Some("text") => text_of("text")
                .filter(|text| !text.is_empty())
                .map(ModelEvent::Text),
            _ => None,
        };
        let block = Block {
            content,
            input: String::new(),
        };
        self.blocks.insert(index, block);
        heard
    }

    fn grow(&mut self, index: u32, delta: Delta) -> Option<ModelEvent> {
        let block = self.blocks.entry(index).or_insert_with(|| Block {
            content: json!({"type": "text", "text": ""}),
            input: String::new(),
        });
        match delta {
            Delta::Text { text } => {
                append(&mut block.content, "text", &text);
                return Some(ModelEvent::Text(text));
            }
            Delta::InputJson { partial_json } => {
                block.input += &partial_json;
                return Some(ModelEvent::Unheard(partial_json.len()));
            }
            Delta::Thinking { thinking } => {
                append(&mut block.content, "thinking", &thinking);
                return Some(ModelEvent::Unheard(thinking.len()));
            }
            Delta::Signature { signature } => append(&mut block.content, "signature", &signature),
            Delta::Ignored => {}
        }
        None
    }

    /// Whether the message's own end was seen.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// The completion. `asked` names it when the provider did not.
    pub(super) fn complete(mut self, asked: &str) -> Completion {
        let mut text = String::new();
        let mut tool_calls = Vec::new();
        let mut content = Vec::new();
        let mut keep = false;
        for block in std::mem::take(&mut self.blocks).into_values() {
            let mut sent_back = block.content;
            match sent_back.get("type").and_then(Value::as_str) {
                Some("text") => text += text_at(&sent_back, "text"),
                Some("tool_use") => {
                    let call = self.call(&sent_back, block.input);
                    let object = serde_json::from_str::<Value>(&call.arguments)
                        .ok()
                        .filter(Value::is_object);
                    set(&mut sent_back, "input", object.unwrap_or_else(|| json!({})));
                    set(&mut sent_back, "id", json!(call.id));
                    tool_calls.push(call);
                }
                _ => keep = true,
            }
            content.push(sent_back);
        }
        // Empty text blocks come from some servers and are refused when they are sent back.
        content
            .retain(|block| block.get("type") != Some(&json!("text")) || !text_at(block, "text").is_empty());
        let stop = self.stop(!tool_calls.is_empty());
        Completion {
            text,
            tool_calls,
            opaque: keep.then(|| json!({ "anthropic": content })),
            stop,
            usage: self.usage.map(RawUsage::normalised),
            model: self
                .model
                .filter(|model| !model.is_empty())
                .unwrap_or_else(|| asked.to_owned()),
        }
    }

    fn call(&mut self, block: &Value, streamed: String) -> ToolCall {
        let arguments = match block.get("input") {
            _ if !streamed.trim().is_empty() => streamed,
            Some(input) if !input.is_null() => input.to_string(),
            _ => "{}".to_owned(),
        };
        ToolCall {
            id: self.ids.assign(text_at(block, "id")),
            name: text_at(block, "name").to_owned(),
            arguments,
        }
    }

    fn stop(&self, calls: bool) -> StopCause {
        match self.stop_reason.as_deref() {
            Some("max_tokens" | "model_context_window_exceeded") => StopCause::Length,
            Some("refusal") => StopCause::Refusal,
            _ if calls => StopCause::ToolCalls,
            None | Some("end_turn" | "stop_sequence" | "tool_use") => StopCause::End,
            Some(other) => StopCause::Other(other.to_owned()),
        }
    }
}

fn text_at<'a>(block: &'a Value, key: &str) -> &'a str {
    block.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn append(content: &mut Value, key: &str, more: &str) {
    if let Some(object) = content.as_object_mut() {
        match object.get_mut(key) {
            Some(Value::String(text)) => text.push_str(more),
            _ => {
                object.insert(key.to_owned(), Value::String(more.to_owned()));
            }
        }
    }
}
