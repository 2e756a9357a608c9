//! Reads a server's event stream, whatever it looks like.
//!
//! The protocol is simple (`data: {…}`, an empty line, the next event), and servers bend it: a byte order mark before
//! the first event, blank or comment-like data, events that no empty line parts or that stand in one line, half of a surrogate
//! pair, a web page in the middle, one JSON document where a stream was asked for. [`SseParser`] takes bytes as they come and gives
//! out [`SseItem`]s; it cannot fail, because what it does not understand is an item of its own ([`SseItem::Noise`]).
//!
//! ```text
//! data: {"choices":[…]}      SseItem::Event
//! data: [DONE]               SseItem::End
//! data: upstream timed out   SseItem::Noise
//! status: 502                SseItem::Noise, as any line that is no field of an event
//! : keep-alive               nothing
//! ```
//!
//! An event is over with the empty line behind it, and before that as soon as a line of its data is whole JSON: some servers keep the
//! connection open without that line. An event whose type stands in its `event:` line alone gets it as its `type`.

use futures_util::{Stream, StreamExt};
use serde_json::{Value, json};

use super::arguments::JsonProgress;
use super::odd_json::{HalfPairs, documents, read};
use super::pieces::{is_name_beside, typed};
use super::sse_line::{bent, field, glued, is_beside, is_error, object_in};
use crate::wire::{BodyStream, WireError};

/// The mark that ends a stream of chat completions.
const END: &str = "[DONE]";
/// The end of a line as it is written in a text.
const WRITTEN_END: &str = "\\n";
/// What stands between two events on one line.
const GLUED: &str = "data:";
/// What an event says that is called an error and says nothing else.
const NO_WORDS: &str = "the server gives no reason";
/// The name of an event that has none.
const UNNAMED: &str = "message";

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
    /// What is no event: a proxy's words, a page, a comment in the wrong place.
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
    given: Given,
    /// Lines that are no field of an event, as far as they may be a JSON document.
    raw: String,
    /// Lines of a web page.
    page: String,
    extent: DocumentExtent,
    halves: HalfPairs,
}

/// What was given out of the event that is being read.
#[derive(Debug, Default)]
enum Given {
    #[default]
    Nothing,
    Named,
    /// Data whose event may still get its name.
    Unnamed(String),
}

/// How far a JSON document goes that the current line, or the lines up to it, may hold.
#[derive(Debug, Default)]
struct DocumentExtent {
    json: JsonProgress,
    /// Bytes of the current line that were looked at.
    seen: usize,
}

