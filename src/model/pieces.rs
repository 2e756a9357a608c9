//! The one rule for objects of a stream that no reader knows, for all three wires.
//!
//! An object in which nothing is known may be a piece of the answer in a form that nobody here reads. If it were dropped, the
//! rest would look like a whole answer. So one of four things happens to it:
//!
//! 1. It is an envelope around pieces that are known (`{"result": {…}}`, `{"event": …, "data": "{…}"}`): they are taken out
//!    ([`unwrapped`]).
//! 2. It is an ornament: a sign of life, counts, sources, names and times. It says nothing of the answer and is passed over.
//! 3. It holds words under a name that words have, or the reason of a cut. Then the turn ends as a cut, and the server's words are
//!    shown ([`doubt`]).
//! 4. Anything else is passed over. The first such piece is named where no answer comes at all.
//!
//! A piece in the form of its protocol loses nothing by what else stands in it: gateways stamp their pieces with whatever they like.

use serde_json::{Map, Value};

use super::finish::{FinishKind, given};
use super::server_error::is_told;

/// How many envelopes may lie around a piece.
const MOST_ENVELOPES: usize = 3;
/// Keys under which envelopes hold what they are sent around.
const ENVELOPES: [&str; 8] = [
    "body", "chunk", "data", "event", "message", "output", "payload", "result",
];
/// What a text says that only ends a stream.
const END: &str = "[done]";
/// Words of keys under which servers send what a model says or calls.
const SAID: [&str; 24] = [
    "answer",
    "arguments",
    "candidates",
    "choices",
    "chunk",
    "completion",
    "content",
    "contents",
    "data",
    "delta",
    "generated",
    "generation",
    "markdown",
    "message",
    "messages",
    "output",
    "outputs",
    "parts",
    "refusal",
    "reply",
    "response",
    "text",
    "texts",
    "token",
];
/// Those of them under which servers also say that all is well.
const REPORTING: [&str; 5] = ["chunk", "data", "message", "messages", "response"];
/// Words of keys whose values say nothing of the answer: they count, filter, explain or prove it.
const BESIDE: [&str; 51] = [
    "annotation",
    "annotations",
    "citation",
    "citations",
    "cost",
    "cot",
    "custom",
    "debug",
    "encrypted",
    "executed",
    "feedback",
    "filter",
    "filtered",
    "filters",
    "fingerprint",
    "followups",
    "guardrail",
    "guardrails",
    "hook",
    "hooks",
    "impact",
    "keepalive",
    "knowledge",
    "log",
    "logprobs",
    "logs",
    "meta",
    "metadata",
    "metrics",
    "moderation",
    "obfuscation",
    "performance",
    "plan",
    "prompt",
    "reasoning",
    "reference",
    "references",
    "related",
    "safety",
    "search",
    "signature",
    "source",
    "sources",
    "stats",
    "suggestions",
    "thinking",
    "thought",
    "thoughts",
    "timings",
    "usage",
    "verbose",
];
/// Words of the kinds (`type`, `event`, `object`, `status`) of objects that are ornaments whatever they hold.
const KINDS_BESIDE: [&str; 35] = [
    "alive",
    "annotation",
    "citation",
    "citations",
    "connected",
    "cost",
    "debug",
    "feedback",
    "followups",
    "heartbeat",
    "info",
    "keepalive",
    "log",
    "meta",
    "metadata",
    "metrics",
    "moderation",
    "ping",
    "pong",
    "processing",
    "progress",
    "queue",
    "queued",
    "reasoning",
    "reference",
    "references",
    "search",
    "source",
    "sources",
    "stats",
    "status",
    "suggestions",
    "thinking",
    "thought",
    "usage",
];

/// Words of kinds and of keys with which a server says that it broke off.
const TROUBLE: [&str; 13] = [
    "abort",
    "aborted",
    "canceled",
    "cancelled",
    "exception",
    "failed",
    "failure",
    "incomplete",
    "interrupted",
    "overloaded",
    "terminated",
    "timeout",
    "truncated",
];

/// Whether an object that nobody reads may be a piece of the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Doubt {
    #[default]
    None,
    /// It holds several words under a key that is not known.
    Some,
    /// It holds a text under a key that words have, or says that something is missing.
    Words,
}

impl Doubt {
    /// Whether the answer lacks it.
    pub(super) fn is_lost(self) -> bool {
        self == Self::Words
    }
}

