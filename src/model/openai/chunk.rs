//! One piece of a streamed chat completion, read leniently: everything may be missing, null or of a sloppy type. What is
//! not known is kept, because a server may want it back.

use serde_json::{Map, Value, json};

use super::call_piece::{CallPiece, calls_in};
use super::choices;
use super::tokens::usage_in;
use crate::model::Usage;
use crate::model::count::{field_at, first_count};
use crate::model::finish::{FinishKind, given};
use crate::model::opening::OpeningSign;
use crate::model::pieces::{Doubt, doubt, is_thought, tells_of_trouble, words};
use crate::model::server_error::ServerError;

/// Fields of a message that are read, or that say nothing to send back.
const KNOWN_OF_MESSAGE: [&str; 9] = [
    "role",
    "content",
    "text",
    "refusal",
    "tool_calls",
    "function_call",
    "finish_reason",
    "finishReason",
    "audio",
];
/// Under which other names, in small letters, servers send words.
const SAID: [&str; 19] = [
    "answer",
    "completion",
    "content",
    "content_blocks",
    "content_text",
    "contents",
    "generated",
    "generated_text",
    "markdown",
    "message",
    "msg",
    "output",
    "output_text",
    "parts",
    "reply",
    "response",
    "result",
    "token",
    "words",
];
/// Under which names servers say why a completion ended.
const FINISH: [&str; 2] = ["finish_reason", "finishReason"];
/// Under which names servers say it that have their own protocol.
const STOPPED: [&str; 4] = ["stop_reason", "stopReason", "done_reason", "finish_details"];
/// Under which names a gateway says it in the words of the server behind it.
const NATIVE_FINISH: [&str; 2] = ["native_finish_reason", "nativeFinishReason"];
/// Under which names servers stream a model's thoughts.
const REASONING: [&str; 2] = ["reasoning_content", "reasoning"];

/// One event of the stream, or a whole completion from a server that does not stream.
#[derive(Debug, Default)]
pub(super) struct ChatChunk {
    pub(super) model: Option<String>,
    /// What the server calls the completion.
    pub(super) id: Option<String>,
    /// The answers; only one is ever asked for.
    pub(super) choices: Vec<ChatChoice>,
    pub(super) usage: Option<Usage>,
    pub(super) error: Option<ServerError>,
    /// Whether it may hold words that nobody read.
    pub(super) doubt: Doubt,
}

/// What the piece adds, and how the completion ended if it did.
#[derive(Debug, Default)]
pub(super) struct ChatChoice {
    /// Which of the answers it is.
    pub(super) index: u64,
    /// Whether it came as a message and not as what is new in one.
    pub(super) is_message: bool,
    /// Whether it is the message so far, beside nothing new.
    pub(super) is_beside: bool,
    pub(super) text: String,
    pub(super) refusal: String,
    pub(super) reasoning: String,
    pub(super) calls: Vec<CallPiece>,
    /// Fields of the message that are not known here.
    pub(super) others: Map<String, Value>,
    /// Parts of its content that are thoughts.
    pub(super) thoughts: Vec<Value>,
    pub(super) finish: Option<String>,
    /// Whether it has a place for that reason with nothing in it.
    pub(super) leaves_finish_open: bool,
}

impl ChatChunk {
    /// Whether an object is a chunk in some form, whatever it says.
    pub(super) fn is_one(json: &Value) -> bool {
        ["choices", "candidates"]
            .iter()
            .any(|key| json.get(*key).is_some())
            || choices::is_bare(json)
            || choices::is_plain(json)
    }

    /// Reads one object of the stream.
    pub(super) fn read(json: &Value) -> Self {
        let raw = choices::of(json);
        let error = ["/error", "/delta/error", "/message/error"]
            .iter()
            .find_map(|pointer| raw.iter().find_map(|choice| field_at(choice, pointer)))
            .or_else(|| raw.iter().find(|choice| ServerError::stands_beside(choice)))
            .or_else(|| field_at(json, "/x_groq/error"))
            .or_else(|| field_at(json, "/metadata/error"));
        let choices = (0..).zip(raw.iter()).filter(|(_, choice)| choice.is_object());
        let mut choices: Vec<_> = choices
            .map(|(nth, choice)| ChatChoice::read(nth, choice))
            .collect();
        // Some servers say beside the choices why the only one ended.
        if let [only] = choices.as_mut_slice()
            && only.finish.is_none()
        {
            only.finish = FINISH.iter().find_map(|key| finish(json.get(*key)?));
        }
        // What the server behind a gateway that translates says of its response.
        let incomplete = json.get("incomplete_details").and_then(finish);
        if let (Some(only), Some(reason)) = (
            choices.first_mut(),
            incomplete.filter(|reason| FinishKind::cuts(reason)),
        ) {
            only.finish = Some(reason);
        }
        if let [only] = choices.as_mut_slice() {
            only.finish = hidden_cut(json, &raw, only.finish.take());
        }
        let has_choices = !choices.is_empty() && !choices::is_bare(json) && !choices::is_plain(json);
        let is_content = has_choices || json.get("usage").is_some_and(Value::is_object);
        let doubt = if choices.iter().any(ChatChoice::is_answer) {
            Doubt::None
        } else {
            let mut reasons = choices.iter().filter_map(|choice| choice.finish.as_deref());
            Self::doubt_of(json, &raw, reasons.next())
        };
        Self {
            model: text(json, "model").map(str::to_owned),
            id: text(json, "id").map(str::to_owned),
            error: ServerError::find(json, is_content)
                .or_else(|| ServerError::find(&json!({ "error": error? }), true)),
            doubt,
            usage: usage_in(json, &raw),
            choices,
        }
    }

