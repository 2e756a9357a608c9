//! A credential that a server spreads over several events of a stream is whole once their texts are put together. So texts
//! that go on from event to event are looked at together: what may be the beginning of a credential keeps its event, and those
//! behind it, until the next piece of that text tells. The latest signs of a text are remembered when they were passed on: so what
//! begins with one or two signs, as most words do, waits for nothing, and the rest of a credential is found all the same. Events
//! without a piece of one pass byte for byte.

mod event;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;
use std::time::Duration;

use async_stream::stream;
use bytes::Bytes;
use futures_util::StreamExt;
use serde_json::Value;

use self::event::{EventPlace, EventText, collect, event, is_ending, may_hold_event};
use super::BodyStream;
use super::respelled::{CountedParts, TextLook};
use super::secret_texts::{SecretTexts, without};

/// Signs at the end of a text that keep its event when a credential in another spelling begins with them.
const OPEN_FROM: usize = 3;
/// Most lines that are kept behind the latest piece of a text that may end in the beginning of a credential.
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
    /// By the place of a text in its event.
    ends: BTreeMap<String, TextEnd>,
}

/// A line that waits for those before it.
struct HeldLine {
    number: u64,
    raw: Vec<u8>,
    /// Its object, and where it stands.
    event: Option<(Value, Range<usize>)>,
    is_changed: bool,
}

/// The end of a text, as far as a credential may have begun in it.
#[derive(Default)]
struct TextEnd {
    text: String,
    /// How many bytes of it were passed on. The rest waits.
    passed: usize,
    /// Of which texts of which lines the rest is the end, and how many bytes of each.
    parts: Vec<TextPart>,
}

