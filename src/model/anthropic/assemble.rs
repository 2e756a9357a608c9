use serde_json::{Value, json};

use super::blocks::ContentBlocks;
use super::event::{MessagesEvent, MessagesUsage};
use crate::model::arguments;
use crate::model::ending::{EndWatch, Grace};
use crate::model::finish::FinishKind;
use crate::model::pieces::Doubt;
use crate::model::replay::{CallIds, set};
use crate::model::tool_names::ToolNames;
use crate::model::{Completion, ModelEvent, StopCause, ToolCall};

/// Fields of text blocks and of calls that are known here. A message whose blocks have others goes back as it came.
const KNOWN: [&str; 5] = ["type", "text", "id", "name", "input"];

/// Puts a message together from the stream's events.
#[derive(Debug)]
pub(super) struct MessagesAssembler {
    ids: CallIds,
    names: ToolNames,
    blocks: ContentBlocks,
    usage: Option<MessagesUsage>,
    model: Option<String>,
    id: Option<String>,
    stop_reason: Option<String>,
    end: EndWatch,
    stopped: bool,
}

impl MessagesAssembler {
    pub(super) fn new(ids: CallIds, names: ToolNames) -> Self {
        Self {
            ids,
            names,
            blocks: ContentBlocks::default(),
            usage: None,
            model: None,
            id: None,
            stop_reason: None,
            end: EndWatch::default(),
            stopped: false,
        }
    }

    /// Takes in one event; what a listener should hear of it is pushed to `heard`. Gives back whether it may be a piece of the
    /// message that could not be read. `Err` is the provider's error.
    pub(super) fn push(
        &mut self,
        event: MessagesEvent,
        heard: &mut Vec<ModelEvent>,
    ) -> Result<Doubt, String> {
        match event {
            MessagesEvent::Start {
                model,
                id,
                blocks,
                stop_reason,
                usage,
            } => {
                self.usage = usage;
                self.begin_message((model, id), blocks, heard);
                if stop_reason.is_some() && self.has_begun() {
                    self.end(stop_reason, None);
                }
            }
            MessagesEvent::BlockStart { index, block } => self.begin(index, block, heard),
            MessagesEvent::BlockDelta { index, delta } => return Ok(self.grow(index, &delta, heard)),
            MessagesEvent::BlockStop { index } => self.blocks.end(index),
            MessagesEvent::MessageDelta { stop_reason, usage } => self.end(stop_reason, usage),
            MessagesEvent::Stop => self.stopped = true,
            MessagesEvent::Whole {
                model,
                id,
                blocks,
                stop_reason,
                usage,
            } => {
                self.begin_message((model, id), blocks, heard);
                self.end(stop_reason, usage);
                self.stopped = true;
            }
            MessagesEvent::Failed(error) => return Err(error.message),
            MessagesEvent::Unread(doubt) => return Ok(doubt),
            MessagesEvent::Ignored => {}
        }
        Ok(Doubt::None)
    }

    /// A message begins, with what of it has come.
    fn begin_message(
        &mut self,
        (model, id): (Option<String>, Option<String>),
        blocks: Vec<Value>,
        heard: &mut Vec<ModelEvent>,
    ) {
        (self.model, self.id) = (model, id);
        for (index, block) in (0..).zip(blocks) {
            self.begin(index, block, heard);
        }
    }

    fn end(&mut self, stop_reason: Option<String>, usage: Option<MessagesUsage>) {
        if stop_reason.is_some() {
            // The message's own end is still to come, and some gateways give a reason with every piece.
            self.end.give_reason(true, true);
        }
        if !self.stop_reason.as_deref().is_some_and(FinishKind::cuts) {
            self.stop_reason = stop_reason.or(self.stop_reason.take());
        }
        if let Some(later) = usage {
            self.usage = Some(self.usage.unwrap_or_default().updated(later));
        }
    }

    fn begin(&mut self, index: u64, mut content: Value, heard: &mut Vec<ModelEvent>) {
        // A tool of ours is called, whatever kind of tool a gateway takes it for.
        if text_at(&content, "type").ends_with("_tool_use") && self.names.has(text_at(&content, "name")) {
            set(&mut content, "type", "tool_use".into());
        }
        let (kind, name, said) = (
            text_at(&content, "type").to_owned(),
            text_at(&content, "name").to_owned(),
            text_at(&content, "text").to_owned(),
        );
        if !self.blocks.begin(index, content) {
            return;
        }
        self.end.say();
        match kind.as_str() {
            "tool_use" => heard.push(ModelEvent::ToolCallStarted {
                name: self.names.plain(&name),
            }),
            "text" if !said.is_empty() => heard.push(ModelEvent::Text(said)),
            _ => {}
        }
    }

