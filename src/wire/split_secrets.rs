//! A credential that a server spreads over several events of a stream is whole once their texts are put together. So texts
//! that go on from event to event are looked at together: what may be the beginning of a credential keeps its event, and those
//! behind it, until the next piece of that text tells. Events without a piece of one pass byte for byte.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use async_stream::stream;
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;

use super::BodyStream;
use super::respelled::{CountedParts, TextLook};
use super::secret_texts::{SecretTexts, without};

/// Fields whose texts stand for themselves and never go on in the next event.
const FIXED: [&str; 14] = [
    "id",
    "object",
    "model",
    "type",
    "role",
    "finish_reason",
    "native_finish_reason",
    "stop_reason",
    "system_fingerprint",
    "service_tier",
    "provider",
    "status",
    "item_id",
    "call_id",
];
/// Signs at the end of a text that keep its event when a credential in another spelling begins with them.
const OPEN_FROM: usize = 2;
/// Most events that are kept for one that may end in the beginning of a credential.
const MOST_HELD: u64 = 64;

/// How long the last words of an answer are kept when its server said that it ends and nothing comes behind it.
const BEHIND_END: Duration = Duration::from_secs(1);
/// Most bytes of a line that is looked at before its end has come.
const MOST_UNENDED: usize = 256 << 10;

/// The body of an event stream without credentials that are spread over its events.
pub(super) fn clean_events(mut body: BodyStream, secrets: SecretTexts) -> BodyStream {
    stream! {
        let mut events = EventTexts::new(secrets);
        let mut ready = Vec::new();
        loop {
            let piece = match events.patience() {
                None => body.next().await,
                Some(patience) => {
                    let Ok(piece) = tokio::time::timeout(patience, body.next()).await else {
                        events.let_go(&mut ready);
                        if !ready.is_empty() {
                            yield Ok(Bytes::from(std::mem::take(&mut ready)));
                        }
                        continue;
                    };
                    piece
                }
            };
            let Some(piece) = piece else { break };
            match piece {
                Ok(piece) => events.push(&piece, &mut ready),
                Err(error) => {
                    events.finish(&mut ready);
                    if !ready.is_empty() {
                        yield Ok(Bytes::from(std::mem::take(&mut ready)));
                    }
                    yield Err(error);
                    return;
                }
            }
            if !ready.is_empty() {
                yield Ok(Bytes::from(std::mem::take(&mut ready)));
            }
        }
        events.finish(&mut ready);
        if !ready.is_empty() {
            yield Ok(Bytes::from(ready));
        }
    }
    .boxed()
}

/// The texts of a stream's events, as far as they may go on.
struct EventTexts {
    secrets: SecretTexts,
    /// The line that has not ended yet, as far as it may be an event.
    line: Vec<u8>,
    /// Whether what is left of this line is no event.
    passes: bool,
    held: VecDeque<HeldLine>,
    /// The number of the next line.
    next: u64,
    /// Whether the server said that its answer ends.
    is_ended: bool,
    /// By the place of a text in its event: what may be the beginning of a credential at the end of it.
    open: BTreeMap<String, OpenText>,
}

/// A line that waits for those before it.
struct HeldLine {
    number: u64,
    raw: Vec<u8>,
    event: Option<Value>,
    is_changed: bool,
}

struct OpenText {
    text: String,
    /// Which texts of which lines it is the end of, and how many bytes of each.
    parts: Vec<TextPart>,
}

struct TextPart {
    line: u64,
    pointer: String,
    length: usize,
}

/// A text of an event.
struct EventText {
    at: EventPlace,
    text: String,
}

/// Where a text stands in its event.
#[derive(Clone)]
struct EventPlace {
    /// The names of the fields that lead to it: what the next event goes on with has the same.
    place: String,
    /// The same with the places in lists, as a JSON pointer.
    pointer: String,
}

impl EventTexts {
    fn new(secrets: SecretTexts) -> Self {
        Self {
            secrets,
            line: Vec::new(),
            passes: false,
            held: VecDeque::new(),
            next: 0,
            is_ended: false,
            open: BTreeMap::new(),
        }
    }

