//! What all completions of a session begin with, tools above all: most of each of them. It is taken apart, redacted and
//! written once for all of them, and compared as it stands after that.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use serde_json::value::RawValue;

use super::redact::redact;
use crate::wire::canonical::is_exact;

/// Most prefixes that are remembered: one for each app of a process, in each of its models' forms.
const MOST_KNOWN: usize = 8;

/// Parts of bodies that stay the same for a whole session, as canonical JSON by name.
#[derive(Debug, Default)]
pub(super) struct SharedPrefix(BTreeMap<&'static str, Box<RawValue>>);

/// Prefixes by the bytes they came in, the latest last.
static KNOWN: Mutex<Vec<(Vec<String>, Arc<SharedPrefix>)>> = Mutex::new(Vec::new());

impl SharedPrefix {
    /// The prefix of these parts of a body. `None` when they cannot be read without loss.
    pub(super) fn of(parts: &[(&'static str, &str)]) -> Option<Arc<Self>> {
        let is_same = |texts: &[String]| {
            texts.len() == parts.len() && texts.iter().zip(parts).all(|(text, (_, part))| text == part)
        };
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let found = known
            .iter()
            .find(|(texts, prefix)| is_same(texts) && prefix.0.keys().eq(parts.iter().map(|(name, _)| name)));
        if let Some((_, prefix)) = found {
            return Some(Arc::clone(prefix));
        }
        let mut canonical = BTreeMap::new();
        for (name, text) in parts {
            let mut value: Value = serde_json::from_str(text).ok().filter(is_exact)?;
            redact(&mut value);
            canonical.insert(*name, RawValue::from_string(value.to_string()).ok()?);
        }
        let prefix = Arc::new(Self(canonical));
        if known.len() >= MOST_KNOWN {
            known.remove(0);
        }
        let texts = parts.iter().map(|(_, text)| (*text).to_owned()).collect();
        known.push((texts, Arc::clone(&prefix)));
        Some(prefix)
    }

    /// Its parts, in the order of their names.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&'static str, &RawValue)> {
        self.0.iter().map(|(name, part)| (*name, &**part))
    }

    /// Whether both have the same parts, but for the one that is called `but`.
    pub(super) fn is_same(&self, other: &Self, but: Option<&str>) -> bool {
        std::ptr::eq(self, other) || self.texts(but).eq(other.texts(but))
    }

    fn texts<'p>(&'p self, but: Option<&'p str>) -> impl Iterator<Item = (&'static str, &'p str)> {
        let parts = self.parts().filter(move |(name, _)| Some(*name) != but);
        parts.map(|(name, part)| (name, part.get()))
    }
}
