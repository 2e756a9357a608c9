//! What of a model's own words is safe to send back to it. A provider refuses a whole conversation for one name or
//! one piece of arguments that its API does not take, and a model that calls tools badly produces both.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::{Message, ToolCall};

/// Longest name that every provider takes, in characters.
const NAME_CHARS: usize = 64;
/// Longest arguments that are worth sending back, in bytes.
const ARGUMENT_BYTES: usize = 64 << 10;

/// The arguments as the model wrote them if they are a JSON object of sane size, else an empty object: the tool
/// result beside it says what was wrong.
pub(super) fn arguments(call: &ToolCall) -> &str {
    let sane = call.arguments.len() <= ARGUMENT_BYTES
        && serde_json::from_str::<serde_json::Map<String, Value>>(&call.arguments).is_ok();
    if sane { &call.arguments } else { "{}" }
}

/// A tool's name or a call's id with only the characters that every provider takes.
pub(super) fn identifier(text: &str) -> Cow<'_, str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !text.is_empty() && text.len() <= NAME_CHARS && text.chars().all(fits) {
        return Cow::Borrowed(text);
    }
    let clean: String = text
        .chars()
        .take(NAME_CHARS)
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    Cow::Owned(if clean.is_empty() {
        "unknown".to_owned()
    } else {
        clean
    })
}

/// A call's id as nine letters and digits, which is all that some servers take. Equal ids stay equal.
pub(super) fn short_id(id: &str) -> Cow<'_, str> {
    const LENGTH: usize = 9;
    if id.len() == LENGTH && id.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Cow::Borrowed(id);
    }
    let hash = blake3::hash(id.as_bytes()).to_hex();
    Cow::Owned(hash.chars().take(LENGTH).collect())
}

/// Sets a key of a JSON object that is put together here.
pub(super) fn set(object: &mut Value, key: &str, value: Value) {
    if let Some(map) = object.as_object_mut() {
        map.insert(key.to_owned(), value);
    }
}

/// Gives out ids for calls: the provider's own where there is one and it is new to the conversation, else one that
/// depends on nothing but the conversation so far.
#[derive(Debug)]
pub(super) struct CallIds {
    used: BTreeSet<String>,
    next: usize,
}

impl CallIds {
    /// Ids that continue this conversation.
    pub(super) fn after(messages: &[Message]) -> Self {
        let calls = messages.iter().flat_map(|message| match message {
            Message::Assistant { tool_calls, .. } => tool_calls.as_slice(),
            Message::User(_) | Message::Note(_) | Message::ToolResults(_) => &[],
        });
        let used: BTreeSet<String> = calls.map(|call| call.id.clone()).collect();
        let next = used.len();
        Self { used, next }
    }

    /// The id of the next call.
    pub(super) fn assign(&mut self, given: &str) -> String {
        let mut id = given.to_owned();
        while id.is_empty() || self.used.contains(&id) {
            id = format!("call_{}", self.next);
            self.next = self.next.saturating_add(1);
        }
        self.used.insert(id.clone());
        id
    }
}
