use serde_json::{Value, json};

use super::event::{CANCELLED, ResponseEvent, is_unread, output_of, text, usage};
use super::items::OutputItems;
use crate::model::arguments;
use crate::model::finish::FinishKind;
use crate::model::pieces::words;
use crate::model::replay::{CallIds, set};
use crate::model::server_error::ServerError;
use crate::model::tool_names::ToolNames;
use crate::model::{Completion, ModelEvent, StopCause, ToolCall};

/// Puts a response together from the events of its stream.
#[derive(Debug)]
pub(super) struct ResponseAssembler {
    ids: CallIds,
    names: ToolNames,
    items: OutputItems,
    /// How many calls a listener has heard of.
    announced: usize,
    /// The text as it was streamed: some servers have it in no item.
    streamed: String,
    /// Of that what belongs to the part that is being streamed.
    part: String,
    declined: bool,
    /// An event that may be a piece of the answer and was not read, unless the end repeats the answer.
    unread: Option<String>,
    /// Arguments of a call that nothing tells of, unless something does later.
    orphan: Option<String>,
    response: Option<Value>,
}

impl ResponseAssembler {
    pub(super) fn new(ids: CallIds, names: ToolNames) -> Self {
        Self {
            ids,
            names,
            items: OutputItems::default(),
            announced: 0,
            streamed: String::new(),
            part: String::new(),
            declined: false,
            unread: None,
            orphan: None,
            response: None,
        }
    }

    /// Takes in one event; what a listener should hear of it is pushed to `heard`.
    pub(super) fn push(
        &mut self,
        event: ResponseEvent,
        heard: &mut Vec<ModelEvent>,
    ) -> Result<(), ServerError> {
        match event {
            ResponseEvent::Text(text) => self.hear(text, heard),
            ResponseEvent::Refusal(text) => {
                self.declined |= !text.is_empty();
                self.hear(text, heard);
            }
            ResponseEvent::WholeText(text) => {
                let part = std::mem::take(&mut self.part);
                match text.strip_prefix(part.as_str()) {
                    Some(rest) => self.hear(rest.to_owned(), heard),
                    // A piece of it was lost on the way, or came twice.
                    None if !text.is_empty() && self.streamed.ends_with(&part) => {
                        let before = self.streamed.len().saturating_sub(part.len());
                        self.streamed.truncate(before);
                        self.streamed += &text;
                    }
                    None => {}
                }
                self.part.clear();
            }
            ResponseEvent::WholePart(text) => self.hear_once(text, heard),
            ResponseEvent::WholeRefusal(text) => {
                self.declined |= !text.is_empty();
                self.hear_once(text, heard);
            }
            ResponseEvent::Silent(bytes) => heard.push(ModelEvent::Unheard(bytes)),
            ResponseEvent::ItemAdded { at, item } => {
                if let Some(name) = self.items.begin(at, item) {
                    self.announced = self.announced.saturating_add(1);
                    self.announce(&name, heard);
                }
            }
            ResponseEvent::Arguments { at, more } => {
                heard.push(ModelEvent::Unheard(more.len()));
                if !self.items.grow(&at, &more) && !more.trim().is_empty() {
                    self.orphan.get_or_insert(more);
                }
            }
            ResponseEvent::WholeArguments { at, name, arguments } => self.items.fill(at, &name, arguments),
            ResponseEvent::ItemDone { at, item } => {
                if text(&item, "type") == "message" {
                    // It repeats what was said in it.
                    self.unread = None;
                }
                self.notice(&item);
                self.items.end(at, item);
            }
            ResponseEvent::Ended(response) => {
                let output = output_of(&response);
                if !output.is_empty() {
                    // The end has all of it.
                    (self.unread, self.orphan) = (None, None);
                    for item in &output {
                        self.notice(item);
                    }
                    self.items.replace(output);
                }
                self.response = Some(response);
            }
            ResponseEvent::Failed(error) => return Err(error),
            ResponseEvent::Unread(event) => {
                self.unread.get_or_insert(event);
            }
            ResponseEvent::Ignored => {}
        }
        Ok(())
    }

    fn hear(&mut self, text: String, heard: &mut Vec<ModelEvent>) {
        if !text.is_empty() {
            self.streamed += &text;
            self.part += &text;
            heard.push(ModelEvent::Text(text));
        }
    }

    /// Takes in a text that is told once more, or for the first time.
    fn hear_once(&mut self, text: String, heard: &mut Vec<ModelEvent>) {
        if !self.streamed.ends_with(&text) {
            self.hear(text, heard);
        }
        self.part.clear();
    }

    fn announce(&self, name: &str, heard: &mut Vec<ModelEvent>) {
        let name = self.names.plain(name);
        heard.push(ModelEvent::ToolCallStarted { name });
    }

    /// Whether anything of the answer has come.
    pub(super) fn has_begun(&self) -> bool {
        !self.streamed.is_empty() || self.items.has_calls()
    }

    /// Remembers an item that holds words in a form that nobody knows.
    fn notice(&mut self, item: &Value) {
        if is_unread(item) {
            self.unread.get_or_insert_with(|| item.to_string());
        }
    }