    /// Takes in bytes; what can be passed on is added to `ready`.
    fn push(&mut self, bytes: &[u8], ready: &mut Vec<u8>) {
        for part in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(part);
            let ends = part.ends_with(b"\n") || part.ends_with(b"\r");
            self.passes |= !may_be_data(&self.line);
            if ends || self.passes {
                self.end_line(ready);
            }
            self.passes &= !ends;
        }
        // Some servers send nothing behind a document, not even the end of its line.
        let may_end = self.line.len() <= MOST_UNENDED && self.line.trim_ascii_end().ends_with(b"}");
        if may_end && event(&self.line).is_some() {
            self.end_line(ready);
        }
    }

    /// Gives out all that is left.
    fn finish(&mut self, ready: &mut Vec<u8>) {
        self.end_line(ready);
        self.let_go(ready);
    }

    /// How long events are kept when nothing comes. Who said that the answer ends may keep the connection open behind it.
    fn patience(&self) -> Option<Duration> {
        (self.is_ended && !self.held.is_empty()).then_some(BEHIND_END)
    }

    /// Gives out all lines that are kept: nothing goes on with them.
    fn let_go(&mut self, ready: &mut Vec<u8>) {
        self.close(|_, _| false);
        self.release(ready);
    }

    /// Keeps those that `stays` names open; nothing goes on with the others. What is most of a credential goes no further.
    fn close(&mut self, stays: impl Fn(&str, &OpenText) -> bool) {
        let all = std::mem::take(&mut self.open);
        for (place, open) in all {
            if stays(&place, &open) {
                self.open.insert(place, open);
                continue;
            }
            let found = self.secrets.find(open.text.as_bytes(), look(true));
            let Some(clean) = without(open.text.as_bytes(), &found.whole) else {
                continue;
            };
            for part in &open.parts {
                self.shorten(part);
            }
            if let Some(part) = open.parts.last() {
                let clean = String::from_utf8_lossy(&clean);
                self.change(part.line, &part.pointer, |text| text.push_str(&clean));
            }
        }
    }

    fn end_line(&mut self, ready: &mut Vec<u8>) {
        let raw = std::mem::take(&mut self.line);
        let event = if self.passes { None } else { event(&raw) };
        let raw = match event {
            // No other line goes on with it.
            None => without(&raw, &self.secrets.find(&raw, look(true)).whole).unwrap_or(raw),
            Some(_) => raw,
        };
        let is_end = event.is_none() && raw.windows(6).any(|part| part == b"[DONE]");
        self.held.push_back(HeldLine {
            number: self.next,
            raw,
            event,
            is_changed: false,
        });
        let seen = self.join_texts();
        if is_end {
            self.close(|_, _| false);
        } else if let Some(seen) = seen {
            self.is_ended = true;
            self.close(|place, _| seen.contains(place));
        }
        let oldest = self.next.saturating_sub(MOST_HELD);
        self.close(|_, open| open.parts.first().is_some_and(|part| part.line >= oldest));
        self.next = self.next.saturating_add(1);
        self.release(ready);
    }

    /// Looks at the texts of the latest line together with what they go on with. When it ends an answer, the places of its
    /// texts are given back: no other goes on.
    fn join_texts(&mut self) -> Option<BTreeSet<String>> {
        let mut texts = Vec::new();
        let event = self.held.back()?.event.as_ref()?;
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        let mut at = EventPlace {
            place: kind.to_owned(),
            pointer: String::new(),
        };
        collect(event, &mut at, &mut texts);
        let seen = is_ending(event).then(|| texts.iter().map(|text| text.at.place.clone()).collect());
        for text in texts {
            self.join_text(text);
        }
        seen
    }

    fn join_text(&mut self, piece: EventText) {
        if piece.text.is_empty() {
            return;
        }
        let EventPlace { place, pointer } = piece.at;
        let before = self.open.remove(&place);
        let (carried, mut parts) = before.map_or_else(Default::default, |open| (open.text, open.parts));
        let whole = if carried.is_empty() {
            Cow::Borrowed(piece.text.as_str())
        } else {
            Cow::Owned(format!("{carried}{}", piece.text))
        };
        let found = self.secrets.find(whole.as_bytes(), look(false));
        let mut length = piece.text.len();
        if let Some(clean) = without(whole.as_bytes(), &found.whole) {
            let clean = String::from_utf8_lossy(&clean).into_owned();
            if found
                .whole
                .first()
                .is_some_and(|place| place.start < carried.len())
            {
                for part in parts.drain(..) {
                    self.shorten(&part);
                }
                self.change(self.next, &pointer, |text| clean.clone_into(text));
                length = clean.len();
            } else {
                let own = clean.get(carried.len()..).unwrap_or_default();
                self.change(self.next, &pointer, |text| own.clone_into(text));
                length = own.len();
            }
        }
        if let Some(open) = found.open.and_then(|at| whole.get(at..)) {
            let goes_on = !parts.is_empty() && open.len() > piece.text.len();
            if !goes_on {
                parts.clear();
            }
            parts.push(TextPart {
                line: self.next,
                pointer,
                length: length.min(open.len()),
            });
            let text = if goes_on { &*whole } else { open };
            let open = OpenText {
                text: text.to_owned(),
                parts,
            };
            self.open.insert(place, open);
        }
    }

    /// Takes the end off a text of an earlier line.
    fn shorten(&mut self, part: &TextPart) {
        self.change(part.line, &part.pointer, |text| {
            text.truncate(text.len().saturating_sub(part.length));
        });
    }

    fn change(&mut self, line: u64, pointer: &str, change: impl FnOnce(&mut String)) {
        let Some(held) = self.held.iter_mut().find(|held| held.number == line) else {
            return;
        };
        let text = held.event.as_mut().and_then(|event| event.pointer_mut(pointer));
        if let Some(Value::String(text)) = text {
            change(text);
            held.is_changed = true;
        }
    }

    /// Passes on all lines before the first that may end in the beginning of a credential.
    fn release(&mut self, ready: &mut Vec<u8>) {
        let parts = self.open.values().filter_map(|open| open.parts.first());
        let first_open = parts.map(|part| part.line).min().unwrap_or(u64::MAX);
        while self.held.front().is_some_and(|line| line.number < first_open) {
            if let Some(line) = self.held.pop_front() {
                line.write(ready);
            }
        }
    }
}