/// Whether an object of which nothing was read may be a piece of the answer.
pub(super) fn doubt(json: &Value) -> Doubt {
    if tells_of_trouble(json) || tells_of_a_cut(json) {
        return Doubt::Words;
    }
    if is_kind_beside(json) {
        return Doubt::None;
    }
    let is_said = |key: &str, _: &str| {
        words_in(key)
            .last()
            .is_some_and(|word| SAID.contains(&word.as_str()))
    };
    let are_words = |_: &str, text: &str| text.trim().contains(char::is_whitespace);
    if holds(json, "", &is_said) {
        Doubt::Words
    } else if holds(json, "", &are_words) {
        Doubt::Some
    } else {
        Doubt::None
    }
}

/// The objects that a stream's object stands for: itself, or the pieces that lie in it as in an envelope. `knows` says whether an
/// object is a piece.
pub(super) fn unwrapped(json: Value, knows: fn(&Value) -> bool) -> Vec<Value> {
    if knows(&json) {
        return vec![json];
    }
    inside(&json, knows, MOST_ENVELOPES)
        .or_else(|| error_inside(&json).map(|error| vec![error]))
        .unwrap_or_else(|| vec![json])
}

/// The error that an envelope holds.
fn error_inside(json: &Value) -> Option<Value> {
    let held = ENVELOPES.iter().filter_map(|key| json.get(*key));
    let mut errors = held.filter(|inner| inner.get("error").is_some_and(is_told));
    errors.next().cloned()
}

/// What somebody says in a value of any shape: a text, a list of texts, or an object or a list of objects that hold one.
pub(super) fn words(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // A server whose language takes the text of a number for one.
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Array(parts) => parts.iter().map(words).collect(),
        Value::Object(part) if is_text_part(part) => {
            let keys = ["text", "content", "parts", "value", "output_text", "delta"].iter();
            let mut said = keys.filter_map(|key| part.get(*key)).map(words);
            said.find(|said| !said.is_empty()).unwrap_or_default()
        }
        _ => String::new(),
    }
}

/// Whether a part of a content is a model's thoughts.
pub(super) fn is_thought(part: &Map<String, Value>) -> bool {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    let is_marked = part.get("thought") == Some(&Value::Bool(true));
    is_marked || kind.contains("thinking") || kind.contains("reasoning")
}

/// Whether a part is text and no thought, picture or result of a tool.
fn is_text_part(part: &Map<String, Value>) -> bool {
    let kind = part.get("type").and_then(Value::as_str).unwrap_or_default();
    !is_thought(part) && !["tool", "image", "file"].iter().any(|other| kind.contains(other))
}

/// The pieces in the one field of an envelope that holds any.
fn inside(json: &Value, knows: fn(&Value) -> bool, depth: usize) -> Option<Vec<Value>> {
    let (depth, fields) = (depth.checked_sub(1)?, json.as_object()?);
    let kind = ["type", "event"]
        .iter()
        .find_map(|key| fields.get(*key)?.as_str());
    let read: Vec<Vec<Value>> = fields
        .values()
        .filter_map(|value| pieces_in(value, kind, knows, depth))
        .collect();
    // Which of several is the piece cannot be told.
    let mut pieces = read
        .into_iter()
        .reduce(|_, _| Vec::new())
        .filter(|pieces| !pieces.is_empty())?;
    // What is counted may stand beside them.
    if let (Some(usage), Some(Value::Object(last))) = (fields.get("usage"), pieces.last_mut()) {
        last.entry("usage").or_insert_with(|| usage.clone());
    }
    Some(pieces)
}

/// The pieces that a value is. `kind` is what the envelope says of their type.
fn pieces_in(
    value: &Value,
    kind: Option<&str>,
    knows: fn(&Value) -> bool,
    depth: usize,
) -> Option<Vec<Value>> {
    match value {
        Value::Object(_) => {
            let piece = typed(value.clone(), kind.unwrap_or_default());
            if knows(&piece) {
                return Some(vec![piece]);
            }
            inside(&piece, knows, depth)
        }
        Value::Array(items) => {
            let pieces = items.iter().map(|item| pieces_in(item, kind, knows, depth));
            let pieces: Option<Vec<Vec<Value>>> = pieces.collect();
            pieces
                .map(|pieces| pieces.concat())
                .filter(|pieces| !pieces.is_empty())
        }
        // A gateway that writes the JSON of the server behind it into a text.
        Value::String(text) if text.trim_start().starts_with('{') => {
            let inner = serde_json::from_str(text).ok()?;
            pieces_in(&inner, kind, knows, depth.checked_sub(1)?)
        }
        _ => None,
    }
}

