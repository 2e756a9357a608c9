//! Reads a server's event stream, whatever it looks like.
//!
//! The protocol is simple (`data: {…}`, an empty line, the next event), and servers bend it: a byte order mark before
//! the first event, blank or comment-like data, events that no empty line parts, half of a surrogate pair, one JSON
//! document where a stream was asked for. [`SseParser`] takes bytes as they come and gives out [`SseItem`]s; it cannot
//! fail, because what it does not understand is an item of its own ([`SseItem::Noise`]), and it looks at each byte once.
//!
//! ```text
//! data: {"choices":[…]}      SseItem::Event
//! data: [DONE]               SseItem::End
//! data: upstream timed out   SseItem::Noise
//! : keep-alive               nothing
//! ```

use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use crate::wire::{BodyStream, WireError};

/// The mark that ends a stream of chat completions.
const END: &str = "[DONE]";
/// The end of a line as it is written in a text.
const WRITTEN_END: &str = "\\n";
/// What stands between two events on one line.
const GLUED: &str = "data:";
/// What an event says that is called an error and says nothing else.
const NO_WORDS: &str = "the server gives no reason";
/// JSON that stands outside any event is tried at each line's end while it is no longer than this, in bytes.
const EAGER_BYTES: usize = 256 << 10;

/// What a stream consists of.
#[derive(Debug, Clone, PartialEq)]
pub enum SseItem {
    Event {
        /// Whether it came as an event; otherwise it is a JSON document that stands in the body as it is.
        framed: bool,
        json: Value,
    },
    /// The stream's own end mark.
    End,
    /// Data that is not JSON: a proxy's words, a comment in the wrong place.
    Noise(String),
}

/// Takes a body's bytes in pieces of any size and finds the items in them.
#[derive(Debug, Default)]
pub struct SseParser {
    /// The line that has not ended yet.
    line: Vec<u8>,
    /// Whether the last byte was a carriage return, which a line feed may still belong to.
    after_return: bool,
    name: String,
    data: Vec<String>,
    /// Lines that are no field of an event, as far as they may be a JSON document.
    raw: String,
}

impl SseParser {
    pub fn push(&mut self, mut bytes: &[u8], items: &mut Vec<SseItem>) {
        if std::mem::take(&mut self.after_return) {
            bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
        }
        while let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, rest) = bytes.split_at(end);
            self.line.extend_from_slice(line);
            self.end_line(items);
            bytes = match rest {
                [b'\r'] => {
                    self.after_return = true;
                    &[]
                }
                [b'\r', b'\n', rest @ ..] | [_, rest @ ..] => rest,
                [] => &[],
            };
        }
        self.line.extend_from_slice(bytes);
    }

    /// Closes what the body left open: servers leave out the last line's end and the last empty line.
    pub fn finish(&mut self, items: &mut Vec<SseItem>) {
        self.end_line(items);
        self.dispatch(items);
        self.take_raw(items);
        if !self.raw.is_empty() {
            items.push(SseItem::Noise(std::mem::take(&mut self.raw)));
        }
    }

    fn end_line(&mut self, items: &mut Vec<SseItem>) {
        let line = String::from_utf8_lossy(&self.line).into_owned();
        self.line.clear();
        let line = line.trim_start_matches(is_unseen);
        let indented = line.trim_start();
        if line.is_empty() {
            self.dispatch(items);
        } else if let Some(data) = field(line, "data") {
            self.data.push(data.to_owned());
        } else if let Some(name) = field(line, "event") {
            name.trim().clone_into(&mut self.name);
        } else if let Some(data) = field(line, "error") {
            // llama-server's own field.
            self.dispatch(items);
            items.extend(item("error", data));
        } else if !self.data.is_empty() && indented.starts_with('{') {
            // An event that begins without its name goes behind the one that is being read.
            self.data.push(line.to_owned());
        } else if !self.raw.is_empty() || indented.starts_with(['{', '[']) {
            self.raw.push_str(line);
            self.raw.push('\n');
            if self.raw.len() <= EAGER_BYTES && line.trim_end().ends_with(['}', ']']) {
                self.take_raw(items);
            }
        } else if let Some(data) = bent(indented, "data") {
            self.data.push(data.to_owned());
        } else if let Some(object) = object_in(indented) {
            items.push(event(object));
        } else if !is_field(line) && !indented.starts_with('<') {
            items.push(SseItem::Noise(line.to_owned()));
        }
    }

    /// Ends the event that was being read.
    fn dispatch(&mut self, items: &mut Vec<SseItem>) {
        let name = std::mem::take(&mut self.name);
        let lines = std::mem::take(&mut self.data);
        let whole = lines.join("\n");
        if is_error(&name) && whole.trim().is_empty() {
            items.push(event(json!({ "error": NO_WORDS })));
        } else if lines.len() < 2 && !whole.contains(WRITTEN_END) && !whole.contains(GLUED)
            || read(&whole).is_some()
        {
            items.extend(item(&name, &whole));
        } else {
            // Events that no empty line parts, or one that is written out.
            let parts = lines.iter().flat_map(|line| written_apart(line));
            items.extend(parts.filter_map(|part| item(&name, part)));
        }
    }

    fn take_raw(&mut self, items: &mut Vec<SseItem>) {
        if let Some(found) = read(&self.raw) {
            let raw = std::mem::take(&mut self.raw);
            let objects = events(found);
            if objects.is_empty() {
                items.push(SseItem::Noise(raw));
            }
            items.extend(objects);
        }
    }
}

