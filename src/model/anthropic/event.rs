//! The stream's events, read leniently. An event this program does not know is ignored, as the API asks, unless it may hold
//! words: see [`doubt`].

use serde_json::{Value, json};

use crate::model::Usage;
use crate::model::count::count;
use crate::model::finish::given;
use crate::model::opening::OpeningSign;
use crate::model::pieces::{Doubt, doubt, words};
use crate::model::replay::set;
use crate::model::server_error::ServerError;

/// The types of events that are read here.
const KINDS: [&str; 7] = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "message",
];

/// The types of what is new in a block.
const DELTAS: [&str; 6] = [
    TEXT_DELTA,
    INPUT_DELTA,
    // A summary of the conversation, which goes back in its place.
    "compaction_delta",
    "thinking_delta",
    "signature_delta",
    "citations_delta",
];
/// Types under which gateways send calls.
const CALLS: [&str; 4] = ["tool_call", "function", "function_call", "functionCall"];
const TEXT_DELTA: &str = "text_delta";
const INPUT_DELTA: &str = "input_json_delta";

/// One event of a message's stream.
#[derive(Debug)]
pub(super) enum MessagesEvent {
    Start {
        model: Option<String>,
        /// What the provider calls the message.
        id: Option<String>,
        /// What some gateways say of it already here.
        blocks: Vec<Value>,
        stop_reason: Option<String>,
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
    /// It may be a piece of the message, in a form that nobody knows.
    Unread(Doubt),
    Ignored,
}

impl MessagesEvent {
    /// Whether an object is an event of a message.
    pub(super) fn is_one(json: &Value) -> bool {
        KINDS.contains(&kind(json))
    }

    /// Reads one object of the stream.
    pub(super) fn read(json: &Value) -> Self {
        let kind = kind(json);
        let is_content = kind.starts_with("message") || kind.starts_with("content_block");
        if let Some(mut error) = ServerError::find(json, is_content) {
            let class = json.pointer("/error/type").and_then(Value::as_str);
            if let Some(class) = class.filter(|class| !error.message.contains(class)) {
                error.message = format!("{class}: {}", error.message);
            }
            return Self::Failed(error);
        }
        let index = json.get("index").and_then(Value::as_u64).unwrap_or_default();
        let usage = |holder: &Value| MessagesUsage::read(holder.get("usage")?);
        let reason = |holder: &Value| text(holder, "stop_reason").and_then(given).map(str::to_owned);
        let owned = |holder: &Value, key: &str| text(holder, key).map(str::to_owned);
        match kind {
            "message_start" => {
                let message = json.get("message").unwrap_or(&Value::Null);
                Self::Start {
                    model: owned(message, "model"),
                    id: owned(message, "id"),
                    blocks: blocks_of(message),
                    stop_reason: reason(message),
                    usage: usage(message),
                }
            }
            "content_block_start" => {
                let block = as_block(json.get("content_block").unwrap_or(&Value::Null));
                if is_unread(&block) {
                    return Self::Unread(Doubt::Words);
                }
                Self::BlockStart { index, block }
            }
            "content_block_delta" => {
                let delta = as_delta(json.get("delta").unwrap_or(json));
                let kind = text(&delta, "type").unwrap_or_default();
                let is_read =
                    DELTAS.contains(&kind) && (kind != TEXT_DELTA || text(&delta, "text").is_some());
                if !is_read && doubt(json.get("delta").unwrap_or(json)) != Doubt::None {
                    return Self::Unread(Doubt::Words);
                }
                Self::BlockDelta { index, delta }
            }
            "content_block_stop" => Self::BlockStop { index },
            "message_delta" => match json.get("delta").map(doubt) {
                Some(lost) if lost.is_lost() && json.get("delta").and_then(reason).is_none() => {
                    Self::Unread(lost)
                }
                _ => Self::MessageDelta {
                    stop_reason: json.get("delta").and_then(reason).or_else(|| reason(json)),
                    usage: usage(json),
                },
            },
            "message_stop" => Self::Stop,
            "message" if blocks_of(json).iter().any(is_unread) => Self::Unread(Doubt::Words),
            "message" => Self::Whole {
                model: owned(json, "model"),
                id: owned(json, "id"),
                blocks: blocks_of(json),
                stop_reason: reason(json),
                usage: usage(json),
            },
            _ => Self::unknown(json),
        }
    }

    /// An object that is no event known here.
    fn unknown(json: &Value) -> Self {
        match doubt(json) {
            Doubt::None => Self::Ignored,
            lost => Self::Unread(lost),
        }
    }

