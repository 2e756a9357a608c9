use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::chunk::{CallPiece, Choice, Chunk};
use crate::model::replay::CallIds;
use crate::model::{Completion, ModelEvent, StopCause, ToolCall, Usage};

/// Puts a completion together from its pieces.
#[derive(Debug)]
pub(super) struct Assembler {
    ids: CallIds,
    text: String,
    reasoning: String,
    calls: Vec<PendingCall>,
    /// Where the latest call of each number stands.
    numbered: BTreeMap<u32, usize>,
    finish: Option<String>,
    refused: bool,
    usage: Option<Usage>,
    model: Option<String>,
}

#[derive(Debug, Default)]
struct PendingCall {
    id: String,
    name: String,
    arguments: String,
    extra: Option<Value>,
}

impl Assembler {
    pub(super) fn new(ids: CallIds) -> Self {
        Self {
            ids,
            text: String::new(),
            reasoning: String::new(),
            calls: Vec::new(),
            numbered: BTreeMap::new(),
            finish: None,
            refused: false,
            usage: None,
            model: None,
        }
    }

    /// Takes in one piece; what a listener should hear of it is pushed to `heard`.
    pub(super) fn push(&mut self, chunk: Chunk, heard: &mut Vec<ModelEvent>) {
        if self.model.is_none() {
            self.model = chunk.model.filter(|model| !model.is_empty());
        }
        if let Some(usage) = chunk.usage.and_then(|usage| usage.normalised()) {
            self.usage = Some(usage);
        }
        if let Some(choice) = chunk.choices.into_iter().next() {
            self.push_choice(choice, heard);
        }
    }

    fn push_choice(&mut self, choice: Choice, heard: &mut Vec<ModelEvent>) {
        if let Some(usage) = choice.usage.and_then(|usage| usage.normalised()) {
            self.usage = Some(usage);
        }
        let delta = choice.delta;
        let mut text = delta.text();
        if let Some(refusal) = delta.refusal.filter(|refusal| !refusal.is_empty()) {
            self.refused = true;
            text += &refusal;
        }
        if !text.is_empty() {
            self.text += &text;
            heard.push(ModelEvent::Text(text));
        }
        if let Some(reasoning) = delta.reasoning_content.filter(|reasoning| !reasoning.is_empty()) {
            heard.push(ModelEvent::Unheard(reasoning.len()));
            self.reasoning += &reasoning;
        }
        for piece in delta.tool_calls {
            self.push_call(piece, heard);
        }
        if let Some(finish) = choice.finish_reason.filter(|finish| !finish.is_empty()) {
            self.finish = Some(finish);
        }
    }

    fn push_call(&mut self, piece: CallPiece, heard: &mut Vec<ModelEvent>) {
        let id = piece.id.as_deref().unwrap_or_default();
        let name = piece.function.name.as_deref().unwrap_or_default();
        let known = match piece.index {
            Some(index) => self.numbered.get(&index).copied(),
            None if id.is_empty() && name.is_empty() => self.calls.len().checked_sub(1),
            None if id.is_empty() => None,
            None => self.calls.iter().rposition(|call| call.id == id),
        };
        // Some servers number every call 0: another id together with a name is another call.
        let known = known.filter(|at| {
            let other_id = |call: &PendingCall| !id.is_empty() && !call.id.is_empty() && call.id != id;
            !self
                .calls
                .get(*at)
                .is_some_and(|call| other_id(call) && !name.is_empty())
        });
        let at = known.unwrap_or_else(|| {
            let at = self.calls.len();
            self.calls.push(PendingCall::default());
            if let Some(index) = piece.index {
                self.numbered.insert(index, at);
            }
            at
        });
        let Some(call) = self.calls.get_mut(at) else {
            return;
        };
        if call.id.is_empty() {
            id.clone_into(&mut call.id);
        }
        if call.name.is_empty() && !name.is_empty() {
            name.clone_into(&mut call.name);
            heard.push(ModelEvent::ToolCallStarted {
                name: name.to_owned(),
            });
        }
        let arguments = piece.function.arguments();
        heard.push(ModelEvent::Unheard(arguments.len().max(1)));
        call.arguments += &arguments;
        if piece.extra_content.is_some() {
            call.extra = piece.extra_content;
        }
    }

    /// Whether the provider said why it stopped.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// The completion. `asked` names it when the provider did not.
    pub(super) fn complete(mut self, asked: &str) -> Completion {
        let stop = self.stop();
        let mut extra = Map::new();
        let mut tool_calls = Vec::with_capacity(self.calls.len());
        for call in self.calls {
            let id = self.ids.assign(&call.id);
            if let Some(kept) = call.extra {
                extra.insert(id.clone(), kept);
            }
            let arguments = if call.arguments.trim().is_empty() {
                "{}".to_owned()
            } else {
                call.arguments
            };
            tool_calls.push(ToolCall {
                id,
                name: call.name,
                arguments,
            });
        }
        let mut kept = Map::new();
        if !extra.is_empty() {
            kept.insert("extra_content".to_owned(), Value::Object(extra));
        }
        if !self.reasoning.is_empty() && !tool_calls.is_empty() {
            kept.insert("reasoning_content".to_owned(), Value::String(self.reasoning));
        }
        Completion {
            text: self.text,
            tool_calls,
            opaque: (!kept.is_empty()).then(|| json!({ "openai": kept })),
            stop,
            usage: self.usage,
            model: self.model.unwrap_or_else(|| asked.to_owned()),
        }
    }

    fn stop(&self) -> StopCause {
        match self.finish.as_deref() {
            Some("length") => StopCause::Length,
            Some("content_filter") => StopCause::Refusal,
            _ if self.refused => StopCause::Refusal,
            _ if !self.calls.is_empty() => StopCause::ToolCalls,
            None | Some("stop" | "tool_calls" | "function_call" | "eos") => StopCause::End,
            Some(other) => StopCause::Other(other.to_owned()),
        }
    }
}
