//! A request as it is recorded. A completion repeats what the one before it said, so its body is taken apart: what all
//! completions of a session share ([`SharedPrefix`]), the messages, and the rest. What was read before is compared as it
//! stands, and only what is new is read, redacted and written.
//!
//! Whole, it is what [`canonical`] gives: the same JSON text, the same key.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::message::{TapedMessage, TapedMessages};
use super::prefix::SharedPrefix;
use super::redact::redact;
use super::request::{self, FORM, MESSAGES, PREFIX, VOLATILE, canonical};
use crate::wire::canonical::is_exact;
use crate::wire::{Purpose, RequestBody, WireRequest};

/// A canonical request.
#[derive(Debug, Clone)]
pub(super) struct SentRequest {
    /// An object as [`canonical`] makes it; of a completion without its body.
    pub(super) request: Value,
    /// The body of a completion.
    pub(super) body: Option<SentBody>,
}

/// The body of a completion, taken apart.
#[derive(Debug, Clone)]
pub(super) struct SentBody {
    pub(super) prefix: Option<Arc<SharedPrefix>>,
    pub(super) conversation: Option<TapedConversation>,
    /// What else it holds: an object, unless the body is none.
    pub(super) rest: Arc<Value>,
    /// The bytes around its messages, if it was sent by us.
    frame: Option<BodyFrame>,
}

/// The messages of a body, and the name of the field that holds them.
#[derive(Debug, Clone)]
pub(super) struct TapedConversation {
    pub(super) name: &'static str,
    pub(super) messages: TapedMessages,
}

#[derive(Debug, Clone)]
struct BodyFrame {
    before: Arc<str>,
    behind: Arc<str>,
}

impl SentRequest {
    /// The request as it is sent. `before` is the body of the completion before it.
    pub(super) fn of(request: &WireRequest, before: Option<&SentBody>) -> Self {
        if request.policy.purpose == Purpose::Completion
            && let Some(sent) = request.body.as_ref().map(RequestBody::bytes)
            && let Ok(text) = str::from_utf8(&sent)
            && let Some(body) = SentBody::read(text, before)
        {
            let mut whole = request::without_body(request);
            redact(&mut whole);
            return Self {
                request: whole,
                body: Some(body),
            };
        }
        Self::of_canonical(canonical(request))
    }

    /// A request that was read from a tape.
    pub(super) fn of_canonical(mut request: Value) -> Self {
        let body = request::is_completion(&request)
            .then(|| request.as_object_mut()?.remove("body"))
            .flatten();
        Self {
            request,
            body: body.map(SentBody::of_canonical),
        }
    }

    /// What tells it apart from others, hex. The same for requests that differ in volatile fields only.
    pub(super) fn key(&self) -> String {
        let Some(body) = &self.body else {
            return request::key(&self.request);
        };
        let places = VOLATILE
            .iter()
            .filter_map(|pointer| pointer.strip_prefix("/body"));
        if places.clone().all(|place| body.rest.pointer(place).is_none()) {
            return request::hash_of(&text(&WholeRequest::of(&self.request, body)));
        }
        let mut counted = body.clone();
        for place in places {
            request::remove(Arc::make_mut(&mut counted.rest), place);
        }
        request::hash_of(&text(&WholeRequest::of(&self.request, &counted)))
    }
}

impl SentBody {
    /// A body as it is sent. `None` where reading it would lose something.
    fn read(text: &str, before: Option<&Self>) -> Option<Self> {
        if let Some(longer) = before.and_then(|before| before.grown_to(text)) {
            return Some(longer);
        }
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(text).ok()?;
        let (mut shared, mut rest, mut told) = (Vec::new(), Map::new(), None);
        for (name, part) in members {
            if let Some(known) = PREFIX.iter().find(|known| **known == name) {
                shared.push((*known, part.get()));
            } else if let Some(known) = MESSAGES.iter().find(|known| **known == name)
                && told.is_none()
                && part.get().starts_with('[')
            {
                told = Some((*known, part.get()));
            } else {
                let value: Value = serde_json::from_str(part.get()).ok().filter(is_exact)?;
                rest.insert(name, value);
            }
        }
        let prefix = match shared.as_slice() {
            [] => None,
            shared => Some(SharedPrefix::of(shared)?),
        };
        let mut rest = Value::Object(rest);
        redact(&mut rest);
        let conversation = match told {
            None => None,
            Some((name, list)) => Some(TapedConversation {
                name,
                messages: messages(list, before)?,
            }),
        };
        Some(Self {
            prefix,
            conversation,
            rest: Arc::new(rest),
            frame: told.and_then(|(_, list)| BodyFrame::of(text, list)),
        })
    }

