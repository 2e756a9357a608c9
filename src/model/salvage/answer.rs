//! The answer of a model that is driven by one JSON object per step, where the object is not written as its schema says: in a
//! fence, without `arguments`, under other words, among prose, or cut. What such an object was meant to be is never shown as it
//! is written.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::plain::compiled;
use crate::model::lenient_json::{LenientParser, closing_quote, unescaped};

/// The beginning of such an object, up to the first letter of the answer: its action, or a key that only an answer stands under.
const BEGINNING: &str = r#"(?is)\{\s*(?:["'](?:thoughts?|thinking|reasoning|analysis)["']\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)?(?:["'](?:action|step|name|tool|type)["']\s*:\s*["']([\w ]+)["']\s*,\s*(?:["'](?:arguments|parameters|params|args|input|action_input)["']\s*:\s*(?:\{\s*["'](?:text|answer|content|response)["']\s*:\s*)?|["'](?:text|answer|content|response)["']\s*:\s*)|["'](?:answer|final_answer)["']\s*:\s*(?:\{\s*["'](?:text|answer|content)["']\s*:\s*)?)(["'])"#;
/// What an object of a step looks like where it cannot be read.
const ENVELOPE: &str = r#"(?i)(?:\A[\s\u{feff}]*(?:```\w*|json\b)?[\s\[]*\{\s*["'](?:answer|final_answer|arguments|thoughts?|steps?)["']\s*:|\{\s*["'](?:action|actions)["']\s*:|\A[\s\u{feff}]*(?:```\w*|json\b)?[\s\[]*\{\s*["']?(?:a(?:c(?:t(?:i(?:on?)?)?)?)?)?\z)"#;
/// How an object begins that says of itself that it is a step, or an answer.
const UNASKED: &str = r#"(?i)\{\s*(?:["'](?:thoughts?|thinking|reasoning|analysis)["']\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)?["'](?:(?:action|step|name|tool)["']\s*:\s*["'](?:answer|final[_ ]?answer|respond|final[_ ]?response)["']|step["']\s*:\s*\{|(?:answer|final_answer)["']\s*:)"#;
/// What may stand before an object without saying anything.
const BEFORE: &str = r"(?i)\A(?:[\s\u{feff}\[:]|```\w*|\bjson\b|</?[a-z_]+>)*\z";
/// What may stand behind one.
const BEHIND: &str = r"(?i)\A(?:[\s\u{feff}}\]).,;`]|</?[a-z_]+>|<[|｜][^<>\s]*[|｜]>|\[/?[A-Z_]+\])*";
/// A fence, or the word for it, that an object among prose stood in.
const FENCE_BEFORE: &str = r"(?i)(?:```(?:json)?|\bjson)?\s*\z";
/// What an action that answers is called, in small letters without marks.
const ACTIONS: [&str; 11] = [
    "answer",
    "finalanswer",
    "respond",
    "response",
    "reply",
    "final",
    "finish",
    "say",
    "message",
    "answeruser",
    "finalresponse",
];
/// Under which keys an action stands, and what belongs to it.
const ACTION_KEYS: [&str; 8] = [
    "action", "name", "tool", "function", "type", "command", "toolname", "step",
];
const ARGUMENT_KEYS: [&str; 7] = [
    "arguments",
    "parameters",
    "params",
    "args",
    "input",
    "actioninput",
    "toolinput",
];
/// Under which keys the answer stands, in an object of an answer.
const TEXT_KEYS: [&str; 10] = [
    "text",
    "answer",
    "content",
    "finalanswer",
    "response",
    "message",
    "reply",
    "output",
    "value",
    "markdown",
];
/// Under which of them it stands where nothing else says that it is one.
const SURE_KEYS: [&str; 4] = ["answer", "finalanswer", "finalresponse", "response"];
/// Under which keys steps stand.
const STEP_KEYS: [&str; 4] = ["action", "actions", "step", "steps"];
/// Under which keys a model only thinks.
const THOUGHTS: [&str; 6] = [
    "thought",
    "thoughts",
    "thinking",
    "reasoning",
    "analysis",
    "reason",
];
/// Most brackets of a text that are looked at.
const MOST_TRIED: usize = 64;

static BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BEGINNING));
static ENVELOPES: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ENVELOPE));
static UNASKED_BEGINNINGS: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(UNASKED));
static PADDING_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BEFORE));
static PADDING_BEHIND: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(BEHIND));
static FENCES_BEFORE: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(FENCE_BEFORE));

/// What such an object says.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::model) enum AnswerObject {
    Whole(ReadAnswer),
    /// The object breaks off within the answer.
    Cut(String),
    /// An object of a step that says nothing that can be read.
    Unread,
}

