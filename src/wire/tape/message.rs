use std::sync::{Arc, Mutex, PoisonError};

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::redact::redact;
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
        let mut value: Value = serde_json::from_str(raw).ok().filter(is_exact)?;
        redact(&mut value);
        let message = Self::of(&value)?;
        if shared && message.is_system {
            let mut known = known();
            if known.len() >= MOST_KNOWN {
                known.remove(0);
            }
            known.push(Arc::clone(&message));
        }
        Some(message)
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
