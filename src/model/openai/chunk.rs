//! One piece of a streamed chat completion, read leniently: everything may be missing, null or of a sloppy type. What is
//! not known is kept, because a server may want it back.

use serde_json::{Map, Value, json};

use crate::model::Usage;
use crate::model::count::first_count;
use crate::model::finish::FinishKind;
use crate::model::server_error::ServerError;
use crate::wire::Opening;

/// Fields of a message that are read, or that say nothing to send back.
const KNOWN_OF_MESSAGE: [&str; 8] = [
    "role",
    "content",
    "refusal",
    "tool_calls",
    "function_call",
    "finish_reason",
    "finishReason",
    "audio",
];
/// The same of a call.
const KNOWN_OF_CALL: [&str; 4] = ["index", "id", "type", "function"];
/// The same of the function that a call names.
const KNOWN_OF_FUNCTION: [&str; 4] = ["name", "arguments", "parameters", "input"];
/// Under which names servers say why a completion ended.
const FINISH: [&str; 2] = ["finish_reason", "finishReason"];
/// Under which names servers stream a model's thoughts.
const REASONING: [&str; 2] = ["reasoning_content", "reasoning"];

/// One event of the stream, or a whole completion from a server that does not stream.
#[derive(Debug, Default)]
pub(super) struct ChatChunk {
    pub(super) model: Option<String>,
    /// What the server calls the completion.
    pub(super) id: Option<String>,
    /// The first answer; only one is ever asked for.
    pub(super) choice: Option<ChatChoice>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<ServerError>,
}

/// What the piece adds, and how the completion ended if it did.
#[derive(Debug, Default)]
pub(super) struct ChatChoice {
    pub(super) text: String,
    pub(super) refusal: String,
    pub(super) reasoning: String,
    pub(super) calls: Vec<CallPiece>,
    /// Fields of the message that are not known here.
    pub(super) others: Map<String, Value>,
    pub(super) finish: Option<String>,
}

/// A part of a tool call.
#[derive(Debug, Default)]
pub(super) struct CallPiece {
    pub(super) index: Option<u64>,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: String,
    /// Fields of the call that are not known here.
    pub(super) others: Map<String, Value>,
    /// Fields of its function that are not known here.
    pub(super) function_others: Map<String, Value>,
}

impl ChatChunk {
    /// Reads one object of the stream.
    pub(super) fn read(json: &Value) -> Self {
        let choice = json.get("choices").and_then(|choices| choices.get(0));
        let error = ["/error", "/delta/error", "/message/error"]
            .iter()
            .find_map(|pointer| choice?.pointer(pointer))
            .or_else(|| json.pointer("/x_groq/error"));
        let usages = [
            json.get("usage"),
            choice.and_then(|choice| choice.get("usage")),
            json.pointer("/x_groq/usage"),
            json.get("amazon-bedrock-invocationMetrics"),
        ];
        let usage = usages.into_iter().flatten().find_map(usage);
        let choice = choice.filter(|choice| choice.is_object()).map(ChatChoice::read);
        let is_content = choice.is_some() || json.get("usage").is_some_and(Value::is_object);
        Self {
            model: text(json, "model").map(str::to_owned),
            id: text(json, "id").map(str::to_owned),
            error: ServerError::find(json, is_content)
                .or_else(|| ServerError::find(&json!({ "error": error? }), true)),
            choice,
            usage,
        }
    }

    /// What an object of the stream says about whether the server has begun to answer.
    pub(super) fn opening(json: &Value) -> Opening {
        let chunk = Self::read(json);
        if let Some(error) = chunk.error {
            return Opening::Failed(error.status);
        }
        match chunk.choice {
            Some(choice) if choice.says_something() => Opening::Begun,
            Some(ChatChoice {
                finish: Some(finish), ..
            }) => match FinishKind::of(&finish) {
                FinishKind::Unknown => Opening::Failed(http::StatusCode::INTERNAL_SERVER_ERROR),
                _ => Opening::Begun,
            },
            _ => Opening::Undecided,
        }
    }
}

impl ChatChoice {
    fn read(choice: &Value) -> Self {
        // Some servers send the message so far beside what is new.
        let message = ["delta", "message"]
            .iter()
            .find_map(|key| choice.get(*key).filter(|message| message.is_object()));
        let mut read = message.map_or_else(Self::default, Self::of_message);
        // The older completions API has the text here.
        if message.is_none()
            && let Some(text) = text(choice, "text")
        {
            text.clone_into(&mut read.text);
        }
        let reason = |json: &Value| FINISH.iter().find_map(|key| finish(json.get(*key)?));
        read.finish = reason(choice).or_else(|| reason(message?));
        read
    }