/// The events of one line, where a gateway wrote out the ends of lines between them or left them out. A text within an event may
/// hold the same characters.
fn written_apart(line: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut rest = line;
    let mut from = 0;
    let next = |rest: &str, from: usize| {
        let rest = rest.get(from..)?;
        let ends = [WRITTEN_END, GLUED].iter();
        let found = ends.filter_map(|end| Some((rest.find(*end)?, *end)));
        found.min_by_key(|(at, _)| *at)
    };
    while let Some((found, mark)) = next(rest, from) {
        let end = from.saturating_add(found);
        let Some((part, after)) = rest.split_at_checked(end) else {
            break;
        };
        from = end.saturating_add(mark.len());
        let is_end =
            part.trim().is_empty() || item("", part).is_some_and(|item| !matches!(item, SseItem::Noise(_)));
        if is_end {
            parts.push(part);
            rest = after.get(mark.len()..).unwrap_or_default();
            from = 0;
        }
    }
    parts.push(rest);
    parts
}

/// The value of a field if the line is one of this name.
fn field<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let value = line.strip_prefix(name)?.strip_prefix(':')?;
    Some(value.strip_prefix(' ').unwrap_or(value))
}

/// Whether a line is a comment or a field that nobody needs, and no words that stand in the wrong place.
fn is_field(line: &str) -> bool {
    let name = line.split_once(':').map(|(name, _)| name);
    match name {
        Some(name) => !name.contains(char::is_whitespace),
        None => ["data", "event", "id", "retry"].contains(&line),
    }
}

/// The value of a field whose name is written in other letters, with a blank behind it or without a colon.
fn bent<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (written, value) = line.split_at_checked(name.len())?;
    let value = value.trim_start();
    let value = match value.strip_prefix(':') {
        Some(value) => value.trim_start(),
        None => value.starts_with(['{', '[']).then_some(value)?,
    };
    written.eq_ignore_ascii_case(name).then_some(value)
}

/// The object that a line ends in whose beginning is nothing that is known.
fn object_in(line: &str) -> Option<Value> {
    let at = line.find('{').filter(|_| !line.starts_with([':', '<']))?;
    let name = line.get(..at)?.trim_end().trim_end_matches(':');
    // What is said of an event and is none of it.
    if ["id", "retry"].contains(&name) {
        return None;
    }
    read(line.get(at..)?).filter(Value::is_object)
}

/// Characters that nobody sees and some servers send before a line.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{feff}' | '\0' | '\u{200b}' | '\u{2060}')
}

/// Whether words in a stream only say that the connection lives, or are the length of a chunk that a proxy left in.
pub(super) fn is_sign_of_life(words: &str) -> bool {
    const SIGNS: [&str; 9] = [
        "ping",
        "pong",
        "alive",
        "ok",
        "connected",
        "start",
        "open",
        "ready",
        "null",
    ];
    const PARTS: [&str; 3] = ["keepalive", "heartbeat", "processing"];
    let letters = words.chars().filter(char::is_ascii_alphanumeric);
    let letters: String = letters.map(|c| c.to_ascii_lowercase()).collect();
    let is_length = words.len() <= 8 && letters.chars().all(|c| c.is_ascii_hexdigit());
    let is_part = PARTS
        .iter()
        .any(|part| letters.contains(part) && letters.len() <= part.len() + 16);
    is_length || is_part || SIGNS.contains(&letters.as_str())
}

