//! A request as it is recorded. What all completions of a session begin with (tools above all) is most of each, and is taken
//! apart, redacted and written out once for all of them: a [`SentRequest`] holds it as a [`SharedPrefix`] beside the rest.
//!
//! Whole, it is what [`canonical`] gives: the same JSON text, the same key.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::redact::redact;
use super::request::{self, PREFIX, VOLATILE, canonical};
use crate::wire::canonical::is_exact;
use crate::wire::{Purpose, WireRequest};

/// Most prefixes that are remembered: one for each app of a process, in each of its models' forms.
const MOST_KNOWN: usize = 8;

/// Parts of bodies that stay the same for a whole session, as canonical JSON by name.
#[derive(Debug)]
pub(super) struct SharedPrefix(BTreeMap<&'static str, Box<RawValue>>);

/// Prefixes by the bytes they came in, the latest last.
static KNOWN: Mutex<Vec<(Vec<String>, Arc<SharedPrefix>)>> = Mutex::new(Vec::new());

impl SharedPrefix {
    /// The prefix of these parts of a body. `None` when they cannot be read without loss.
    fn of(parts: &[(&'static str, &str)]) -> Option<Arc<Self>> {
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

    fn is_same(&self, other: &Self) -> bool {
        fn texts(prefix: &SharedPrefix) -> impl Iterator<Item = (&str, &str)> {
            prefix.0.iter().map(|(name, part)| (*name, part.get()))
        }
        std::ptr::eq(self, other) || texts(self).eq(texts(other))
    }
}

/// A canonical request, without what it shares with others.
#[derive(Debug, Clone)]
pub(super) struct SentRequest {
    /// An object as [`canonical`] makes it, whose body lacks what is in `prefix`.
    pub(super) request: Value,
    pub(super) prefix: Option<Arc<SharedPrefix>>,
}

/// The body of a completion, without what it shares with others.
#[derive(Debug)]
pub(super) struct SentBody {
    pub(super) body: Value,
    pub(super) prefix: Option<Arc<SharedPrefix>>,
}

impl SentRequest {
    /// The request as it is sent.
    pub(super) fn of(request: &WireRequest) -> Self {
        if request.policy.purpose == Purpose::Completion
            && let Some((rest, prefix)) = request.body.as_deref().and_then(taken_apart)
        {
            let mut whole = request::without_body(request);
            if let Some(fields) = whole.as_object_mut() {
                fields.insert("body".to_owned(), rest.into());
            }
            redact(&mut whole);
            return Self {
                request: whole,
                prefix: Some(prefix),
            };
        }
        Self {
            request: canonical(request),
            prefix: None,
        }
    }

    /// A request that was read from a tape.
    pub(super) fn of_canonical(mut request: Value) -> Self {
        let prefix = request::is_completion(&request)
            .then(|| request.get_mut("body").and_then(take_prefix))
            .flatten();
        Self { request, prefix }
    }

    /// What tells it apart from others, hex. The same for requests that differ in volatile fields only.
    pub(super) fn key(&self) -> String {
        let counted;
        let mut request = &self.request;
        if VOLATILE.iter().any(|pointer| request.pointer(pointer).is_some()) {
            counted = request::without_volatile(request);
            request = &counted;
        }
        request::hash_of(&text(&WholeRequest(request, self.prefix.as_deref())))
    }

    /// The body of a completion, taken out.
    pub(super) fn take_body(&mut self) -> Option<SentBody> {
        if !request::is_completion(&self.request) {
            return None;
        }
        let body = self.request.as_object_mut()?.remove("body")?;
        Some(SentBody {
            body,
            prefix: self.prefix.take(),
        })
    }
}

impl SentBody {
    /// A body that was read from a tape.
    pub(super) fn of_canonical(mut body: Value) -> Self {
        let prefix = take_prefix(&mut body);
        Self { body, prefix }
    }

    /// What a body begins with that lacks what is in `prefix`.
    pub(super) fn beginning(body: &Value, prefix: Option<&Arc<SharedPrefix>>) -> Self {
        Self {
            body: request::prefix(body),
            prefix: prefix.cloned(),
        }
    }

    /// Whether this, or what is only a beginning, begins like a body that lacks what is in `prefix`.
    pub(super) fn begins_like(&self, body: &Value, prefix: Option<&Arc<SharedPrefix>>) -> bool {
        let shared = match (&self.prefix, prefix) {
            (Some(one), Some(other)) => one.is_same(other),
            (None, None) => true,
            _ => false,
        };
        shared && request::same_prefix(&self.body, body)
    }

    /// All of it, as canonical JSON.
    pub(super) fn text(&self) -> String {
        text(&WholeBody(&self.body, self.prefix.as_deref()))
    }

    pub(super) fn whole(&self) -> Value {
        match &self.prefix {
            None => self.body.clone(),
            Some(_) => serde_json::from_str(&self.text()).unwrap_or_default(),
        }
    }
}

/// Reads a body: what is shared is compared as it stands, and only the rest is taken apart. `None` where there is nothing
/// that could be shared, or where reading would lose something.
fn taken_apart(body: &[u8]) -> Option<(Map<String, Value>, Arc<SharedPrefix>)> {
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(body).ok()?;
    let (mut shared, mut rest) = (Vec::new(), Map::new());
    for (name, part) in members {
        if let Some(known) = PREFIX.iter().find(|known| **known == name) {
            shared.push((*known, part.get()));
        } else {
            let value: Value = serde_json::from_str(part.get()).ok().filter(is_exact)?;
            rest.insert(name, value);
        }
    }
    let prefix = (!shared.is_empty())
        .then(|| SharedPrefix::of(&shared))
        .flatten()?;
    Some((rest, prefix))
}

/// Takes what may be shared out of a body.
fn take_prefix(body: &mut Value) -> Option<Arc<SharedPrefix>> {
    let fields = body.as_object_mut()?;
    let parts: Vec<(&'static str, String)> = PREFIX
        .iter()
        .filter_map(|name| Some((*name, fields.get(*name)?.to_string())))
        .collect();
    let parts: Vec<(&'static str, &str)> = parts.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let prefix = (!parts.is_empty()).then(|| SharedPrefix::of(&parts)).flatten()?;
    for (name, _) in parts {
        fields.remove(name);
    }
    Some(prefix)
}

fn text(value: &impl Serialize) -> String {
    // Maps with texts as keys can always be written.
    serde_json::to_string(value).unwrap_or_default()
}

/// A request with its prefix in place.
struct WholeRequest<'r>(&'r Value, Option<&'r SharedPrefix>);

impl Serialize for WholeRequest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Value::Object(fields), Some(prefix)) = self else {
            return self.0.serialize(serializer);
        };
        let mut whole = serializer.serialize_map(Some(fields.len()))?;
        for (name, field) in fields {
            if name == "body" {
                whole.serialize_entry(name, &WholeBody(field, Some(prefix)))?;
            } else {
                whole.serialize_entry(name, field)?;
            }
        }
        whole.end()
    }
}

/// A body with its prefix in place, the fields in the order of their names.
struct WholeBody<'b>(&'b Value, Option<&'b SharedPrefix>);

#[derive(Serialize)]
#[serde(untagged)]
enum BodyPart<'b> {
    Own(&'b Value),
    Shared(&'b RawValue),
}

impl Serialize for WholeBody<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(Value::Object(fields), Some(prefix)) = self else {
            return self.0.serialize(serializer);
        };
        let own = fields
            .iter()
            .map(|(name, part)| (name.as_str(), BodyPart::Own(part)));
        let shared = prefix
            .0
            .iter()
            .map(|(name, part)| (*name, BodyPart::Shared(part)));
        let whole: BTreeMap<&str, BodyPart<'_>> = own.chain(shared).collect();
        whole.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::principal::Principal;
    use crate::wire::{CacheRule, Policy};

    fn sent(body: &str) -> WireRequest {
        WireRequest {
            method: http::Method::POST,
            url: "http://127.0.0.1:9/v1/chat/completions".parse().unwrap(),
            headers: http::HeaderMap::new(),
            body: Some(Bytes::copy_from_slice(body.as_bytes())),
            policy: Policy {
                purpose: Purpose::Completion,
                principal: Principal::default(),
                idempotent: true,
                buffered: false,
                cap: 1,
                timeout: Duration::from_secs(1),
                cache: CacheRule::Never,
                opening: None,
            },
        }
    }

    #[test]
    fn whole_it_is_the_canonical_request() {
        let key = "sk-abcdefgh12345678";
        let tools = r#"[{"type":"function","function":{"name":"a","parameters":{"z":1,"b":[]}}}]"#;
        let messages = r#"[{"role":"system","content":"s"},{"role":"user","content":"\u00fc 1.50"}]"#;
        let bodies = [
            format!(r#"{{"model":"m","tools":{tools},"messages":{messages}}}"#),
            format!(r#"{{"user":"x","tools":{tools},"messages":{messages},"metadata":{{"user_id":"y"}}}}"#),
            format!(r#"{{"tools":["{key}",{{"password":"p"}}],"messages":[{{"content":"{key}"}}]}}"#),
            format!(r#"{{"system":"words","tools":{tools},"messages":[]}}"#),
            format!(r#"{{"instructions":"words","input":{messages}}}"#),
            // Numbers that cannot be held, in either part; no prefix; not an object; not JSON.
            format!(r#"{{"tools":[123456789012345678901234567890],"messages":{messages}}}"#),
            format!(r#"{{"tools":{tools},"seed":123456789012345678901234567890}}"#),
            format!(r#"{{"model":"m","messages":{messages}}}"#),
            "[1]".to_owned(),
            "{".to_owned(),
        ];
        for body in bodies {
            let request = sent(&body);
            let whole = canonical(&request);
            for sent in [
                SentRequest::of(&request),
                SentRequest::of_canonical(whole.clone()),
            ] {
                let written = text(&WholeRequest(&sent.request, sent.prefix.as_deref()));
                assert_eq!(written, whole.to_string());
                assert_eq!(sent.key(), request::key(&whole));
                assert!(sent.prefix.is_none() || sent.request["body"].get("tools").is_none());
            }
        }
    }

    #[test]
    fn equal_prefixes_are_one_and_others_are_told_apart() {
        let of = |tools: &str| SentRequest::of(&sent(&format!(r#"{{"tools":{tools},"messages":[]}}"#)));
        let (one, same, spaced, other) = (of(r#"["a"]"#), of(r#"["a"]"#), of(r#"[ "a" ]"#), of(r#"["b"]"#));
        assert!(Arc::ptr_eq(
            one.prefix.as_ref().unwrap(),
            same.prefix.as_ref().unwrap()
        ));
        let begins_like = |with: &SentRequest| {
            let begun = SentBody::beginning(&one.request["body"], one.prefix.as_ref());
            begun.begins_like(&with.request["body"], with.prefix.as_ref())
        };
        assert!(begins_like(&same) && begins_like(&spaced) && !begins_like(&other));
        let whole = SentBody::of_canonical(json!({"tools": ["a"], "messages": [], "model": "m"}));
        assert_eq!(
            whole.whole(),
            json!({"tools": ["a"], "messages": [], "model": "m"})
        );
    }
}
