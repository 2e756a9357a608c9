use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::calls::{PendingCalls, WholeCall};
use super::chunk::{ChatChoice, ChatChunk};
use super::growing::{GrowingText, is_said};
use super::merge::{merge, merge_part};
use crate::model::ending::{EndWatch, Grace};
use crate::model::finish::FinishKind;
use crate::model::replay::{CallIds, set};
use crate::model::tool_names::ToolNames;
use crate::model::{Completion, ModelEvent, StopCause, ToolCall, Usage};

/// Where the parts of a content that are thoughts are kept.
pub(super) const THOUGHTS: &str = "thoughts";

/// Puts a completion together from the chunks of its stream.
#[derive(Debug)]
pub(super) struct ChatAssembler {
    ids: CallIds,
    names: ToolNames,
    /// The answers by number. One is asked for; some servers send it under another number than 0, or its text and its calls
    /// under two.
    choices: BTreeMap<u64, PendingChoice>,
    /// The answer that a listener hears: the first that says anything.
    speaker: Option<u64>,
    usage: Option<Usage>,
    model: Option<String>,
    id: Option<String>,
}

/// What has come of one answer.
#[derive(Debug, Default)]
struct PendingChoice {
    text: String,
    growing: GrowingText,
    reasoning: String,
    calls: PendingCalls,
    /// Fields of the message that are not known here and go back with it.
    others: Map<String, Value>,
    /// Parts of its content that are thoughts, and go back within it.
    thoughts: Vec<Value>,
    finish: Option<String>,
    /// Whether the server has a place for that reason and left it empty.
    finish_is_open: bool,
    end: EndWatch,
    refused: bool,
}

impl ChatAssembler {
    pub(super) fn new(ids: CallIds, names: ToolNames) -> Self {
        Self {
            ids,
            names,
            choices: BTreeMap::new(),
            speaker: None,
            usage: None,
            model: None,
            id: None,
        }
    }

    /// Takes in one chunk; what a listener should hear of it is pushed to `heard`.
    pub(super) fn push(&mut self, mut chunk: ChatChunk, heard: &mut Vec<ModelEvent>) {
        self.model = self.model.take().or(chunk.model);
        self.id = self.id.take().or(chunk.id);
        self.usage = chunk.usage.or(self.usage);
        chunk.choices.sort_by_key(|choice| choice.index);
        for choice in chunk.choices {
            let index = choice.index;
            if self.speaker.is_none() && choice.is_answer() {
                self.speaker = Some(index);
            }
            let pending = self.choices.entry(index).or_insert_with(|| PendingChoice {
                calls: PendingCalls::of(self.names.clone()),
                ..PendingChoice::default()
            });
            if self.speaker.is_none_or(|speaker| speaker == index) {
                pending.push(choice, heard);
            } else {
                pending.push(choice, &mut Vec::new());
                heard.push(ModelEvent::Unheard(1));
            }
        }
    }

    /// The answer that counts.
    fn spoken(&self) -> Option<&PendingChoice> {
        let first = || self.choices.values().next();
        self.speaker.map_or_else(first, |index| self.choices.get(&index))
    }

    /// Whether the server said why it stopped.
    pub(super) fn is_finished(&self) -> bool {
        self.spoken().is_some_and(|choice| choice.finish.is_some())
    }

    /// Whether words stopped without the reason that this server gives for an end: it may have died behind any of them. A
    /// server that has no place for a reason says nothing by giving none, unless it went on under another number; and calls that
    /// came whole are whole.
    pub(super) fn is_unexplained(&self) -> bool {
        let calls = self.choices.values().any(|choice| !choice.calls.is_empty());
        let speaking = self.choices.values().filter(|choice| !choice.text.is_empty());
        let are_several = speaking.count() > 1;
        let is_open =
            |choice: &PendingChoice| choice.finish.is_none() && (choice.finish_is_open || are_several);
        !calls && self.spoken().is_some_and(is_open)
    }

    /// Whether nothing can be missing, whatever happens to the connection.
    pub(super) fn is_whole(&self) -> bool {
        self.spoken().is_some_and(|choice| choice.end.is_whole())
    }

    /// How long a server that said why it ended is still listened to.
    pub(super) fn grace(&self) -> Option<Grace> {
        self.spoken()?.end.grace()
    }

    /// Whether there is anything that a completion could consist of.
    pub(super) fn is_empty(&self) -> bool {
        self.choices.values().all(PendingChoice::is_empty)
    }

    /// Whether nothing came, and nothing was said of why.
    pub(super) fn is_wordless(&self) -> bool {
        let finish = self.spoken().and_then(|choice| choice.finish.as_deref());
        self.is_empty() && finish.is_none_or(FinishKind::is_good)
    }

    /// Whether anything of an answer has come but thoughts.
    pub(super) fn has_said(&self) -> bool {
        let says = |choice: &PendingChoice| !choice.text.is_empty() || !choice.calls.is_empty();
        self.choices.values().any(says)
    }

    /// The reason with which the server cut the completion, if it is one that no good ending has. Calls that came whole
    /// before it can be made all the same: they answer nothing.
    pub(super) fn cut(&self) -> Option<&str> {
        let finish = self.spoken()?.finish.as_deref()?;
        let calls = self.choices.values().any(|choice| !choice.calls.is_empty());
        (!calls && FinishKind::of(finish) == FinishKind::Unknown).then_some(finish)
    }