    /// Whether an object of which nothing was read but the `reason` of an end may be a piece of the answer.
    fn doubt_of(json: &Value, choices: &[Value], reason: Option<&str>) -> Doubt {
        let (is_end, is_told) = (reason.is_some(), reason.is_some_and(FinishKind::cuts));
        let is_known = !choices.is_empty() || json.get("usage").is_some_and(Value::is_object);
        let is_usual = is_known && choices::are_usual(json);
        if tells_of_trouble(json) && !is_told {
            return Doubt::Words;
        }
        if !is_usual && !is_end {
            return doubt(json);
        }
        let mut doubts = choices.iter().map(|choice| {
            let mut messages = ["delta", "message"].iter().filter_map(|key| choice.get(*key));
            match messages.find(|message| message.is_object()) {
                // What stands beside a content that was read, or is empty, is the server's.
                Some(message) if message.get("content").is_some_and(is_unread) => Doubt::Words,
                Some(message) if doubt(message) != Doubt::None => Doubt::Some,
                Some(_) => Doubt::None,
                None if is_end => Doubt::None,
                None => doubt(choice),
            }
        });
        doubts.find(|doubt| *doubt != Doubt::None).unwrap_or_default()
    }

    /// What an object of the stream says about whether the server has begun to answer.
    pub(super) fn opening(json: &Value) -> OpeningSign {
        let chunk = Self::read(json);
        if let Some(error) = chunk.error {
            return OpeningSign::Failed(error.status);
        }
        if chunk.choices.iter().any(ChatChoice::begins) || chunk.doubt.is_lost() {
            return OpeningSign::Begun;
        }
        let finish = chunk.choices.iter().find_map(|choice| choice.finish.as_deref());
        match finish.map(FinishKind::of) {
            Some(FinishKind::Unknown) => OpeningSign::Failed(http::StatusCode::INTERNAL_SERVER_ERROR),
            Some(_) => OpeningSign::Begun,
            None if chunk.doubt != Doubt::None => OpeningSign::Thoughts,
            None if chunk.choices.iter().any(ChatChoice::says_something) => OpeningSign::Thoughts,
            None => OpeningSign::None,
        }
    }
}

impl ChatChoice {
    /// Reads one answer, the `nth` of those in its list.
    fn read(nth: u64, choice: &Value) -> Self {
        // Some servers send the message so far beside what is new, some all of it at the end and nothing new.
        let message_in = |key: &str| choice.get(key).filter(|message| choices::is_message(message));
        let (new, whole) = (message_in("delta"), message_in("message"));
        let message = new.or(whole);
        let mut read = message.map_or_else(Self::default, Self::of_message);
        // The older completions API has the text here.
        read.is_message = new.is_none();
        if read.calls.is_empty() {
            read.calls = calls_in(choice);
        }
        if !read.is_answer()
            && let Some(said) = ["text", "content"].iter().find_map(|key| choice.get(*key))
        {
            read.text = words(said);
            // Beside nothing new it may be all of it once more.
            read.is_message |= message.is_some();
        }
        read.index = first_count(choice, &["/index"]).unwrap_or(nth);
        let reason = |json: &Value| FINISH.iter().find_map(|key| finish(json.get(*key)?));
        let native = NATIVE_FINISH.iter().find_map(|key| finish(choice.get(*key)?));
        let reason = reason(choice)
            .or_else(|| reason(message?))
            .or_else(|| stopped(choice));
        read.finish = behind(reason, native);
        if let (Some(_), Some(whole), false) = (new, whole, read.is_answer()) {
            let last = Self::of_message(whole);
            read = Self {
                is_beside: true,
                index: read.index,
                finish: read.finish,
                ..last
            };
        }
        read.leaves_finish_open =
            read.finish.is_none() && FINISH.iter().any(|key| choice.get(*key).is_some());
        read
    }

