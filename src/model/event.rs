use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ToolCall, Usage};

/// What happens while a completion is made.
#[derive(Debug, Clone)]
pub enum ModelEvent {
    Text(String),
    /// A tool call has begun; its arguments are still arriving.
    ToolCallStarted {
        name: String,
    },
    /// More that is no text for a listener, so many bytes of it: reasoning, arguments of calls.
    Unheard(usize),
    /// How the model is asked has changed, in words for a person.
    Notice(String),
    Done(Completion),
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// It had nothing more to say.
    End,
    ToolCalls,
    /// It reached the output limit: what it said is cut.
    Length,
    /// The provider withheld it: its text, if there is any, says that it is declined.
    Refusal,
    /// The provider withheld the rest of what was begun: what it said is cut.
    Withheld,
    /// Its text ends in a tool call that cannot be read: neither an answer nor a call.
    Garbled,
    /// Its answer stands in an object that is not closed, and the server says that all was said. Its text is as much as came.
    Unclosed,
}

#[derive(Debug, Clone)]
pub struct Completion {
    pub text: String,
    /// Its thoughts, as far as the provider shows them apart from the text. Never an answer.
    pub reasoning: String,
    /// All tool calls, in order.
    pub tool_calls: Vec<ToolCall>,
    /// Parts to be sent back unchanged.
    pub opaque: Option<Value>,
    pub stop: StopCause,
    /// What it used, if the provider said so.
    pub usage: Option<Usage>,
    /// The model that answered, in the provider's words.
    pub model: String,
    /// What the provider calls this completion, if it said so.
    pub id: Option<Box<str>>,
}

impl Completion {
    /// The same; `batched` when it came from a provider's batch API, where it costs less.
    pub(super) fn paid_for(mut self, batched: bool) -> Self {
        if batched {
            self.usage = self.usage.map(Usage::in_batch);
        }
        self
    }
}