impl HeldLine {
    fn write(self, ready: &mut Vec<u8>) {
        match self.event.filter(|_| self.is_changed) {
            None => ready.extend_from_slice(&self.raw),
            Some(event) => {
                let content = self.raw.trim_ascii_end().len();
                let field = if self.raw.starts_with(b"{") { "" } else { "data: " };
                ready.extend_from_slice(format!("{field}{event}").as_bytes());
                ready.extend_from_slice(self.raw.get(content..).unwrap_or_default());
            }
        }
    }
}

/// How the text of events is looked at.
fn look(is_end: bool) -> TextLook {
    TextLook {
        parts: CountedParts::Beginning,
        is_end,
        open_from: OPEN_FROM,
    }
}

/// Whether a line is the data of an event, or JSON that stands as it is, or too short to tell.
fn may_be_data(line: &[u8]) -> bool {
    line.starts_with(b"data:") || line.starts_with(b"{") || b"data:".starts_with(line)
}

/// The JSON object that a line holds.
fn event(line: &[u8]) -> Option<Value> {
    let mut json = line.trim_ascii();
    while let Some(inner) = json.strip_prefix(b"data:") {
        json = inner.trim_ascii_start();
    }
    serde_json::from_slice(json).ok().filter(Value::is_object)
}

/// Whether an event says that what was said so far is whole.
fn is_ending(event: &Value) -> bool {
    let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
    let ends = ["stop", "done", "completed", "incomplete"];
    let finish = event.pointer("/choices/0/finish_reason");
    ends.iter().any(|end| kind.ends_with(end)) || finish.is_some_and(|reason| !reason.is_null())
}