/// An answer and what was said around its object.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::model) struct ReadAnswer {
    pub(in crate::model) before: String,
    pub(in crate::model) text: String,
    pub(in crate::model) after: String,
}

impl ReadAnswer {
    /// All of it, in order.
    pub(in crate::model) fn joined(&self) -> String {
        let mut parts = vec![&*self.before, &self.text, &self.after];
        parts.retain(|part| !part.is_empty());
        parts.join("\n\n")
    }
}

/// The answer that a text is an object of; nothing where the text is no such object.
pub(in crate::model) fn answer_object(text: &str) -> Option<AnswerObject> {
    if let Some(text) = alone(text) {
        let read = ReadAnswer {
            text,
            ..ReadAnswer::default()
        };
        return Some(AnswerObject::Whole(read));
    }
    among_prose(text)
        .map(AnswerObject::Whole)
        .or_else(|| unclosed(text))
        .or_else(|| is_envelope(text).then_some(AnswerObject::Unread))
}

/// The same of a model that was not asked for such objects. Others may be what a person asked for, so that only one that is all of
/// the text, or says of itself that it is a step, is taken for one.
pub(in crate::model) fn unasked_answer_object(text: &str) -> Option<AnswerObject> {
    let begins = UNASKED_BEGINNINGS
        .as_ref()
        .and_then(|pattern| pattern.find(text))?;
    let is_first = PADDING_BEFORE.as_ref()?.is_match(text.get(..begins.start())?);
    let found = answer_object(text)?;
    match &found {
        AnswerObject::Whole(read) if read.before.is_empty() && read.after.is_empty() => Some(found),
        _ => (is_first || begins.as_str().contains("action")).then_some(found),
    }
}

/// Whether a text holds what looks like an object of a step.
pub(in crate::model) fn is_envelope(text: &str) -> bool {
    ENVELOPES.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

/// The answer of a text that is one object and nothing else.
fn alone(text: &str) -> Option<String> {
    let at = text.find(['{', '[', '"'])?;
    // A list may begin before the object in it: both are tried.
    let starts = [Some(at), text.find('{')];
    starts.into_iter().flatten().find_map(|at| {
        let (before, written) = text.split_at_checked(at)?;
        let mut parser = LenientParser { rest: written };
        let value = parser.value()?;
        let is_alone = PADDING_BEFORE.as_ref()?.is_match(before) && without_padding(parser.rest).is_empty();
        let said = match &value {
            Value::String(inner) if inner.trim_start().starts_with('{') => alone(inner),
            Value::String(_) => None,
            value => sure(value).or_else(|| named(value)),
        };
        said.filter(|_| is_alone)
    })
}

/// The answers that stand as objects among other words.
fn among_prose(text: &str) -> Option<ReadAnswer> {
    let mut read: Option<ReadAnswer> = None;
    let (mut rest, mut from) = (text, 0);
    for _ in 0..MOST_TRIED {
        let Some(at) = rest.get(from..).and_then(|tail| tail.find(['{', '['])) else {
            break;
        };
        let at = from.saturating_add(at);
        let (before, written) = rest.split_at_checked(at)?;
        let mut parser = LenientParser { rest: written };
        let Some(value) = parser.value() else {
            from = at.saturating_add(1);
            continue;
        };
        let Some(said) = named(&value) else {
            from = rest.len().saturating_sub(parser.rest.len());
            continue;
        };
        rest = without_padding(parser.rest);
        from = 0;
        let before = without_fence(before);
        match &mut read {
            None => {
                read = Some(ReadAnswer {
                    before: before.to_owned(),
                    text: said,
                    after: String::new(),
                });
            }
            Some(read) => {
                for part in [before, &said] {
                    if !part.is_empty() && !read.text.ends_with(part) {
                        read.text = format!("{}\n\n{part}", read.text);
                    }
                }
            }
        }
    }
    let mut read = read?;
    rest.trim().clone_into(&mut read.after);
    Some(read)
}

/// The answer of an object that is not closed, or whose quotes are not escaped.
fn unclosed(text: &str) -> Option<AnswerObject> {
    let begun = BEGINNINGS.as_ref()?.captures(text)?;
    let (whole, quote) = (begun.get(0)?, begun.get(2)?.as_str().chars().next()?);
    let is_answer = begun
        .get(1)
        .is_none_or(|named| ACTIONS.contains(&plain(named.as_str()).as_str()));
    if !is_answer {
        return None;
    }
    let before = without_fence(text.get(..whole.start())?).to_owned();
    let rest = text.get(whole.end()..)?;
    let is_end = |at: usize| {
        let behind = rest.get(at.saturating_add(1)..).unwrap_or_default();
        without_padding(behind).is_empty()
    };
    let first = closing_quote(rest, quote).filter(|at| is_end(*at));
    // Quotes within the answer that are not escaped: only the last one closes it, and brackets do so behind it.
    let is_closed = rest.trim_end().ends_with(['}', ']', '`']);
    let last = || rest.rfind(quote).filter(|at| is_closed && is_end(*at));
    let end = first.or_else(last);
    let read = ReadAnswer {
        before,
        text: unescaped(rest.get(..end.unwrap_or(rest.len()))?),
        after: String::new(),
    };
    Some(match end {
        Some(_) => AnswerObject::Whole(read),
        None => AnswerObject::Cut(read.joined()),
    })
}

/// The answer of an object that calls itself one.
fn named(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => listed(items, named),
        Value::Object(object) => {
            let action = field(object, &ACTION_KEYS).and_then(|(_, action)| match action {
                Value::String(name) => Some(plain(name)),
                _ => None,
            });
            if action.is_some_and(|action| ACTIONS.contains(&action.as_str())) {
                return match field(object, &ARGUMENT_KEYS) {
                    Some((_, arguments)) => said(arguments),
                    None => text_of(object),
                };
            }
            // Actions in an object, or in a list of them.
            let (key, inner) = field(object, &STEP_KEYS)?;
            let is_only = object.keys().all(|other| other == key || is_thought(other));
            is_only.then(|| sure(inner).or_else(|| named(inner))).flatten()
        }
        _ => None,
    }
}