/// An object with this type, unless it has one.
pub(super) fn typed(mut json: Value, kind: &str) -> Value {
    if let Value::Object(fields) = &mut json
        && !kind.is_empty()
    {
        fields.entry("type").or_insert_with(|| kind.into());
    }
    json
}

/// Whether an object says that its server broke off.
pub(super) fn tells_of_trouble(json: &Value) -> bool {
    let is_trouble = |name: &str| words_in(name).any(|word| TROUBLE.contains(&word.as_str()));
    let kinds = ["type", "event", "status"].iter();
    let mut kinds = kinds.filter_map(|key| json.get(*key)?.as_str());
    let mut fields = json.as_object().into_iter().flatten();
    kinds.any(is_trouble)
        || fields.any(|(key, value)| match value {
            Value::Bool(true) => is_trouble(key),
            Value::String(told) => {
                ["exception", "failure", "traceback"].contains(&key.as_str()) && !told.trim().is_empty()
            }
            _ => false,
        })
}

/// Whether a name, of an event or of its kind, says that it is an ornament.
pub(super) fn is_name_beside(name: &str) -> bool {
    // An error may have an address for its type.
    !name.contains("://") && words_in(name).any(|word| KINDS_BESIDE.contains(&word.as_str()))
}

/// Whether an object, or the event that it holds, says of itself that it is an ornament.
pub(super) fn is_kind_beside(json: &Value) -> bool {
    let mut keys = json.as_object().into_iter().flat_map(serde_json::Map::keys);
    if keys.any(|key| words_in(key).any(|word| word == "queue")) {
        return true;
    }
    ["type", "event", "object", "status"]
        .iter()
        .any(|key| match json.get(*key) {
            Some(Value::String(kind)) => is_name_beside(kind),
            Some(event @ Value::Object(_)) if *key == "event" => is_kind_beside(event),
            _ => false,
        })
}

/// Whether a value holds a text that counts, under a key that no ornament has. `key` is the one that it stands under itself.
fn holds(value: &Value, key: &str, counts: &dyn Fn(&str, &str) -> bool) -> bool {
    match value {
        Value::String(text) => !is_nothing(text, key) && counts(key, text),
        Value::Array(items) => items.iter().any(|item| holds(item, key, counts)),
        Value::Object(fields) => fields
            .iter()
            .any(|(key, value)| !is_beside(key) && holds(value, key, counts)),
        _ => false,
    }
}

/// Whether a text says nothing. Where servers also report, `ok` says that all is well; elsewhere it is a word, as `None` is.
fn is_nothing(text: &str, key: &str) -> bool {
    let text = text.trim();
    let reports = || {
        words_in(key)
            .last()
            .is_none_or(|word| REPORTING.contains(&word.as_str()))
    };
    let is_well = || !is_told(&text.into()) && given(text).is_some();
    text.is_empty() || text.eq_ignore_ascii_case(END) || (is_well() && reports())
}

/// Whether an object says, as the reason of an end, that something is missing.
fn tells_of_a_cut(json: &Value) -> bool {
    let is_reason =
        |key: &str| words_in(key).any(|word| ["finish", "reason", "stop"].contains(&word.as_str()));
    let mut fields = json.as_object().into_iter().flatten();
    fields.any(|(key, value)| is_reason(key) && value.as_str().is_some_and(FinishKind::cuts))
}

fn is_beside(key: &str) -> bool {
    words_in(key).any(|word| BESIDE.contains(&word.as_str()))
}

/// The words of a key or of a kind in small letters: `createdAt` and `created_at` have the same.
fn words_in(name: &str) -> impl Iterator<Item = String> {
    let mut words = vec![String::new()];
    let mut is_small = false;
    for c in name.chars() {
        let begins = !c.is_alphanumeric() || (is_small && c.is_uppercase());
        if begins {
            words.push(String::new());
        }
        is_small = c.is_lowercase() || c.is_ascii_digit();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.into_iter().filter(|word| !word.is_empty())
}