impl DocumentExtent {
    /// Looks at the bytes of the line that are new. A document begins with its first bracket.
    fn look(&mut self, line: &[u8]) {
        let mut new = line.get(self.seen..).unwrap_or_default();
        self.seen = line.len();
        if !self.json.is_begun() {
            let at = new.iter().position(|byte| matches!(byte, b'{' | b'['));
            new = at.and_then(|at| new.get(at..)).unwrap_or_default();
        }
        self.json.push_bytes(new);
    }
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
        if self.is_line_whole() {
            self.end_line(items);
        }
    }

    /// Closes what the body left open: servers leave out the last line's end and the last empty line.
    pub fn finish(&mut self, items: &mut Vec<SseItem>) {
        self.end_line(items);
        self.dispatch(items);
        self.end_page(items);
        self.end_raw(items);
    }

    /// Whether the line that has not ended holds a whole document: some servers end nothing behind it.
    fn is_line_whole(&mut self) -> bool {
        let line = self.line.trim_ascii();
        let may_end = matches!(line.last(), Some(b'}' | b']'));
        let may_hold = !self.raw.is_empty()
            || line.starts_with(b"{")
            || line.starts_with(b"[")
            || line
                .get(..4)
                .is_some_and(|name| name.eq_ignore_ascii_case(b"data"));
        if self.line.is_empty() || !self.page.is_empty() || !may_hold {
            return false;
        }
        self.extent.look(&self.line);
        if !may_end || !self.extent.json.is_closed() {
            return false;
        }
        let line = String::from_utf8_lossy(&self.line);
        let document = line.find(['{', '[']).and_then(|at| line.get(at..));
        !self.raw.is_empty() || document.is_some_and(|found| found.trim() == END || read(found).is_some())
    }

    fn end_line(&mut self, items: &mut Vec<SseItem>) {
        let bytes = std::mem::take(&mut self.line);
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_start_matches(is_unseen);
        let indented = line.trim_start();
        let data = field(line, "data");
        let is_page = indented.starts_with('<') || !self.page.is_empty();
        if data.is_some() || field(line, "event").is_some() {
            // What was begun before is over.
            self.end_page(items);
            self.end_raw(items);
        } else if is_page && self.raw.is_empty() {
            self.push_page(line, items);
            return;
        }
        if line.is_empty() {
            self.dispatch(items);
        } else if let Some((before, data)) = glued(line) {
            if let Some(name) = field(before, "event") {
                name.trim().clone_into(&mut self.name);
            }
            self.push_data(data, items);
        } else if let Some(data) = data {
            self.push_data(data, items);
        } else if let Some(name) = field(line, "event") {
            if name.trim_start().starts_with('{') {
                // The data, under the wrong name.
                self.push_data(name, items);
            } else {
                name.trim().clone_into(&mut self.name);
            }
        } else if let Some(data) = field(line, "error") {
            // llama-server's own field.
            self.dispatch(items);
            self.give(items_of("error", data), data, items);
        } else if self.is_in_event() && (indented.starts_with('{') || self.is_document_open()) {
            // An event that begins without its name goes behind the one that is being read, and so does the rest of a document.
            self.push_data(line, items);
        } else if !self.raw.is_empty() || is_document(indented) {
            self.extent.look(&bytes);
            self.raw.push_str(line);
            self.raw.push('\n');
            if self.extent.json.is_closed() {
                self.take_raw(items);
            }
        } else if let Some(data) = bent(indented, "data") {
            self.push_data(data, items);
        } else if let Some(object) = object_in(indented) {
            self.give(vec![event(object)], indented, items);
        } else if !is_beside(line) {
            items.push(SseItem::Noise(line.to_owned()));
        }
        self.extent.seen = 0;
        if self.raw.is_empty() {
            self.extent = DocumentExtent::default();
        }
    }

    /// Takes a line of an event's data. Whole JSON, or the end's mark, is all of it.
    fn push_data(&mut self, data: &str, items: &mut Vec<SseItem>) {
        let found = items_of(&self.name, data);
        // The words of an error may go on.
        let is_all = !is_error(&self.name) || matches!(read(data), Some(Value::Object(_)));
        let is_noise = |item: &SseItem| matches!(item, SseItem::Noise(_));
        if !self.data.is_empty() || found.is_empty() || found.iter().any(is_noise) || !is_all {
            self.data.push(data.to_owned());
            return;
        }
        self.give(found, data, items);
        self.given = if std::mem::take(&mut self.name).is_empty() {
            Given::Unnamed(data.to_owned())
        } else {
            Given::Named
        };
    }

    /// Whether anything of an event has come that no empty line ended.
    fn is_in_event(&self) -> bool {
        !self.data.is_empty() || !matches!(self.given, Given::Nothing)
    }

    /// Whether data has come that is the beginning of a document.
    fn is_document_open(&self) -> bool {
        let first = self.data.first().map(|data| data.trim_start());
        first.is_some_and(|data| data.starts_with(['{', '[']))
    }

    /// Ends the event that was being read.
    fn dispatch(&mut self, items: &mut Vec<SseItem>) {
        let name = std::mem::take(&mut self.name);
        let lines = std::mem::take(&mut self.data);
        let given = std::mem::take(&mut self.given);
        let whole = lines.join("\n");
        if whole.trim().is_empty() {
            match given {
                // The name came behind the data.
                Given::Unnamed(data) if is_error(&name) => self.give(items_of(&name, &data), &data, items),
                Given::Named if name.is_empty() => {}
                _ if is_error(&name) => items.push(event(json!({ "error": NO_WORDS }))),
                _ => {}
            }
        } else if lines.len() < 2 && !whole.contains(WRITTEN_END) && !whole.contains(GLUED)
            || read(&whole).is_some()
        {
            self.give(items_of(&name, &whole), &whole, items);
        } else {
            // Events that no empty line parts, or one that is written out.
            for part in lines.iter().flat_map(|line| written_apart(line)) {
                self.give(items_of(&name, part), part, items);
            }
        }
    }

    fn take_raw(&mut self, items: &mut Vec<SseItem>) {
        if let Some(found) = documents(&self.raw) {
            let raw = std::mem::take(&mut self.raw);
            self.extent = DocumentExtent::default();
            let found: Vec<SseItem> = found.into_iter().flat_map(events).collect();
            if found.is_empty() {
                items.push(SseItem::Noise(raw));
            } else {
                self.give(found, &raw, items);
            }
        }
    }

    /// Ends a document that was begun outside any event.
    fn end_raw(&mut self, items: &mut Vec<SseItem>) {
        if !self.raw.is_empty() {
            self.take_raw(items);
        }
        if !self.raw.is_empty() {
            items.push(SseItem::Noise(std::mem::take(&mut self.raw)));
        }
        self.extent = DocumentExtent::default();
    }

    fn push_page(&mut self, line: &str, items: &mut Vec<SseItem>) {
        self.page.push_str(line);
        self.page.push('\n');
        self.extent = DocumentExtent::default();
        if line.to_ascii_lowercase().contains("</html>") {
            self.end_page(items);
        }
    }

    fn end_page(&mut self, items: &mut Vec<SseItem>) {
        if !self.page.is_empty() {
            items.push(SseItem::Noise(std::mem::take(&mut self.page)));
        }
    }

    /// Gives out what was found in something written.
    fn give(&mut self, mut found: Vec<SseItem>, written: &str, items: &mut Vec<SseItem>) {
        if self.halves.concern(written) {
            for item in &mut found {
                if let SseItem::Event { json, .. } = item {
                    self.halves.join(json);
                }
            }
        }
        items.append(&mut found);
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
    let is_one = |part: &str| {
        let items = items_of("", part);
        part.trim_start().starts_with(':')
            || (!items.is_empty() && !items.iter().any(|item| matches!(item, SseItem::Noise(_))))
    };
    while let Some((found, mark)) = next(rest, from) {
        let end = from.saturating_add(found);
        let Some((part, after)) = rest.split_at_checked(end) else {
            break;
        };
        from = end.saturating_add(mark.len());
        if part.trim().is_empty() || is_one(part) {
            parts.push(part);
            rest = after.get(mark.len()..).unwrap_or_default();
            from = 0;
        }
    }
    parts.push(rest);
    parts
}