    /// The answer that counts, with the calls of another where it has none.
    fn take(&mut self) -> PendingChoice {
        let spoken = self.speaker.and_then(|index| self.choices.remove(&index));
        let mut spoken = spoken
            .or_else(|| self.choices.pop_first().map(|(_, choice)| choice))
            .unwrap_or_default();
        let mut others = std::mem::take(&mut self.choices).into_values();
        if spoken.calls.is_empty()
            && let Some(calling) = others.find(|choice| !choice.calls.is_empty())
        {
            spoken.calls = calling.calls;
            spoken.finish = calling.finish.or(spoken.finish);
            merge(&mut spoken.others, calling.others);
        }
        spoken
    }

    /// The completion. `asked` names its model when the server did not. What a listener has still to hear is pushed to
    /// `heard`.
    pub(super) fn complete(mut self, asked: &str, heard: &mut Vec<ModelEvent>) -> Completion {
        let mut choice = self.take();
        let stop = choice.stop(!self.names.is_empty());
        let mut kept_calls = Map::new();
        let mut tool_calls = Vec::new();
        for call in choice.calls.finish(heard) {
            let id = self.ids.assign(&call.id);
            if let Some(kept) = kept(&call) {
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
            choice.others.remove("reasoning_content");
            choice.others.remove("reasoning");
            choice.thoughts.clear();
        }
        let mut kept = json!({"message": choice.others, "calls": kept_calls});
        let keeps = !(choice.others.is_empty() && kept_calls.is_empty() && choice.thoughts.is_empty());
        if !choice.thoughts.is_empty() {
            set(&mut kept, THOUGHTS, choice.thoughts.into());
        }
        let opaque = keeps.then(|| json!({ "openai": kept }));
        Completion {
            text: choice.text,
            reasoning: choice.reasoning,
            tool_calls,
            opaque,
            stop,
            usage: self.usage,
            model: self.model.unwrap_or_else(|| asked.to_owned()),
            id: self.id.map(String::into_boxed_str),
        }
    }
}

/// What goes back with a call that only the server understands.
fn kept(call: &WholeCall) -> Option<Value> {
    let has_some = !call.others.is_empty() || !call.function_others.is_empty();
    has_some.then(|| json!({"call": call.others, "function": call.function_others}))
}

impl PendingChoice {
    fn push(&mut self, mut choice: ChatChoice, heard: &mut Vec<ModelEvent>) {
        if choice.is_beside && !self.is_empty() {
            // It has come in pieces, but for calls that stand nowhere else.
            choice = ChatChoice {
                finish: choice.finish,
                calls: if self.calls.is_empty() {
                    choice.calls
                } else {
                    Vec::new()
                },
                ..ChatChoice::default()
            };
        }
        self.refused |= !choice.refusal.is_empty();
        let is_answer = choice.is_answer();
        let is_first = self.is_empty() && is_answer;
        if is_answer {
            self.end.say();
        }
        let text = choice.text + &choice.refusal;
        // Some servers end a stream with the whole message.
        let is_repeated = choice.is_message && choice.finish.is_some() && text == self.text;
        // A message, and not what is new in one, is all of it so far.
        let grown = text.strip_prefix(self.text.as_str());
        let grown = grown.filter(|_| choice.is_message && is_said(&self.text));
        if let Some(more) = grown {
            if !more.is_empty() {
                self.text.push_str(more);
                heard.push(ModelEvent::Text(more.to_owned()));
            }
        } else if !text.is_empty() && !is_repeated {
            let new = self.growing.push(text, &mut self.text);
            heard.push(ModelEvent::Text(new));
        }
        if !choice.reasoning.is_empty() {
            heard.push(ModelEvent::Unheard(choice.reasoning.len()));
            self.reasoning += &choice.reasoning;
        }
        merge(&mut self.others, choice.others);
        for part in choice.thoughts {
            merge_part(&mut self.thoughts, part);
        }
        for piece in choice.calls {
            self.calls.push(piece, heard);
        }
        self.finish_is_open |= choice.leaves_finish_open;
        if choice.finish.is_some() {
            self.end.give_reason(!is_answer, is_first && !choice.is_message);
        }
        if !self.finish.as_deref().is_some_and(FinishKind::cuts) {
            self.finish = choice.finish.or(self.finish.take());
        }
    }

    fn is_empty(&self) -> bool {
        self.text.is_empty() && self.reasoning.is_empty() && self.calls.is_empty()
    }

    /// Why it stopped; `offered` says whether there were tools to call.
    fn stop(&self, offered: bool) -> StopCause {
        let finish = self.finish.as_deref().map(FinishKind::of);
        match finish {
            Some(FinishKind::Length) => StopCause::Length,
            Some(FinishKind::Withheld) if !self.refused && !self.text.trim().is_empty() => {
                StopCause::Withheld
            }
            Some(FinishKind::Withheld) => StopCause::Refusal,
            _ if self.refused => StopCause::Refusal,
            _ if !self.calls.is_empty() => StopCause::ToolCalls,
            Some(FinishKind::Garbled) => StopCause::Garbled,
            // The server lost the calls that it speaks of. Words are an answer: some servers end every completion so.
            Some(FinishKind::Calls) if offered && self.text.trim().is_empty() => StopCause::Garbled,
            _ => StopCause::End,
        }
    }
}