/// What the data of one event is.
fn item(name: &str, data: &str) -> Option<SseItem> {
    let mut data = data.trim().trim_start_matches('\u{feff}');
    while let Some(inner) = data.strip_prefix("data:") {
        data = inner.trim_start();
    }
    let is_error = is_error(name);
    if data.is_empty() {
        return None;
    }
    if data.trim_matches('"').eq_ignore_ascii_case(END) {
        return Some(SseItem::End);
    }
    match read(data) {
        Some(Value::Null) => None,
        Some(Value::Object(object)) if is_error && object.is_empty() => {
            Some(event(json!({ "error": NO_WORDS })))
        }
        Some(json) if is_error && json.get("error").is_none_or(Value::is_null) => {
            Some(event(json!({ "error": json })))
        }
        Some(json @ Value::Object(_)) => Some(event(json)),
        Some(Value::Array(items)) => items.into_iter().find(Value::is_object).map(event),
        _ if is_error => Some(event(json!({ "error": data }))),
        _ if data.starts_with(':') => None,
        _ => Some(SseItem::Noise(data.to_owned())),
    }
}

/// Whether an event's name says that it is an error: `error`, `server_error`.
fn is_error(name: &str) -> bool {
    name.to_ascii_lowercase()
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word == "error")
}

fn event(json: Value) -> SseItem {
    SseItem::Event { framed: true, json }
}

/// The objects of a JSON document that stands in the body as it is.
fn events(json: Value) -> Vec<SseItem> {
    let objects = match json {
        Value::Array(items) => items,
        other => vec![other],
    };
    let objects = objects.into_iter().filter(Value::is_object);
    objects
        .map(|json| SseItem::Event { framed: false, json })
        .collect()
}

/// JSON, also with half of a surrogate pair in it, which some servers send when they cut a text within a character, and with
/// what is no number among its numbers.
fn read(text: &str) -> Option<Value> {
    if text.trim().is_empty() {
        return None;
    }
    let strict = |text: &str| serde_json::from_str(text).ok();
    strict(text)
        .or_else(|| strict(&without_lone_surrogates(text)?))
        .or_else(|| strict(&without_odd_numbers(text)?))
}

/// The text with `null` in place of `NaN` and of infinite numbers; `None` when there are none.
fn without_odd_numbers(text: &str) -> Option<String> {
    const ODD: [&str; 6] = ["NaN", "-NaN", "Infinity", "-Infinity", "+Infinity", "+NaN"];
    let mut out = String::with_capacity(text.len());
    let (mut rest, mut is_text, mut found) = (text, false, false);
    while let Some(next) = rest.chars().next() {
        let odd = ODD.iter().find(|odd| !is_text && rest.starts_with(**odd));
        let length = match (odd, next) {
            (Some(odd), _) => odd.len(),
            (None, '\\') if is_text => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            (None, next) => next.len_utf8(),
        };
        is_text ^= next == '"';
        let (part, after) = rest.split_at_checked(length)?;
        out.push_str(if odd.is_some() { "null" } else { part });
        found |= odd.is_some();
        rest = after;
    }
    found.then_some(out)
}

/// The text with U+FFFD in place of escapes that are half of a pair; `None` when there are none.
fn without_lone_surrogates(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut found = false;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at_checked(at)?;
        out.push_str(before);
        let (length, lone) = match (code(escape), escape.get(6..).and_then(code)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => (12, false),
            (Some(0xd800..=0xdfff), _) => (6, true),
            (Some(_), _) => (6, false),
            // An escape of one character, which may have any length in bytes.
            (None, _) => (1 + escape.chars().nth(1).map_or(0, char::len_utf8), false),
        };
        let (escape, after) = escape.split_at_checked(length)?;
        out.push_str(if lone { "\\ufffd" } else { escape });
        found |= lone;
        rest = after;
    }
    out.push_str(rest);
    found.then_some(out)
}

/// The number of an escape `\uXXXX` that a text begins with.
fn code(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("\\u")?.get(..4)?, 16).ok()
}

/// The items of a body, as they come. An event that came whole before the body broke is one.
pub(super) fn items(mut body: BodyStream) -> impl Stream<Item = Result<SseItem, WireError>> + Send {
    async_stream::try_stream! {
        let mut parser = SseParser::default();
        let mut found = Vec::new();
        let mut broken = None;
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => parser.push(&piece, &mut found),
                Err(error) => {
                    broken = Some(error);
                    break;
                }
            }
            for item in found.drain(..) {
                yield item;
            }
        }
        parser.finish(&mut found);
        found.retain(|item| broken.is_none() || matches!(item, SseItem::Event { .. }));
        for item in found {
            yield item;
        }
        if let Some(error) = broken {
            Err(error)?;
        }
    }
}