    fn grow(&mut self, index: u64, delta: &Value, heard: &mut Vec<ModelEvent>) -> Doubt {
        let kind = text_at(delta, "type");
        let Some(block) = self.blocks.growing(index, kind) else {
            // Arguments of a call that never began.
            return match text_at(delta, "partial_json").trim() {
                "" => Doubt::None,
                _ => Doubt::Words,
            };
        };
        self.end.say();
        for (key, more) in delta.as_object().into_iter().flatten() {
            let Some(more) = more.as_str().filter(|_| key != "type") else {
                continue;
            };
            match (kind, key.as_str()) {
                ("input_json_delta", _) => {
                    block.input += more;
                    heard.push(ModelEvent::Unheard(more.len()));
                }
                (_, "text") => {
                    append(&mut block.content, key, more);
                    heard.push(ModelEvent::Text(more.to_owned()));
                }
                // Thoughts, signatures, and what comes next: it grows, and goes back.
                _ => {
                    append(&mut block.content, key, more);
                    heard.push(ModelEvent::Unheard(more.len()));
                }
            }
        }
        Doubt::None
    }

    /// Whether anything of the message has come.
    pub(super) fn has_begun(&self) -> bool {
        !self.blocks.is_empty()
    }

    /// Whether nothing came, and nothing was said of why.
    pub(super) fn is_wordless(&self) -> bool {
        !self.has_begun() && self.stop_reason.as_deref().is_none_or(FinishKind::is_good)
    }

    /// Whether the provider said why the message ends.
    pub(super) fn is_finished(&self) -> bool {
        self.stop_reason.is_some()
    }

    /// Whether nothing can be missing, whatever happens to the connection.
    pub(super) fn is_whole(&self) -> bool {
        self.end.is_whole()
    }

    /// How long a server that said why the message ends is still listened to.
    pub(super) fn grace(&self) -> Option<Grace> {
        self.end.grace()
    }

    /// Whether the message's own end was seen.
    pub(super) fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// Whether words stopped without a reason. Calls that came whole are whole.
    pub(super) fn is_unexplained(&self) -> bool {
        self.stop_reason.is_none() && !self.blocks.has_calls()
    }

    /// The reason with which the server cut the message, if it is one that no good ending has.
    pub(super) fn cut(&self) -> Option<&str> {
        let reason = self.stop_reason.as_deref()?;
        (!self.blocks.has_calls() && FinishKind::of(reason) == FinishKind::Unknown).then_some(reason)
    }

    /// The completion. `asked` names its model when the provider did not.
    pub(super) fn complete(mut self, asked: &str) -> Completion {
        let (mut text, mut reasoning) = (String::new(), String::new());
        let mut tool_calls = Vec::new();
        let mut content = Vec::new();
        let mut keep = false;
        for block in self.blocks.take_once() {
            let mut sent_back = block.content;
            match text_at(&sent_back, "type") {
                "text" => text += text_at(&sent_back, "text"),
                "tool_use" => {
                    let call = self.call(&sent_back, block.input);
                    let object = serde_json::from_str::<Value>(&call.arguments)
                        .ok()
                        .filter(Value::is_object);
                    set(&mut sent_back, "input", object.unwrap_or_else(|| json!({})));
                    set(&mut sent_back, "id", json!(call.id));
                    tool_calls.push(call);
                }
                "thinking" => {
                    reasoning += text_at(&sent_back, "thinking");
                    keep = true;
                }
                _ => keep = true,
            }
            let fields = sent_back.as_object().into_iter().flatten();
            keep |= fields
                .filter(|(_, value)| !value.is_null() && **value != json!([]))
                .any(|(key, _)| !KNOWN.contains(&key.as_str()));
            content.push(sent_back);
        }
        // Empty text blocks come from some servers and are refused when they are sent back.
        content
            .retain(|block| block.get("type") != Some(&json!("text")) || !text_at(block, "text").is_empty());
        let stop = match self.stop(!tool_calls.is_empty()) {
            StopCause::Refusal if !text.trim().is_empty() => StopCause::Withheld,
            stop => stop,
        };
        Completion {
            text,
            reasoning,
            tool_calls,
            opaque: keep.then(|| json!({ "anthropic": content })),
            stop,
            usage: self.usage.map(MessagesUsage::normalised),
            model: self.model.unwrap_or_else(|| asked.to_owned()),
            id: self.id.map(String::into_boxed_str),
        }
    }

    fn call(&mut self, block: &Value, streamed: String) -> ToolCall {
        let written = match block.get("input") {
            _ if !streamed.trim().is_empty() => streamed,
            Some(input) if !input.is_null() => input.to_string(),
            _ => "{}".to_owned(),
        };
        ToolCall {
            id: self.ids.assign(text_at(block, "id")),
            name: self.names.plain(text_at(block, "name")),
            arguments: arguments::plain(&written),
        }
    }

    fn stop(&self, calls: bool) -> StopCause {
        match self.stop_reason.as_deref().map(FinishKind::of) {
            Some(FinishKind::Length) => StopCause::Length,
            Some(FinishKind::Withheld) => StopCause::Refusal,
            _ if calls => StopCause::ToolCalls,
            Some(FinishKind::Garbled) => StopCause::Garbled,
            // The server lost the calls that it speaks of.
            Some(FinishKind::Calls) if !self.names.is_empty() => StopCause::Garbled,
            _ => StopCause::End,
        }
    }
}

pub(super) fn text_at<'a>(block: &'a Value, key: &str) -> &'a str {
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