    /// This body with the messages that `text` has more, if that is all in which they differ.
    fn grown_to(&self, text: &str) -> Option<Self> {
        let (frame, conversation) = (self.frame.as_ref()?, self.conversation.as_ref()?);
        let mut left = text.strip_prefix(&*frame.before)?;
        for (number, message) in conversation.messages.0.iter().enumerate() {
            if number > 0 {
                left = left.strip_prefix(',')?;
            }
            left = left.strip_prefix(message.text())?;
        }
        let more = left.strip_suffix(&*frame.behind)?;
        let mut grown = self.clone();
        if !more.is_empty() && !conversation.messages.0.is_empty() {
            let list = format!("[{}]", more.strip_prefix(',')?);
            let new: Vec<&RawValue> = serde_json::from_str(&list).ok()?;
            let told = &mut grown.conversation.as_mut()?.messages.0;
            for raw in new {
                told.push(TapedMessage::read(raw.get())?);
            }
        } else if !more.is_empty() {
            return None;
        }
        Some(grown)
    }

    /// A body that was read from a tape.
    pub(super) fn of_canonical(mut body: Value) -> Self {
        let prefix = take_prefix(&mut body);
        let conversation = take_messages(&mut body);
        Self {
            prefix,
            conversation,
            rest: Arc::new(body),
            frame: None,
        }
    }

    /// What it begins with: all that most completions of a turn share.
    pub(super) fn beginning(&self) -> Self {
        let kept = PREFIX
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), self.rest.get(*name)?.clone())));
        let conversation = self.system().map(|system| TapedConversation {
            name: "messages",
            messages: TapedMessages(vec![Arc::clone(system)]),
        });
        Self {
            prefix: self.prefix.clone(),
            conversation,
            rest: Arc::new(Value::Object(kept.collect())),
            frame: None,
        }
    }

    /// Whether both, or a body and a beginning, begin the same.
    pub(super) fn begins_like(&self, other: &Self) -> bool {
        self.is_like(other, None)
    }

    /// The same of what the model reads, whatever form its answer is to have.
    pub(super) fn is_prompted_like(&self, other: &Self) -> bool {
        self.is_like(other, Some(FORM))
    }

    fn is_like(&self, other: &Self, but: Option<&str>) -> bool {
        let nothing = SharedPrefix::default();
        let prefix = self.prefix.as_deref().unwrap_or(&nothing);
        prefix.is_same(other.prefix.as_deref().unwrap_or(&nothing), but)
            && PREFIX
                .iter()
                .filter(|name| Some(**name) != but)
                .all(|name| self.rest.get(*name) == other.rest.get(*name))
            && self.system() == other.system()
    }

    /// The first thing a person says: requests that share it belong to one conversation.
    pub(super) fn opening(&self) -> Option<&Arc<TapedMessage>> {
        self.messages().iter().find(|message| !message.is_system())
    }

    fn system(&self) -> Option<&Arc<TapedMessage>> {
        self.messages().first().filter(|message| message.is_system())
    }

    fn messages(&self) -> &[Arc<TapedMessage>] {
        let told = self.conversation.as_ref();
        told.map_or(&[], |conversation| conversation.messages.0.as_slice())
    }

    /// All of it, as canonical JSON.
    pub(super) fn text(&self) -> String {
        text(self)
    }

    pub(super) fn whole(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap_or_default()
    }

    /// All of it but what sessions share.
    pub(super) fn unshared(&self) -> Value {
        let own = Self {
            prefix: None,
            ..self.clone()
        };
        own.whole()
    }
}

impl BodyFrame {
    /// The bytes around the messages, whose `list` is a part of `text`.
    fn of(text: &str, list: &str) -> Option<Self> {
        let start = list.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        let (before, behind) = (text.get(..=start)?, text.get(start + list.len() - 1..)?);
        Some(Self {
            before: shared_text(before),
            behind: behind.into(),
        })
    }
}

