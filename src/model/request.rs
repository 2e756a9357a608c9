use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ToolSchema, UserQuestion};
use crate::result::{Handle, PackedTable};

/// The ways to reach a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    /// Any endpoint that speaks OpenAI's chat completions.
    Openai,
    /// OpenAI's Responses API.
    OpenaiResponses,
    Anthropic,
    /// The keyword planner: no language model at all.
    Offline,
}

/// A provider and a model name: `openai:NAME`, `openai-responses:NAME`, `anthropic:NAME` or `offline`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ModelId {
    pub provider: Provider,
    /// The provider's name for it; `offline` for the planner.
    pub name: String,
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.provider {
            Provider::Openai => write!(f, "openai:{}", self.name),
            Provider::OpenaiResponses => write!(f, "openai-responses:{}", self.name),
            Provider::Anthropic => write!(f, "anthropic:{}", self.name),
            Provider::Offline => f.write_str("offline"),
        }
    }
}

impl FromStr for ModelId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (provider, name) = match text.split_once(':') {
            Some(("openai", name)) if !name.is_empty() => (Provider::Openai, name),
            Some(("openai-responses", name)) if !name.is_empty() => (Provider::OpenaiResponses, name),
            Some(("anthropic", name)) if !name.is_empty() => (Provider::Anthropic, name),
            None if text == "offline" => (Provider::Offline, "offline"),
            _ => {
                return Err(format!(
                    "`{text}` is not openai:NAME, openai-responses:NAME, anthropic:NAME or offline"
                ));
            }
        };
        Ok(Self {
            provider,
            name: name.to_owned(),
        })
    }
}

/// A tool as the model is told of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ToolSpec {
    /// Letters, digits and `_`, as every provider takes them.
    pub name: String,
    /// What it does and when to use it.
    pub description: String,
    /// JSON schema of its arguments: a closed object, keys in sorted order.
    pub schema: ToolSchema,
}

/// A call the model asked for. The arguments are its own bytes: nothing has been checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of the call; made up when the provider gave none.
    pub id: String,
    /// The tool it named, which may not exist.
    pub name: String,
    /// The arguments as text, which may not be JSON.
    pub arguments: String,
}

/// What a tool call came to, as the model sees it.
#[derive(Debug, Clone)]
pub struct ToolResultMessage {
    /// The id of the call it answers.
    pub call_id: String,
    /// The name of the tool.
    pub tool: String,
    /// What the model reads. Shared, because each completion is asked with a copy of the conversation.
    pub content: Arc<str>,
    /// Whether it is a refusal or a failure.
    pub is_error: bool,
    /// The held result it shows, if it shows one.
    pub result: Option<Handle>,
    /// The result behind the text, for a model that runs in this process. Never sent anywhere.
    pub table: Option<PackedTable>,
}

/// One entry of the conversation.
#[derive(Debug, Clone)]
pub enum Message {
    /// What a person asks. A client of a provider sends it as [`UserQuestion::turn`].
    User(UserQuestion),
    /// What the program says in the user's place: a note of the guard, a probe.
    Note(String),
    /// What the model said and asked for.
    Assistant {
        /// Its text, possibly empty.
        text: String,
        /// The tools it asked for, possibly none.
        tool_calls: Vec<ToolCall>,
        /// Provider-specific parts that have to be sent back unchanged (thinking blocks and their signatures).
        opaque: Option<Value>,
    },
    /// Answers to all tool calls of the message before, in its order.
    ToolResults(Vec<ToolResultMessage>),
}

impl Message {
    /// About how much memory its words take, in bytes, with what is sent back unchanged.
    pub(crate) fn weight(&self) -> u64 {
        let opaque = match self {
            Self::Assistant { opaque, .. } => opaque.as_ref().map_or(0, text_bytes),
            _ => 0,
        };
        self.bytes().saturating_add(opaque)
    }

    /// Bytes of text in it: the measure for estimates and budgets, not what goes over the wire.
    pub fn bytes(&self) -> u64 {
        let bytes = match self {
            Self::User(question) => question.turn().len(),
            Self::Note(text) => text.len(),
            Self::Assistant { text, tool_calls, .. } => {
                let calls = tool_calls.iter();
                text.len()
                    + calls
                        .map(|call| call.name.len() + call.arguments.len())
                        .sum::<usize>()
            }
            Self::ToolResults(results) => results.iter().map(|result| result.content.len()).sum(),
        };
        bytes as u64
    }
}

/// Whether the model may call tools. The tools stay in the request either way, so that the cached prefix survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolChoice {
    Auto,
    /// It may not: this completion has to answer.
    None,
}

/// One completion to be made. The prefix (tools, system) is the same bytes for every request of a session.
#[derive(Debug, Clone)]
pub struct ModelRequest {
    /// The system prompt with the catalog.
    pub system: Arc<str>,
    pub tools: Arc<[ToolSpec]>,
    /// The conversation; request N+1 of a conversation extends request N.
    pub messages: Vec<Message>,
    /// Whether tools may be called.
    pub tool_choice: ToolChoice,
    /// Most tokens the completion may have.
    pub max_output_tokens: u32,
    /// Sampling temperature; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// Stable key for the provider's prompt cache: the prompt's hash.
    pub cache_key: String,
}

impl ModelRequest {
    /// Bytes of text in it: the measure for estimates and budgets, not what goes over the wire.
    pub(crate) fn bytes(&self) -> u64 {
        let tools = self.tools.iter().map(|tool| {
            let schema = tool.schema.written().get();
            tool.name.len() + tool.description.len() + schema.len()
        });
        let fixed = self.system.len() + tools.sum::<usize>();
        let messages: u64 = self.messages.iter().map(Message::bytes).sum();
        messages.saturating_add(u64::try_from(fixed).unwrap_or(u64::MAX))
    }
}

/// The bytes of all texts in a value.
fn text_bytes(value: &Value) -> u64 {
    match value {
        Value::String(text) => text.len() as u64,
        Value::Array(items) => items.iter().map(text_bytes).sum(),
        Value::Object(fields) => fields.values().map(text_bytes).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