/// The end of a text of a line that waits.
struct TextPart {
    line: u64,
    pointer: String,
    length: usize,
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
            ends: BTreeMap::new(),
        }
    }

    /// Takes in bytes; what can be passed on is added to `ready`.
    fn push(&mut self, bytes: &[u8], ready: &mut Vec<u8>) {
        for part in bytes.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            self.line.extend_from_slice(part);
            let ends = part.ends_with(b"\n") || part.ends_with(b"\r");
            self.passes |= !ends && !may_hold_event(&self.line);
            if ends || self.passes {
                self.end_line(ready);
            }
            self.passes &= !ends;
        }
        // Some servers send nothing behind a document, not even the end of its line.
        let may_end = self.line.len() <= MOST_UNENDED && self.line.trim_ascii_end().ends_with(b"}");
        // Nor behind one whose last line holds the last brace alone.
        if may_end && (!self.line.contains(&b'{') || event(&self.line).is_some()) {
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
    fn close(&mut self, stays: impl Fn(&str, &TextEnd) -> bool) {
        if self.held.is_empty() {
            return;
        }
        let mut all = std::mem::take(&mut self.ends);
        for (place, end) in &mut all {
            if end.parts.is_empty() || stays(place, end) {
                continue;
            }
            let parts = std::mem::take(&mut end.parts);
            let found = self.secrets.find(end.text.as_bytes(), look(true));
            let found = behind(end.passed, &found.whole);
            if let Some(clean) = without(end.text.as_bytes(), &found) {
                for part in &parts {
                    self.shorten(part);
                }
                if let Some(part) = parts.last() {
                    let clean = String::from_utf8_lossy(clean.get(end.passed..).unwrap_or_default());
                    self.change(part.line, &part.pointer, |text| text.push_str(&clean));
                }
                end.text.clear();
            }
            end.passed = end.text.len();
        }
        self.ends = all;
    }

    fn end_line(&mut self, ready: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.line);
        let mut rest = line.as_slice();
        loop {
            let event = if self.passes { None } else { event(rest) };
            // Some servers lose the end of a line between two events.
            let end = event.as_ref().map_or(rest.len(), |(_, place)| place.end);
            let is_last = !rest.get(end..).unwrap_or_default().contains(&b'{');
            let (raw, behind) = rest
                .split_at_checked(if is_last { rest.len() } else { end })
                .unwrap_or_default();
            self.add_line(raw.to_vec(), event, ready);
            if is_last {
                return;
            }
            rest = behind;
        }
    }

    fn add_line(&mut self, raw: Vec<u8>, event: Option<(Value, Range<usize>)>, ready: &mut Vec<u8>) {
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
        let most = self.secrets.most_written();
        self.close(|_, end| {
            let goes_on = end.parts.last().is_some_and(|part| part.line >= oldest);
            goes_on && end.text.len() <= most
        });
        self.next = self.next.saturating_add(1);
        self.release(ready);
    }

    /// Looks at the texts of the latest line together with what they go on with. When it ends an answer, the places of its
    /// texts are given back: no other goes on.
    fn join_texts(&mut self) -> Option<BTreeSet<String>> {
        let mut texts = Vec::new();
        let (event, _) = self.held.back()?.event.as_ref()?;
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
        let TextEnd {
            text: mut whole,
            passed,
            mut parts,
        } = self.ends.remove(&place).unwrap_or_default();
        let carried = whole.len();
        whole.push_str(&piece.text);
        let found = self.secrets.find(whole.as_bytes(), look(false));
        let places = behind(passed, &found.whole);
        // From where on the latest line has it.
        let mut own = carried;
        if let Some(first) = places.first() {
            let from = if first.start < carried { passed } else { carried };
            if first.start < carried {
                for part in parts.drain(..) {
                    self.shorten(&part);
                }
                own = places.last().map_or(carried, |place| place.end);
            }
            if let Some(clean) = without(whole.as_bytes(), &places) {
                let clean = String::from_utf8_lossy(clean.get(from..).unwrap_or_default()).into_owned();
                self.change(self.next, &pointer, |text| clean.clone_into(text));
            }
        }
        let goes_on = !parts.is_empty() && found.open.is_some_and(|at| at < carried);
        if !goes_on {
            parts.clear();
        }
        let waits_from = match found.open {
            None => whole.len(),
            Some(_) if goes_on => passed,
            Some(at) => at.max(own),
        };
        if waits_from < whole.len() {
            parts.push(TextPart {
                line: self.next,
                pointer,
                length: whole.len().saturating_sub(waits_from.max(own)),
            });
        }
        let from = if goes_on { 0 } else { found.recent.min(waits_from) };
        let from = if whole.is_char_boundary(from) { from } else { 0 };
        let end = TextEnd {
            text: whole.split_off(from),
            passed: waits_from.saturating_sub(from),
            parts,
        };
        self.ends.insert(place, end);
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
        let text = held
            .event
            .as_mut()
            .and_then(|(event, _)| event.pointer_mut(pointer));
        if let Some(Value::String(text)) = text {
            change(text);
            held.is_changed = true;
        }
    }

    /// Passes on all lines before the first that may end in the beginning of a credential.
    fn release(&mut self, ready: &mut Vec<u8>) {
        let parts = self.ends.values().filter_map(|end| end.parts.first());
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
            Some((event, place)) => {
                ready.extend_from_slice(self.raw.get(..place.start).unwrap_or_default());
                ready.extend_from_slice(event.to_string().as_bytes());
                ready.extend_from_slice(self.raw.get(place.end..).unwrap_or_default());
            }
        }
    }
}

/// What of these places was not passed on yet.
fn behind(passed: usize, places: &[Range<usize>]) -> Vec<Range<usize>> {
    let later = places.iter().filter(|place| place.end > passed);
    later.map(|place| place.start.max(passed)..place.end).collect()
}

/// How the text of events is looked at.
fn look(is_end: bool) -> TextLook {
    TextLook {
        parts: CountedParts::Telling,
        is_end,
        open_from: OPEN_FROM,
    }
}

#[cfg(test)]
mod tests;