    /// An event that may be a piece of the answer and was not read.
    pub(super) fn unread(&self) -> Option<&str> {
        let orphan = self.orphan.as_deref().filter(|_| !self.items.has_calls());
        self.unread.as_deref().or(orphan)
    }

    /// Whether the response's own end was seen.
    pub(super) fn is_ended(&self) -> bool {
        self.response.is_some()
    }

    /// The reason with which the server cut the response, if it is one that no good ending has.
    pub(super) fn cut(&self) -> Option<String> {
        let status = text(self.response.as_ref()?, "status");
        let is_known = matches!(status, "" | "completed") || self.incomplete().is_some();
        let is_cut = status == CANCELLED || (!is_known && !self.items.has_calls());
        is_cut.then(|| match self.reason() {
            "" => status.to_owned(),
            reason => reason.to_owned(),
        })
    }

    /// Why the response is not complete, in the server's word.
    fn reason(&self) -> &str {
        let details = self
            .response
            .as_ref()
            .and_then(|response| response.get("incomplete_details"));
        details
            .map(|details| details.as_str().unwrap_or_else(|| text(details, "reason")))
            .unwrap_or_default()
    }

    fn incomplete(&self) -> Option<StopCause> {
        match FinishKind::of(self.reason()) {
            FinishKind::Length => Some(StopCause::Length),
            FinishKind::Withheld => Some(StopCause::Refusal),
            _ => None,
        }
    }

    /// The completion. `asked` names its model when the server did not. What a listener has still to hear is pushed to
    /// `heard`.
    pub(super) fn complete(mut self, asked: &str, heard: &mut Vec<ModelEvent>) -> Completion {
        let (mut said, mut reasoning, mut declined) = (String::new(), String::new(), self.declined);
        let mut tool_calls = Vec::new();
        let mut kept = Vec::new();
        let (mut is_cut, mut commented) = (false, false);
        for mut item in self.items.take() {
            match text(&item, "type") {
                // What it said on the way to the answer.
                "message" | "text" | "output_text" if text(&item, "phase") == "commentary" => {
                    commented = true;
                }
                // A part of a message may stand in its place.
                "message" | "text" | "output_text" => {
                    is_cut |= text(&item, "status") == "incomplete";
                    let (words, refuses) = words_of(&item);
                    declined |= refuses;
                    if !said.is_empty() && !words.is_empty() {
                        said += "\n\n";
                    }
                    said += &words;
                }
                "reasoning" => {
                    let parts = ["summary", "content"]
                        .iter()
                        .filter_map(|key| item.get(*key)?.as_array());
                    for part in parts.flatten() {
                        reasoning += text(part, "text");
                    }
                }
                "function_call" if is_hollow(&item) => continue,
                "function_call" => {
                    if tool_calls.len() >= self.announced {
                        self.announce(text(&item, "name"), heard);
                    }
                    let call = ToolCall {
                        id: self.ids.assign(text(&item, "call_id")),
                        name: self.names.plain(text(&item, "name")),
                        arguments: arguments::plain(text(&item, "arguments")),
                    };
                    set(&mut item, "call_id", json!(call.id));
                    tool_calls.push(call);
                }
                _ => {}
            }
            kept.push(item);
        }
        if self.streamed.is_empty() && !said.is_empty() {
            heard.push(ModelEvent::Text(said.clone()));
        }
        if said.is_empty() && !commented && !self.streamed.is_empty() {
            said = std::mem::take(&mut self.streamed);
            if !kept.is_empty() {
                let content = json!([{"type": "output_text", "text": said, "annotations": []}]);
                kept.push(json!({"type": "message", "role": "assistant", "content": content}));
            }
        }
        let response = self.response.clone().unwrap_or_default();
        let stop = match self.incomplete() {
            Some(StopCause::Refusal) if !declined && !said.trim().is_empty() => StopCause::Withheld,
            Some(stop) => stop,
            None if declined => StopCause::Refusal,
            None if !tool_calls.is_empty() => StopCause::ToolCalls,
            None if is_cut => StopCause::Length,
            None => StopCause::End,
        };
        let (model, id) = (text(&response, "model"), text(&response, "id"));
        Completion {
            text: said,
            reasoning,
            opaque: (!kept.is_empty()).then(|| json!({ "openai_responses": kept })),
            tool_calls,
            stop,
            usage: usage(&response),
            model: if model.is_empty() { asked } else { model }.to_owned(),
            id: (!id.is_empty()).then(|| id.into()),
        }
    }
}

/// The words of a message, and whether they decline.
fn words_of(message: &Value) -> (String, bool) {
    let parts = message.get("content").unwrap_or(message);
    let listed = parts
        .as_array()
        .map_or(std::slice::from_ref(parts), Vec::as_slice);
    let (mut said, mut declines) = (String::new(), false);
    for part in listed {
        declines |= text(part, "type") == "refusal";
        said += &words(part);
        said += text(part, "refusal");
    }
    (said, declines)
}

/// Whether a call calls nothing with nothing.
fn is_hollow(call: &Value) -> bool {
    text(call, "name").is_empty() && text(call, "arguments").is_empty()
}