    fn of_message(message: &Value) -> Self {
        // Some servers send the text itself in the place of the message.
        if !message.is_object() {
            return Self {
                text: words(message),
                ..Self::default()
            };
        }
        let calls = calls_in(message);
        let mut others = unknown(message, &KNOWN_OF_MESSAGE);
        let reasoning = REASONING.iter().find_map(|key| text(message, key));
        // A server's own name for the thoughts is sent back under that name alone.
        if others.contains_key("reasoning_content") {
            others.remove("reasoning");
        }
        let thoughts = thoughts(message.get("content"));
        let mut reasoning = reasoning.unwrap_or_default().to_owned();
        if reasoning.is_empty() {
            for part in &thoughts {
                think(part, &mut reasoning);
            }
        }
        let said = ["content", "text"].iter().filter_map(|key| message.get(*key));
        let mut said = said.map(words).find(|said| !said.is_empty()).unwrap_or_default();
        let refusal = text(message, "refusal").unwrap_or_default().to_owned();
        if said.is_empty() && refusal.is_empty() && reasoning.is_empty() && calls.is_empty() {
            // Under another name that words have.
            let named = others.iter().filter(|(key, value)| {
                SAID.contains(&key.to_lowercase().as_str()) && !value.is_number() && !value.is_boolean()
            });
            let mut named = named.map(|(key, value)| (key.clone(), words(value)));
            let named = named.find(|(_, words)| !words.is_empty());
            if let Some((key, words)) = named {
                said = words;
                others.remove(&key);
            }
        }
        Self {
            text: said,
            refusal,
            reasoning,
            calls,
            others,
            thoughts,
            ..Self::default()
        }
    }

    /// Whether it holds anything that a completion could consist of.
    pub(super) fn is_answer(&self) -> bool {
        let texts = [&self.text, &self.refusal, &self.reasoning];
        !self.calls.is_empty() || texts.iter().any(|text| !text.is_empty())
    }

    fn says_something(&self) -> bool {
        self.is_answer() || !self.others.is_empty()
    }

    /// Whether it holds more than thoughts.
    fn begins(&self) -> bool {
        let is_thought = |key: &String| {
            ["reason", "think", "thought"]
                .iter()
                .any(|word| key.contains(word))
        };
        let is_said = !self.text.is_empty() || !self.refusal.is_empty() || !self.calls.is_empty();
        is_said || !self.others.keys().all(is_thought)
    }
}

pub(super) fn text<'a>(json: &'a Value, key: &str) -> Option<&'a str> {
    json.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Why a completion ended, as a word or as an object that holds it.
fn finish(reason: &Value) -> Option<String> {
    match reason {
        Value::Null => None,
        Value::String(finish) => given(finish).map(str::to_owned),
        Value::Object(_) => {
            let word = ["type", "reason"].iter().find_map(|key| text(reason, key));
            Some(word.map_or_else(|| reason.to_string(), str::to_owned))
        }
        other => Some(other.to_string()),
    }
}

/// Why a completion ended, where it stands under another protocol's name and in a word that is known.
fn stopped(choice: &Value) -> Option<String> {
    let mut reasons = STOPPED.iter().filter_map(|key| finish(choice.get(*key)?));
    reasons.find(|reason| FinishKind::of(reason) != FinishKind::Unknown)
}

/// Why a completion ended, where a gateway's word for it may hide that the server behind it cut what was said.
fn behind(reason: Option<String>, native: Option<String>) -> Option<String> {
    let is_good = |reason: &String| FinishKind::is_good(reason);
    let cuts = |native: &String| !is_good(native) && FinishKind::of(native) != FinishKind::Unknown;
    if reason.as_ref().is_none_or(is_good) {
        native.filter(cuts).or(reason)
    } else {
        reason
    }
}

/// The reason of an end, where a server says beside a good one that it cut the answer or filtered it.
fn hidden_cut(json: &Value, choices: &[Value], reason: Option<String>) -> Option<String> {
    let reason = reason?;
    if !matches!(FinishKind::of(&reason), FinishKind::Good) {
        return Some(reason);
    }
    let is_true = |holder: &Value, key: &str| holder.get(key) == Some(&Value::Bool(true));
    let is_filtered = |choice: &Value| {
        let results = ["content_filter_results", "content_filter_result"].iter();
        let results = results.filter_map(|key| choice.get(*key)?.as_object());
        results
            .flat_map(Map::values)
            .any(|result| is_true(result, "filtered"))
    };
    Some(
        if choices
            .iter()
            .chain([json])
            .any(|holder| is_true(holder, "truncated"))
        {
            "length".to_owned()
        } else if choices.iter().any(is_filtered) {
            "content_filter".to_owned()
        } else {
            reason
        },
    )
}

/// The parts of a content that are thoughts, which some servers want back within it.
fn thoughts(content: Option<&Value>) -> Vec<Value> {
    let parts = content.and_then(Value::as_array).into_iter().flatten();
    let is_typed = |part: &&Value| part.get("type").is_some() && part.as_object().is_some_and(is_thought);
    parts.filter(is_typed).cloned().collect()
}

/// Whether a content of which nothing was read holds words. Parts without any come from servers that send contents in parts.
fn is_unread(content: &Value) -> bool {
    match content {
        Value::Array(parts) => parts.iter().any(|part| doubt(part) != Doubt::None),
        other => doubt(other) != Doubt::None,
    }
}

/// Adds the words of a thought: a text, or parts with texts.
fn think(part: &Value, words: &mut String) {
    for key in ["thinking", "text", "summary"] {
        match part.get(key) {
            Some(Value::String(text)) => words.push_str(text),
            Some(Value::Array(parts)) => parts.iter().for_each(|part| think(part, words)),
            _ => {}
        }
    }
}

/// The fields of an object that are not known and hold something.
pub(super) fn unknown(json: &Value, known: &[&str]) -> Map<String, Value> {
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
