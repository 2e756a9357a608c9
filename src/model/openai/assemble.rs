use serde_json::{Map, Value, json};

use super::calls::PendingCalls;
use super::chunk::{ChatChoice, ChatChunk};
use super::merge::merge;
use crate::model::finish::FinishKind;
use crate::model::replay::CallIds;
use crate::model::tool_names::ToolNames;
use crate::model::{Completion, ModelEvent, StopCause, ToolCall, Usage};

/// Puts a completion together from the chunks of its stream.
#[derive(Debug)]
pub(super) struct ChatAssembler {
    ids: CallIds,
    /// Whether there were tools to call.
    offered: bool,
    text: String,
    reasoning: String,
    calls: PendingCalls,
    /// Fields of the message that are not known here and go back with it.
    others: Map<String, Value>,
    finish: Option<String>,
    refused: bool,
    usage: Option<Usage>,
    model: Option<String>,
    id: Option<String>,
}

impl ChatAssembler {
    pub(super) fn new(ids: CallIds, names: ToolNames) -> Self {
        Self {
            ids,
            offered: !names.is_empty(),
            text: String::new(),
            reasoning: String::new(),
            calls: PendingCalls::of(names),
            others: Map::new(),
            finish: None,
            refused: false,
            usage: None,
            model: None,
            id: None,
        }
    }

    /// Takes in one chunk; what a listener should hear of it is pushed to `heard`.
    pub(super) fn push(&mut self, chunk: ChatChunk, heard: &mut Vec<ModelEvent>) {
        self.model = self.model.take().or(chunk.model);
        self.id = self.id.take().or(chunk.id);
        self.usage = chunk.usage.or(self.usage);
        if let Some(choice) = chunk.choice {
            self.push_choice(choice, heard);
        }
    }

    fn push_choice(&mut self, choice: ChatChoice, heard: &mut Vec<ModelEvent>) {
        self.refused |= !choice.refusal.is_empty();
        let text = choice.text + &choice.refusal;
        if !text.is_empty() {
            self.text += &text;
            heard.push(ModelEvent::Text(text));
        }
        if !choice.reasoning.is_empty() {
            heard.push(ModelEvent::Unheard(choice.reasoning.len()));
            self.reasoning += &choice.reasoning;
        }
        merge(&mut self.others, choice.others);
        for piece in choice.calls {
            self.calls.push(piece, heard);
        }
        self.finish = choice.finish.or(self.finish.take());
    }

    /// Whether the server said why it stopped.
    pub(super) fn is_finished(&self) -> bool {
        self.finish.is_some()
    }

    /// Whether there is anything that a completion could consist of.
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.reasoning.is_empty() && self.calls.is_empty()
    }

    /// The reason with which the server cut the completion, if it is one that no good ending has. Calls that came whole
    /// before it can be made all the same: they answer nothing.
    pub(super) fn cut(&self) -> Option<&str> {
        let finish = self.finish.as_deref()?;
        (self.calls.is_empty() && FinishKind::of(finish) == FinishKind::Unknown).then_some(finish)
    }

    /// The completion. `asked` names its model when the server did not. What a listener has still to hear is pushed to
    /// `heard`.
    pub(super) fn complete(mut self, asked: &str, heard: &mut Vec<ModelEvent>) -> Completion {
        let stop = self.stop();
        let mut kept_calls = Map::new();
        let mut tool_calls = Vec::new();
        for call in self.calls.finish(heard) {
            let id = self.ids.assign(&call.id);
            if !call.others.is_empty() || !call.function_others.is_empty() {
                let kept = json!({"call": call.others, "function": call.function_others});
                kept_calls.insert(id.clone(), kept);
            }
            tool_calls.push(ToolCall {
                id,
                name: call.name,
                arguments: call.arguments,
            });
        }
        if tool_calls.is_empty() {
            // Thoughts go back with calls only: some servers refuse them beside an answer, and all charge for them.
            self.others.remove("reasoning_content");
            self.others.remove("reasoning");
        }
        let opaque = (!self.others.is_empty() || !kept_calls.is_empty())
            .then(|| json!({"openai": {"message": self.others, "calls": kept_calls}}));
        Completion {
            text: self.text,
            reasoning: self.reasoning,
            tool_calls,
            opaque,
            stop,
            usage: self.usage,
            model: self.model.unwrap_or_else(|| asked.to_owned()),
            id: self.id.map(String::into_boxed_str),
        }
    }

    fn stop(&self) -> StopCause {
        let finish = self.finish.as_deref().map(FinishKind::of);
        match finish {
            Some(FinishKind::Length) => StopCause::Length,
            Some(FinishKind::Withheld) => StopCause::Refusal,
            _ if self.refused => StopCause::Refusal,
            _ if !self.calls.is_empty() => StopCause::ToolCalls,
            Some(FinishKind::Garbled) => StopCause::Garbled,
            // The server lost the calls that it speaks of.
            Some(FinishKind::Calls) if self.offered => StopCause::Garbled,
            _ => StopCause::End,
        }
    }
}