/// Characters that nobody sees and some servers send before a line.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{feff}' | '\0' | '\u{200b}' | '\u{2060}')
}

/// Whether a line begins a JSON document, and not words in brackets.
fn is_document(line: &str) -> bool {
    let list = line.strip_prefix('[').map(str::trim_start);
    line.starts_with('{') || list.is_some_and(|list| list.is_empty() || list.starts_with(['{', '[', ']']))
}

/// Whether data is the mark that ends a stream.
fn is_end(data: &str) -> bool {
    data.trim().trim_matches('"').eq_ignore_ascii_case(END)
}

/// What the data of one event is.
fn items_of(name: &str, data: &str) -> Vec<SseItem> {
    let mut data = data.trim().trim_start_matches('\u{feff}');
    while let Some(inner) = data.strip_prefix(GLUED) {
        data = inner.trim_start();
    }
    if data.is_empty() {
        return Vec::new();
    }
    if is_end(data) {
        return vec![SseItem::End];
    }
    // A list that is streamed item by item.
    match documents(data.trim_end_matches([',', ';'])) {
        _ if is_error(name) => vec![error_of(data)],
        Some(found) => found
            .into_iter()
            .flat_map(|json| items_in(name, json, data))
            .collect(),
        // A comment, or a sign of life that brings the time.
        None if data.starts_with(':') || is_name_beside(name) => Vec::new(),
        None => vec![SseItem::Noise(data.to_owned())],
    }
}

/// What one JSON value of an event's data is. A text may hold the JSON of the server behind a gateway.
fn items_in(name: &str, json: Value, data: &str) -> Vec<SseItem> {
    match json {
        Value::Null => Vec::new(),
        Value::Object(_) if name.is_empty() || name == UNNAMED => vec![event(json)],
        Value::Object(_) => vec![event(typed(json, name))],
        Value::Array(items) => {
            let all = items.into_iter();
            all.flat_map(|item| items_in(name, item, data)).collect()
        }
        Value::String(text) => match read(&text) {
            Some(object @ Value::Object(_)) => items_in(name, object, data),
            _ if text.trim().is_empty() || is_name_beside(name) => Vec::new(),
            _ => vec![SseItem::Noise(data.to_owned())],
        },
        Value::Bool(_) | Value::Number(_) if is_name_beside(name) => Vec::new(),
        Value::Bool(_) | Value::Number(_) => vec![SseItem::Noise(data.to_owned())],
    }
}

/// The event that data is which is called an error.
fn error_of(data: &str) -> SseItem {
    let error = match read(data) {
        Some(Value::Object(object)) if object.is_empty() => json!({ "error": NO_WORDS }),
        Some(json) if json.get("error").is_some_and(|error| !error.is_null()) => json,
        Some(json) if !json.is_null() => json!({ "error": json }),
        Some(_) => json!({ "error": NO_WORDS }),
        None => json!({ "error": data }),
    };
    event(error)
}

fn event(json: Value) -> SseItem {
    SseItem::Event { framed: true, json }
}

/// The objects of a JSON document that stands in the body as it is. What else stands among them is noise.
fn events(json: Value) -> Vec<SseItem> {
    match json {
        Value::Array(items) => items.into_iter().flat_map(events).collect(),
        Value::Object(_) => vec![SseItem::Event { framed: false, json }],
        Value::Null => Vec::new(),
        other => vec![SseItem::Noise(other.to_string())],
    }
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
