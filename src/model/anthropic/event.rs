//! The stream's events, read leniently: an event this program does not know is ignored.

use serde::Deserialize;
use serde_json::Value;

use crate::model::Usage;

/// One event.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u32,
        content_block: Value,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta,
    },
    MessageDelta {
        delta: MessageDelta,
        #[serde(default)]
        usage: Option<RawUsage>,
    },
    MessageStop,
    Error {
        error: Fault,
    },
    #[serde(other)]
    Ignored,
}

/// The message as it begins.
#[derive(Debug, Deserialize)]
pub(super) struct Start {
    #[serde(default)]
    pub(super) model: Option<String>,
    #[serde(default)]
    pub(super) usage: Option<RawUsage>,
}

/// What a block grows by.
#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
pub(super) enum Delta {
    #[serde(rename = "text_delta")]
    Text { text: String },
    #[serde(rename = "input_json_delta")]
    InputJson { partial_json: String },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: String },
    #[serde(rename = "signature_delta")]
    Signature { signature: String },
    #[serde(other)]
    Ignored,
}

/// How the message ended.
#[derive(Debug, Deserialize)]
pub(super) struct MessageDelta {
    #[serde(default)]
    pub(super) stop_reason: Option<String>,
}

/// An error after the stream had begun.
#[derive(Debug, Deserialize)]
pub(super) struct Fault {
    #[serde(default)]
    pub(super) r#type: String,
    #[serde(default)]
    pub(super) message: String,
}

/// Usage as the provider counts it: cached and written tokens are not part of `input_tokens`. Counts in later events
/// replace earlier ones.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
pub(super) struct RawUsage {
    #[serde(default, rename = "input_tokens")]
    input: Option<u64>,
    #[serde(default, rename = "cache_creation_input_tokens")]
    written: Option<u64>,
    #[serde(default, rename = "cache_read_input_tokens")]
    cached: Option<u64>,
    #[serde(default, rename = "output_tokens")]
    output: Option<u64>,
}

impl RawUsage {
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
        }
    }
}