/// Most beginnings of bodies that are remembered: one for each app of a process, in each of its models' forms.
const MOST_KNOWN: usize = 8;

/// The text, one copy for all sessions that begin with it.
fn shared_text(text: &str) -> Arc<str> {
    use std::sync::{Mutex, PoisonError};
    static KNOWN: Mutex<Vec<Arc<str>>> = Mutex::new(Vec::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(found) = known.iter().find(|known| &***known == text) {
        return Arc::clone(found);
    }
    if known.len() >= MOST_KNOWN {
        known.remove(0);
    }
    let text: Arc<str> = text.into();
    known.push(Arc::clone(&text));
    text
}

/// The messages of a list; those that stand at the same place in `before` are not read again.
fn messages(list: &str, before: Option<&SentBody>) -> Option<TapedMessages> {
    let raw: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    let mut known = before.map_or(&[][..], SentBody::messages).iter();
    let read = |raw: &&RawValue| match known.next() {
        Some(message) if message.text() == raw.get() => Some(Arc::clone(message)),
        _ => TapedMessage::read(raw.get()),
    };
    raw.iter().map(read).collect::<Option<_>>().map(TapedMessages)
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

/// Takes the messages out of a body.
fn take_messages(body: &mut Value) -> Option<TapedConversation> {
    let fields = body.as_object_mut()?;
    let name = MESSAGES
        .iter()
        .find(|name| fields.get(**name).is_some_and(Value::is_array))?;
    let list = fields.get(*name)?.as_array()?;
    let messages: Vec<Arc<TapedMessage>> = list.iter().map(TapedMessage::of).collect::<Option<_>>()?;
    fields.remove(*name);
    Some(TapedConversation {
        name,
        messages: TapedMessages(messages),
    })
}

fn text(value: &impl Serialize) -> String {
    // Maps with texts as keys can always be written.
    serde_json::to_string(value).unwrap_or_default()
}

/// A request with one field more, if it has one: the body, or what the body adds to the one before. The fields are in the order
/// of their names.
pub(super) struct WholeRequest<'r, B> {
    request: &'r Value,
    more: Option<(&'static str, &'r B)>,
}

impl<'r> WholeRequest<'r, SentBody> {
    fn of(request: &'r Value, body: &'r SentBody) -> Self {
        let more = Some(("body", body));
        Self { request, more }
    }
}

impl<'r, B> WholeRequest<'r, B> {
    /// What a line of a tape holds of a request.
    pub(super) fn told(request: &'r Value, delta: Option<&'r B>) -> Self {
        let more = delta.map(|delta| ("delta", delta));
        Self { request, more }
    }
}

impl<B: Serialize> Serialize for WholeRequest<'_, B> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (Value::Object(fields), Some((name, part))) = (self.request, self.more) else {
            return self.request.serialize(serializer);
        };
        // The fields are in order already: this one comes before the first that is greater.
        let mut whole = serializer.serialize_map(Some(fields.len().saturating_add(1)))?;
        for (own, field) in fields.iter().filter(|(own, _)| own.as_str() < name) {
            whole.serialize_entry(own, field)?;
        }
        whole.serialize_entry(name, part)?;
        for (own, field) in fields.iter().filter(|(own, _)| own.as_str() > name) {
            whole.serialize_entry(own, field)?;
        }
        whole.end()
    }
}