    /// What an object of the stream says about whether the server has begun to answer.
    pub(super) fn opening(json: &Value) -> OpeningSign {
        match Self::read(json) {
            Self::Failed(error) => OpeningSign::Failed(error.status),
            Self::Start {
                blocks, stop_reason, ..
            } if stop_reason.is_none() => {
                let signs = [OpeningSign::Begun, OpeningSign::Thoughts].into_iter();
                let mut signs = signs.filter(|sign| blocks.iter().any(|block| begun_by(block) == *sign));
                signs.next().unwrap_or(OpeningSign::None)
            }
            Self::BlockStart { block, .. } => begun_by(&block),
            Self::BlockDelta { delta, .. } => begun_by(&delta),
            Self::BlockStop { .. } | Self::Ignored => OpeningSign::None,
            Self::Unread(Doubt::Some) => OpeningSign::Thoughts,
            _ => OpeningSign::Begun,
        }
    }
}

/// What a block, or what is new in one, says about whether the server has begun to answer.
fn begun_by(block: &Value) -> OpeningSign {
    let kind = text(block, "type").unwrap_or_default();
    match kind {
        "text" | TEXT_DELTA if text(block, "text").is_none() => OpeningSign::None,
        "signature_delta" => OpeningSign::Thoughts,
        kind if kind.contains("thinking") => OpeningSign::Thoughts,
        _ => OpeningSign::Begun,
    }
}

/// An event's type. Gateways leave it out, or send what lies inside of one: its form then tells.
fn kind(json: &Value) -> &str {
    let has = |key: &str| json.get(key).is_some_and(|value| !value.is_null());
    let within = |holder: &str, key: &str| json.get(holder).is_some_and(|inner| inner.get(key).is_some());
    match text(json, "type") {
        Some(kind) if kind != "message_delta" && kind.ends_with("_delta") && !has("delta") => {
            "content_block_delta"
        }
        Some(kind) => kind,
        None if has("content_block") => "content_block_start",
        None if within("delta", "stop_reason") || (has("stop_reason") && !has("content")) => "message_delta",
        // A choice of the other protocol looks like it but for its reason.
        None if has("delta") && has("index") && json.get("finish_reason").is_none() => "content_block_delta",
        None if within("message", "role") => "message_start",
        None if has("role") && has("content") => "message",
        None => "",
    }
}

/// The blocks of a message. Some servers send its text in their place.
fn blocks_of(message: &Value) -> Vec<Value> {
    match message.get("content") {
        Some(Value::Array(blocks)) => blocks.iter().map(as_block).collect(),
        Some(Value::String(said)) if said.is_empty() => Vec::new(),
        Some(block @ (Value::String(_) | Value::Object(_))) => vec![as_block(block)],
        _ => Vec::new(),
    }
}

/// A block as the API has it. One of another type that holds a text is a block of text, and one that names a function a call.
fn as_block(block: &Value) -> Value {
    let kind = text(block, "type").unwrap_or_default();
    let inner = block.get("function").filter(|function| function.is_object());
    let function = inner.unwrap_or(block);
    let is_call = CALLS.contains(&kind) && text(function, "name").is_some();
    if is_call {
        let keys = ["input", "arguments", "parameters", "args"];
        let input = keys.iter().find_map(|key| function.get(*key));
        let id = text(block, "id").or_else(|| text(block, "call_id"));
        return json!({
            "type": "tool_use",
            "id": id.unwrap_or_default(),
            "name": text(function, "name"),
            "input": input.cloned().unwrap_or_else(|| json!({})),
        });
    }
    if is_known_block(kind) && (kind != "text" || text(block, "text").is_some()) {
        return block.clone();
    }
    match words(block) {
        said if said.is_empty() => block.clone(),
        said if text(block, "text").is_some() => {
            let mut block = with_type(block, "text");
            set(&mut block, "text", said.into());
            block
        }
        said => json!({"type": "text", "text": said}),
    }
}

/// Whether the API has blocks of this type, or they hold what a tool of the server's own is asked and gives back.
fn is_known_block(kind: &str) -> bool {
    let others = [
        "thinking",
        "reasoning",
        "tool",
        "result",
        "container",
        "compaction",
    ];
    kind == "text" || others.iter().any(|known| kind.contains(known))
}

/// Whether a block holds words in a form that nobody knows.
fn is_unread(block: &Value) -> bool {
    let kind = text(block, "type").unwrap_or_default();
    !is_known_block(kind) && doubt(block) != Doubt::None
}

/// What is new in a block, as the API has it. A text under another type, or in another shape, is a text.
fn as_delta(delta: &Value) -> Value {
    let kind = text(delta, "type").unwrap_or_default();
    let holds = |key: &str| delta.get(key).is_some_and(Value::is_string);
    let is_other = DELTAS.contains(&kind) && kind != TEXT_DELTA && kind != INPUT_DELTA;
    // Arguments may be the object that their text would say.
    if kind == INPUT_DELTA || delta.get("partial_json").is_some() {
        let more = ["partial_json", "input", "arguments"]
            .iter()
            .find_map(|key| delta.get(*key));
        let more = more.filter(|more| !more.is_null());
        let more = more.map_or_else(String::new, |more| match more {
            Value::String(written) => written.clone(),
            other => other.to_string(),
        });
        return json!({"type": INPUT_DELTA, "partial_json": more});
    }
    if is_other || (kind == TEXT_DELTA && holds("text")) {
        return delta.clone();
    }
    if kind.is_empty() && holds("thinking") {
        return with_type(delta, "thinking_delta");
    }
    match words(delta) {
        said if kind.is_empty() || !said.is_empty() => json!({"type": TEXT_DELTA, "text": said}),
        _ => delta.clone(),
    }
}

/// The same object with this type.
fn with_type(object: &Value, kind: &str) -> Value {
    let mut typed = object.clone();
    set(&mut typed, "type", kind.into());
    typed
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