    fn of_message(message: &Value) -> Self {
        let calls = match message.get("tool_calls") {
            Some(Value::Array(calls)) => calls.as_slice(),
            Some(call @ Value::Object(_)) => std::slice::from_ref(call),
            _ => &[],
        };
        let calls = calls.iter().filter(|call| call.is_object()).map(CallPiece::read);
        let mut calls: Vec<_> = calls.filter(|piece| !piece.is_empty()).collect();
        // What calls were before there could be several; some servers say both.
        let only = message.get("function_call").filter(|call| call.is_object());
        if let Some(function) = only.filter(|_| calls.is_empty()) {
            calls.push(CallPiece {
                name: text(function, "name").unwrap_or_default().to_owned(),
                arguments: arguments(function),
                ..CallPiece::default()
            });
        }
        let mut others = unknown(message, &KNOWN_OF_MESSAGE);
        let reasoning = REASONING.iter().find_map(|key| text(message, key));
        // A server's own name for the thoughts is sent back under that name alone.
        if others.contains_key("reasoning_content") {
            others.remove("reasoning");
        }
        Self {
            text: content(message.get("content")),
            refusal: text(message, "refusal").unwrap_or_default().to_owned(),
            reasoning: reasoning.unwrap_or_default().to_owned(),
            calls,
            others,
            finish: None,
        }
    }

    fn says_something(&self) -> bool {
        let texts = [&self.text, &self.refusal, &self.reasoning];
        !self.calls.is_empty() || !self.others.is_empty() || texts.iter().any(|text| !text.is_empty())
    }
}

impl CallPiece {
    /// Whether it says nothing: servers send such pieces beside text.
    fn is_empty(&self) -> bool {
        self.id.is_empty()
            && self.name.is_empty()
            && self.arguments.is_empty()
            && self.others.is_empty()
            && self.function_others.is_empty()
    }

    fn read(piece: &Value) -> Self {
        let index = first_count(piece, &["/index"]);
        let id = text(piece, "id").unwrap_or_default().to_owned();
        let Some(function) = piece.get("function").filter(|function| function.is_object()) else {
            // Some servers put what the function is beside the number.
            return Self {
                index,
                id,
                name: text(piece, "name").unwrap_or_default().to_owned(),
                arguments: arguments(piece),
                ..Self::default()
            };
        };
        Self {
            index,
            id,
            name: text(function, "name").unwrap_or_default().to_owned(),
            arguments: arguments(function),
            others: unknown(piece, &KNOWN_OF_CALL),
            function_others: unknown(function, &KNOWN_OF_FUNCTION),
        }
    }
}

fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Why a completion ended, as a word or as an object that holds it.
fn finish(reason: &Value) -> Option<String> {
    match reason {
        Value::Null => None,
        Value::String(finish) => {
            Some(finish.clone()).filter(|finish| !matches!(finish.as_str(), "" | "null" | "None"))
        }
        Value::Object(_) => {
            let word = ["type", "reason"].iter().find_map(|key| text(reason, key));
            Some(word.map_or_else(|| reason.to_string(), str::to_owned))
        }
        other => Some(other.to_string()),
    }
}

/// The text of a message: a string, or parts with texts.
fn content(content: Option<&Value>) -> String {
    match content {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(parts)) => {
            let spoken = parts
                .iter()
                .filter(|part| part.get("thought") != Some(&Value::Bool(true)));
            spoken.filter_map(|part| text(part, "text")).collect()
        }
        Some(part @ Value::Object(_)) => text(part, "text").unwrap_or_default().to_owned(),
        _ => String::new(),
    }
}

/// The bytes of a function's arguments: text as it is, an object written out.
fn arguments(function: &Value) -> String {
    let fields = ["arguments", "parameters", "input"];
    match fields.iter().find_map(|key| function.get(*key)) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The fields of an object that are not known and hold something.
fn unknown(json: &Value, known: &[&str]) -> Map<String, Value> {
    let Some(object) = json.as_object() else {
        return Map::new();
    };
    let holds = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        _ => true,
    };
    let unknown = object
        .iter()
        .filter(|(key, value)| !known.contains(&key.as_str()) && holds(value));
    unknown.map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Tokens as the provider counts them. A count of nothing at all (some servers send zeros with every piece) is no usage.
fn usage(usage: &Value) -> Option<Usage> {
    let count = |pointers: &[&str]| first_count(usage, pointers);
    let input = count(&[
        "/prompt_tokens",
        "/input_tokens",
        "/promptTokens",
        "/inputTokenCount",
    ])
    .unwrap_or_default();
    let output = count(&[
        "/completion_tokens",
        "/output_tokens",
        "/completionTokens",
        "/outputTokenCount",
    ]);
    // What is not said of the output stands in the sum.
    let output = output.or_else(|| {
        count(&["/total_tokens"])?
            .checked_sub(input)
            .filter(|_| input > 0)
    });
    let output = output.unwrap_or_default();
    if !usage.is_object() || (input == 0 && output == 0) {
        return None;
    }
    let cached = [
        "/prompt_tokens_details/cached_tokens",
        "/input_tokens_details/cached_tokens",
        "/prompt_cache_hit_tokens",
        "/cached_tokens",
        "/cache_read_input_tokens",
        "/cacheReadInputTokenCount",
    ];
    let cached = cached.iter().filter_map(|pointer| count(&[pointer])).max();
    let cached = cached.unwrap_or_default().min(input);
    let written = count(&["/prompt_tokens_details/cache_write_tokens"]).unwrap_or_default();
    Some(Usage {
        input_tokens: input,
        cached_tokens: cached,
        cache_write_tokens: written.min(input.saturating_sub(cached)),
        output_tokens: output,
        ..Usage::default()
    })
}