#[derive(Serialize)]
#[serde(untagged)]
enum BodyPart<'b> {
    Own(&'b Value),
    Shared(&'b RawValue),
    Messages(&'b TapedMessages),
}

impl Serialize for SentBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Value::Object(fields) = &*self.rest else {
            return self.rest.serialize(serializer);
        };
        let own = fields
            .iter()
            .map(|(name, part)| (name.as_str(), BodyPart::Own(part)));
        let shared = self.prefix.iter().flat_map(|prefix| prefix.parts());
        let shared = shared.map(|(name, part)| (name, BodyPart::Shared(part)));
        let told = self.conversation.iter();
        let told = told.map(|told| (told.name, BodyPart::Messages(&told.messages)));
        let whole: BTreeMap<&str, BodyPart<'_>> = own.chain(shared).chain(told).collect();
        whole.serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::principal::Principal;
    use crate::wire::{CacheRule, Policy};

    fn sent(body: &str) -> WireRequest {
        WireRequest {
            method: http::Method::POST,
            url: "http://127.0.0.1:9/v1/chat/completions".parse().unwrap(),
            headers: http::HeaderMap::new(),
            body: Some(body.to_owned().into()),
            policy: Policy {
                purpose: Purpose::Completion,
                principal: Principal::default(),
                idempotent: true,
                buffered: false,
                cap: 1,
                timeout: Duration::from_secs(1),
                cache: CacheRule::Never,
                opening: None,
                loading: None,
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
                SentRequest::of(&request, None),
                SentRequest::of_canonical(whole.clone()),
            ] {
                let written = match &sent.body {
                    None => text(&sent.request),
                    Some(body) => text(&WholeRequest::of(&sent.request, body)),
                };
                assert_eq!(written, whole.to_string());
                assert_eq!(sent.key(), request::key(&whole));
            }
        }
    }

    /// The body of a request, which is taken apart.
    fn body(text: &str, before: Option<&SentBody>) -> SentBody {
        SentRequest::of(&sent(text), before).body.unwrap()
    }

    #[test]
    fn equal_prefixes_are_one_and_others_are_told_apart() {
        let of = |tools: &str| body(&format!(r#"{{"tools":{tools},"messages":[]}}"#), None);
        let (one, same, spaced, other) = (of(r#"["a"]"#), of(r#"["a"]"#), of(r#"[ "a" ]"#), of(r#"["b"]"#));
        assert!(Arc::ptr_eq(
            one.prefix.as_ref().unwrap(),
            same.prefix.as_ref().unwrap()
        ));
        let begins_like = |with: &SentBody| one.beginning().begins_like(with);
        assert!(begins_like(&same) && begins_like(&spaced) && !begins_like(&other));
        let whole = json!({"tools": ["a"], "messages": [], "model": "m"});
        assert_eq!(SentBody::of_canonical(whole.clone()).whole(), whole);
    }

    #[test]
    fn what_the_body_before_said_is_not_read_again_and_comes_out_the_same() {
        let secret = "sk-abcdefgh12345678";
        let bodies = [
            r#"{"model":"m","tools":[1],"messages":[{"content":"s","role":"system"}],"stream":true}"#.to_owned(),
            r#"{"model":"m","tools":[1],"messages":[{"content":"s","role":"system"},{"content":"a","role":"user"}],"stream":true}"#.to_owned(),
            // Another message, other fields around them, fields in another order, a space, a secret, fewer messages.
            r#"{"model":"m","tools":[1],"messages":[{"content":"s","role":"system"},{"content":"b","role":"user"}],"stream":true}"#.to_owned(),
            r#"{"model":"m","tools":[1],"messages":[{"content":"s","role":"system"},{"content":"b","role":"user"}],"stream":false}"#.to_owned(),
            r#"{"model":"m","tools":[1],"messages":[{"role":"system","content":"s"},{"content":"b","role":"user"},1],"stream":false}"#.to_owned(),
            r#"{"model":"m","tools":[1],"messages":[{"content":"s","role":"system"}, {"content":"b","role":"user"},12],"stream":false}"#.to_owned(),
            format!(r#"{{"model":"m","tools":[1],"messages":[{{"content":"s","role":"system"}},{{"content":"{secret}","role":"user"}}],"stream":false}}"#),
            r#"{"model":"m","tools":[1],"messages":[],"stream":false}"#.to_owned(),
        ];
        for (before, text) in bodies
            .iter()
            .flat_map(|one| bodies.iter().map(move |other| (one, other)))
        {
            let first = body(before, None);
            let (next, alone) = (body(text, Some(&first)), body(text, None));
            assert_eq!(next.text(), alone.text(), "{before} then {text}");
            assert!(!next.text().contains(secret));
        }
        let first = body(&bodies[0], None);
        let next = body(&bodies[1], Some(&first));
        assert!(Arc::ptr_eq(&first.messages()[0], &next.messages()[0]));
        // What stands behind the last message has to go on as a list does.
        let first = body(&bodies[1], None);
        let broken = bodies[1].replace("}],", "}}],");
        assert!(SentBody::read(&broken, Some(&first)).is_none());
    }
}