/// Adds the texts of a value to `texts`, where `at` leads to.
fn collect(value: &Value, at: &mut EventPlace, texts: &mut Vec<EventText>) {
    let (place, pointer) = (at.place.len(), at.pointer.len());
    match value {
        Value::String(text) => texts.push(EventText {
            at: at.clone(),
            text: text.clone(),
        }),
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                at.pointer.push('/');
                at.pointer.push_str(&number.to_string());
                collect(item, at, texts);
                at.pointer.truncate(pointer);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields.iter().filter(|(key, _)| !FIXED.contains(&key.as_str())) {
                at.place.push('/');
                at.place.push_str(key);
                at.pointer.push('/');
                for c in key.chars() {
                    match c {
                        '~' => at.pointer.push_str("~0"),
                        '/' => at.pointer.push_str("~1"),
                        c => at.pointer.push(c),
                    }
                }
                collect(field, at, texts);
                at.place.truncate(place);
                at.pointer.truncate(pointer);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "sk-test-secret";

    /// What is passed on of these pieces, each as soon as it is.
    fn passed(pieces: &[String]) -> Vec<String> {
        let mut events = EventTexts::new(SecretTexts::of(vec![SECRET.to_owned()]));
        let mut passed = Vec::new();
        let mut ready = Vec::new();
        for piece in pieces {
            events.push(piece.as_bytes(), &mut ready);
            passed.push(String::from_utf8(std::mem::take(&mut ready)).unwrap());
        }
        events.finish(&mut ready);
        passed.push(String::from_utf8(ready).unwrap());
        passed
    }

    fn said(text: &str) -> String {
        format!(
            "data: {}\n\n",
            json!({"choices": [{"delta": {"content": text}}], "id": "c"})
        )
    }

    /// The text that the events of a stream make.
    fn text(stream: &str) -> String {
        let events = stream.lines().filter_map(|line| event(line.as_bytes()));
        let texts =
            events.filter_map(|event| Some(event.pointer("/choices/0/delta/content")?.as_str()?.to_owned()));
        texts.collect()
    }

    #[test]
    fn a_credential_is_found_however_it_is_spread() {
        let whole = format!("The key is {SECRET}, and sk-te is none; s");
        let clean = "The key is [redacted], and sk-te is none; s";
        for size in 1..whole.len() {
            let pieces: Vec<String> = whole
                .as_bytes()
                .chunks(size)
                .map(|part| said(str::from_utf8(part).unwrap()))
                .collect();
            let seen = passed(&pieces).concat();
            assert_eq!(text(&seen), clean, "{size}");
            assert_eq!(seen.matches("\n\n").count(), pieces.len(), "{size}");
        }
        let twice = [
            said("sk-te"),
            said("st-secretsk-"),
            said("test-sec"),
            said("ret."),
        ];
        assert_eq!(text(&passed(&twice).concat()), "[redacted][redacted].");
        let begun_twice = [said("s"), said("sk"), said("-test-secret")];
        assert_eq!(text(&passed(&begun_twice).concat()), "s[redacted]");
    }

    #[test]
    fn what_may_begin_one_waits_for_no_more_than_it_has_to() {
        let seen = passed(&[said("Seven"), said(" units"), said(" sold")]);
        assert_eq!(
            seen,
            [
                said("Seven"),
                String::new(),
                said(" units") + &said(" sold"),
                String::new()
            ]
        );
        // The end of an answer, and of a stream, tells that nothing goes on.
        let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n".to_owned();
        let seen = passed(&[said("units"), end.clone()]);
        assert_eq!(seen, [String::new(), said("units") + &end, String::new()]);
        let seen = passed(&[said("units"), "data: [DONE]\n\n".to_owned()]);
        assert_eq!(seen.concat(), said("units") + "data: [DONE]\n\n");
        assert_eq!(seen[2], "");
        let words = ": units".to_owned();
        assert_eq!(
            passed(std::slice::from_ref(&words)),
            [words, String::new()],
            "no event"
        );
        let json = "{\"content\":[{\"text\":\"sk-test\"},{\"text\":\"-secret.\"}]}\n".to_owned();
        let clean = "{\"content\":[{\"text\":\"\"},{\"text\":\"[redacted].\"}]}\n";
        assert_eq!(passed(&[json]), [clean, ""], "no stream");
        let mut many = vec![said("units")];
        many.resize(200, ": ping\n\n".to_owned());
        assert!(
            passed(&many)[..150].concat().contains("units"),
            "other lines do not keep it for ever"
        );
    }
}