/// The answer of an object that has a key which only an answer stands under, and at most thoughts beside it.
fn sure(value: &Value) -> Option<String> {
    let Value::Object(object) = value else {
        return None;
    };
    let (key, inner) = field(object, &SURE_KEYS)?;
    let is_only = object.keys().all(|other| other == key || is_thought(other));
    is_only.then(|| said(inner)).flatten()
}

/// What the value says that belongs to an answer.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.trim_start().starts_with('{') => {
            let mut parser = LenientParser { rest: text };
            let inner = parser.value().filter(Value::is_object);
            inner
                .as_ref()
                .and_then(said)
                .filter(|_| parser.at_end())
                .or_else(|| Some(text.clone()))
        }
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => listed(items, said),
        Value::Object(object) => text_of(object),
        _ => None,
    }
}

/// The text of an answer's arguments, and the sentences that stand beside it.
fn text_of(object: &Map<String, Value>) -> Option<String> {
    let (key, value) = field(object, &TEXT_KEYS)?;
    let mut text = said(value)?;
    for (other, value) in object {
        let is_side = other == key || is_thought(other) || ACTION_KEYS.contains(&plain(other).as_str());
        match value.as_str() {
            Some(sentence) if !is_side && sentence.trim().contains(' ') && !text.contains(sentence) => {
                text = format!("{text}\n\n{sentence}");
            }
            _ => {}
        }
    }
    Some(text)
}

/// What all values of a list say; nothing where one of them says nothing.
fn listed(items: &[Value], read: fn(&Value) -> Option<String>) -> Option<String> {
    let said: Option<Vec<String>> = items.iter().map(read).collect();
    said.filter(|said| !said.is_empty()).map(|said| said.join("\n\n"))
}

/// The first of these keys that an object has, and what stands there.
fn field<'a>(object: &'a Map<String, Value>, keys: &[&str]) -> Option<(&'a str, &'a Value)> {
    keys.iter().find_map(|wanted| {
        let found = object.iter().find(|(key, _)| plain(key) == **wanted);
        found.map(|(key, value)| (key.as_str(), value))
    })
}

fn is_thought(key: &str) -> bool {
    THOUGHTS.contains(&plain(key).as_str())
}

/// A word in small letters, without marks.
fn plain(word: &str) -> String {
    let letters = word.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn without_padding(behind: &str) -> &str {
    let padding = PADDING_BEHIND.as_ref().and_then(|pattern| pattern.find(behind));
    padding
        .and_then(|padding| behind.get(padding.end()..))
        .unwrap_or(behind)
}

fn without_fence(before: &str) -> &str {
    if PADDING_BEFORE
        .as_ref()
        .is_some_and(|pattern| pattern.is_match(before))
    {
        return "";
    }
    let fence = FENCES_BEFORE.as_ref().and_then(|pattern| pattern.find(before));
    fence
        .and_then(|fence| before.get(..fence.start()))
        .unwrap_or(before)
        .trim()
}
