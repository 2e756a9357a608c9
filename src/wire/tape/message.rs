use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;
use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::redact::{is_secret, may_hold, redact};
use super::request::is_system;
use crate::wire::canonical::is_exact;

/// Most system messages that are remembered: one for each app of a process.
const MOST_KNOWN: usize = 8;
/// Shorter ones are read as fast as they are found.
const SHORT: usize = 1024;

/// One message of a conversation as it is recorded: canonical JSON, without secrets. The next completions repeat it, and
/// it is read, redacted and written once for all of them.
#[derive(Debug)]
pub(super) struct TapedMessage {
    text: Box<RawValue>,
    is_system: bool,
}

/// System messages, which the sessions of an app share; the latest last.
static KNOWN: Mutex<Vec<Arc<TapedMessage>>> = Mutex::new(Vec::new());

impl TapedMessage {
    /// A message as it is sent. `None` when it cannot be read without loss.
    pub(super) fn read(raw: &str) -> Option<Arc<Self>> {
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let shared = raw.len() >= SHORT;
        if shared && let Some(found) = known().iter().find(|message| message.text() == raw) {
            return Some(Arc::clone(found));
        }
        let message = if let Some(message) = Self::of_texts(raw) {
            message
        } else {
            let mut value: Value = serde_json::from_str(raw).ok().filter(is_exact)?;
            redact(&mut value);
            Self::of(&value)?
        };
        if shared && message.is_system {
            let mut known = known();
            if known.len() >= MOST_KNOWN {
                known.remove(0);
            }
            known.push(Arc::clone(&message));
        }
        Some(message)
    }

    /// A message of nothing but texts and words such as `null`, as those with results are, without taking the long texts
    /// apart. `None` where its fields or what they hold may have to be written otherwise.
    fn of_texts(raw: &str) -> Option<Arc<Self>> {
        // Every other escape is written in one way only.
        let has = |escape: &str| memmem::find(raw.as_bytes(), escape.as_bytes()).is_some();
        if has(r"\u") || has(r"\/") || may_hold(raw) {
            return None;
        }
        let fields: BTreeMap<&str, &RawValue> = serde_json::from_str(raw).ok()?;
        let is_scalar = |field: &RawValue| field.get().starts_with(['"', 'n', 't', 'f']);
        let is_known = |(name, field): (&&str, &&RawValue)| !is_secret(name) && is_scalar(field);
        if !fields.iter().all(is_known) {
            return None;
        }
        let role = fields.get("role").map(|role| role.get());
        Some(Arc::new(Self {
            text: to_raw_value(&fields).ok()?,
            is_system: matches!(role, Some(r#""system""# | r#""developer""#)),
        }))
    }

    /// A message that was read from a tape.
    pub(super) fn of(value: &Value) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            text: to_raw_value(value).ok()?,
            is_system: is_system(value),
        }))
    }

    pub(super) fn text(&self) -> &str {
        self.text.get()
    }

    pub(super) fn is_system(&self) -> bool {
        self.is_system
    }

    pub(super) fn value(&self) -> Value {
        serde_json::from_str(self.text()).unwrap_or_default()
    }
}

impl PartialEq for TapedMessage {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other) || self.text() == other.text()
    }
}

/// A list of messages in JSON.
#[derive(Debug, Clone)]
pub(super) struct TapedMessages(pub(super) Vec<Arc<TapedMessage>>);

impl Serialize for TapedMessages {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|message| &message.text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_out_the_same_whether_or_not_it_is_taken_apart() {
        let secret = "sk-abcdefgh12345678";
        let (mut fast, mut slow) = (0, 0);
        for raw in [
            r#"{"role":"tool","tool_call_id":"c1","content":"1\t\"a\"\\\n"}"#.to_owned(),
            r#"{ "role" : "system", "content": null, "name": true }"#.to_owned(),
            r#"{"role":"developer","content":"a","content":"b"}"#.to_owned(),
            r#"{"role":"user","content":"\u00e9 \/ é"}"#.to_owned(),
            r#"{"role":"assistant","tool_calls":[{"type":"function","id":"c1"}]}"#.to_owned(),
            r#"{"r\u006fle":"system","content":"x"}"#.to_owned(),
            r#"{"role":"user","content":7}"#.to_owned(),
            r#"{"role":"user","content":"x","API_Key":"anything"}"#.to_owned(),
            format!(r#"{{"role":"user","content":"my key is {secret}"}}"#),
        ] {
            let mut value: Value = serde_json::from_str(&raw).unwrap();
            redact(&mut value);
            let (whole, message) = (
                TapedMessage::of(&value).unwrap(),
                TapedMessage::read(&raw).unwrap(),
            );
            assert_eq!(message.text(), whole.text(), "{raw}");
            assert_eq!(message.is_system, whole.is_system, "{raw}");
            *(if TapedMessage::of_texts(&raw).is_some() {
                &mut fast
            } else {
                &mut slow
            }) += 1;
        }
        assert_eq!((fast, slow), (3, 6));
    }
}
