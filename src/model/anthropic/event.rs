//! The stream's events, read leniently: an event this program does not know is ignored.

use serde_json::Value;

use crate::model::Usage;
use crate::model::count::count;
use crate::model::server_error::ServerError;
use crate::wire::Opening;

/// One event of a message's stream.
#[derive(Debug)]
pub(super) enum MessagesEvent {
    Start {
        model: Option<String>,
        /// What the provider calls the message.
        id: Option<String>,
        usage: Option<MessagesUsage>,
    },
    BlockStart {
        index: u64,
        block: Value,
    },
    BlockDelta {
        index: u64,
        delta: Value,
    },
    BlockStop {
        index: u64,
    },
    /// The message is about to end.
    MessageDelta {
        stop_reason: Option<String>,
        usage: Option<MessagesUsage>,
    },
    Stop,
    /// A whole message, from a server that does not stream.
    Whole {
        model: Option<String>,
        id: Option<String>,
        blocks: Vec<Value>,
        stop_reason: Option<String>,
        usage: Option<MessagesUsage>,
    },
    Failed(ServerError),
    Ignored,
}

impl MessagesEvent {
    /// Reads one object of the stream.
    pub(super) fn read(json: &Value) -> Self {
        let kind = text(json, "type").unwrap_or_default();
        let is_content = kind.starts_with("message") || kind.starts_with("content_block");
        if let Some(mut error) = ServerError::find(json, is_content) {
            let class = json.pointer("/error/type").and_then(Value::as_str);
            if let Some(class) = class.filter(|class| !error.message.contains(class)) {
                error.message = format!("{class}: {}", error.message);
            }
            return Self::Failed(error);
        }
        let index = json.get("index").and_then(Value::as_u64).unwrap_or_default();
        let field = |key: &str| json.get(key).cloned().unwrap_or_default();
        let usage = |holder: Option<&Value>| MessagesUsage::read(holder?.get("usage")?);
        let of_message = |key: &str| text(json.get("message")?, key).map(str::to_owned);
        match kind {
            "message_start" => Self::Start {
                model: of_message("model"),
                id: of_message("id"),
                usage: usage(json.get("message")),
            },
            "content_block_start" => Self::BlockStart {
                index,
                block: field("content_block"),
            },
            "content_block_delta" => Self::BlockDelta {
                index,
                delta: field("delta"),
            },
            "content_block_stop" => Self::BlockStop { index },
            "message_delta" => Self::MessageDelta {
                stop_reason: json
                    .get("delta")
                    .and_then(|delta| text(delta, "stop_reason"))
                    .map(str::to_owned),
                usage: usage(Some(json)),
            },
            "message_stop" => Self::Stop,
            "message" => Self::Whole {
                model: text(json, "model").map(str::to_owned),
                id: text(json, "id").map(str::to_owned),
                blocks: json
                    .get("content")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default(),
                stop_reason: text(json, "stop_reason").map(str::to_owned),
                usage: usage(Some(json)),
            },
            _ => Self::Ignored,
        }
    }

    /// What an object of the stream says about whether the server has begun to answer.
    pub(super) fn opening(json: &Value) -> Opening {
        match Self::read(json) {
            Self::Failed(error) => Opening::Failed(error.status),
            Self::Start { .. } | Self::BlockStop { .. } | Self::Ignored => Opening::Undecided,
            _ => Opening::Begun,
        }
    }
}

fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Usage as the provider counts it: cached and written tokens are not part of `input_tokens`. Counts in later events
/// replace earlier ones.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MessagesUsage {
    input: Option<u64>,
    written: Option<u64>,
    cached: Option<u64>,
    output: Option<u64>,
}

impl MessagesUsage {
    fn read(usage: &Value) -> Option<Self> {
        let count = |key: &str| count(usage.get(key)?);
        usage.is_object().then(|| Self {
            input: count("input_tokens"),
            written: count("cache_creation_input_tokens"),
            cached: count("cache_read_input_tokens"),
            output: count("output_tokens"),
        })
    }

    /// These counts with what `later` says in place of what it repeats.
    pub(super) fn updated(self, later: Self) -> Self {
        Self {
            input: later.input.or(self.input),
            written: later.written.or(self.written),
            cached: later.cached.or(self.cached),
            output: later.output.or(self.output),
        }
    }

    /// The same in our words.
    pub(super) fn normalised(self) -> Usage {
        let written = self.written.unwrap_or(0);
        let cached = self.cached.unwrap_or(0);
        Usage {
            input_tokens: self
                .input
                .unwrap_or(0)
                .saturating_add(written)
                .saturating_add(cached),
            cached_tokens: cached,
            cache_write_tokens: written,
            output_tokens: self.output.unwrap_or(0),
            ..Usage::default()
        }
    }
}
