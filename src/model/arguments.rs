//! A call's arguments as models and servers really write them.
//!
//! They come in pieces, and nothing but their own form tells where they end: some servers give every piece of one call
//! another id, others every call the same number. So [`JsonProgress`] watches the JSON as it grows, [`split`] parts what turned
//! out to be several objects, and [`plain`] unpacks an object that was written as a text.

use serde_json::{Map, Value};

use super::lenient_json;

/// The keys under which models put all arguments again.
pub(super) const WRAPPERS: [&str; 8] = [
    "arguments",
    "parameters",
    "args",
    "input",
    "params",
    "kwargs",
    "tool_input",
    "properties",
];
/// How often an object may be packed into a text.
const MOST_PACKED: usize = 3;

/// Where the JSON value that a text begins with ends, found while the text grows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct JsonProgress {
    depth: usize,
    within: JsonPosition,
    begun: bool,
    whole: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum JsonPosition {
    #[default]
    Structure,
    Text,
    /// Behind a backslash of a text.
    Escape,
}

impl JsonProgress {
    /// Takes in more of the text.
    pub(super) fn push(&mut self, more: &str) {
        self.push_bytes(more.as_bytes());
    }

    /// The same of bytes, which may be cut within a character.
    pub(super) fn push_bytes(&mut self, more: &[u8]) {
        for byte in more {
            self.push_byte(*byte);
        }
    }

    fn push_byte(&mut self, byte: u8) {
        match (self.within, byte) {
            (JsonPosition::Escape, _) => self.within = JsonPosition::Text,
            (JsonPosition::Text, b'\\') => self.within = JsonPosition::Escape,
            (JsonPosition::Text, b'"') => {
                self.within = JsonPosition::Structure;
                self.whole |= self.depth == 0;
            }
            (JsonPosition::Text, _) => {}
            (JsonPosition::Structure, byte) => self.push_structure(byte),
        }
    }

    fn push_structure(&mut self, byte: u8) {
        match byte {
            b'"' => self.within = JsonPosition::Text,
            b'{' | b'[' => self.depth = self.depth.saturating_add(1),
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                self.whole |= self.depth == 0;
            }
            _ => {}
        }
        self.begun |= !byte.is_ascii_whitespace();
    }

    /// Whether anything but white space has come.
    pub(super) fn is_begun(self) -> bool {
        self.begun
    }

    /// Whether nothing of it is open.
    pub(super) fn is_closed(self) -> bool {
        self.whole && self.depth == 0 && self.within == JsonPosition::Structure
    }

    /// Whether an object, a list or a text has come whole.
    pub(super) fn is_whole(self) -> bool {
        self.whole
    }
}

/// The objects that a text consists of, each as it was written. An empty object before others is a server's beginning and
/// no call. What is not a row of objects stays one text.
pub(super) fn split(text: &str) -> Vec<String> {
    let mut objects = Vec::new();
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Map<String, Value>>();
    let mut start = 0;
    while let Some(value) = values.next() {
        let end = values.byte_offset();
        match (value, text.get(start..end)) {
            (Ok(object), Some(written)) => objects.push((object.is_empty(), written.trim().to_owned())),
            _ if !objects.is_empty() && text.get(start..).is_some_and(is_mark) => break,
            _ => return vec![text.to_owned()],
        }
        start = end;
    }
    if objects.len() > 1 && objects.first().is_some_and(|(empty, _)| *empty) {
        objects.remove(0);
    }
    if objects.is_empty() {
        return vec![text.to_owned()];
    }
    objects.into_iter().map(|(_, written)| written).collect()
}

/// Whether a text behind an object is a mark of the model's or a bracket too many, and nothing of arguments.
fn is_mark(text: &str) -> bool {
    !text.contains(['{', '"', ':'])
}

/// Whether a text is one JSON object.
pub(super) fn is_object(text: &str) -> bool {
    serde_json::from_str::<Map<String, Value>>(text).is_ok()
}

/// The arguments as they are, but for an object that was written as a text (`"{\"id\":1}"`), alone in a list, in a fence or
/// in another language's way (`{'id': 1}`), which is written as it should be, and for nothing at all, which is an empty
/// object.
pub(super) fn plain(written: &str) -> String {
    let mut text = written.to_owned();
    for _ in 0..MOST_PACKED {
        let Ok(inner) = serde_json::from_str::<String>(&text) else {
            break;
        };
        text = inner;
    }
    // What has no keys is a list for some languages.
    if matches!(text.trim(), "" | "null" | "None" | "undefined" | "[]" | "()") {
        return "{}".to_owned();
    }
    if is_object(&text) {
        return text;
    }
    mended(&text).unwrap_or_else(|| written.to_owned())
}

/// The object that a text means which is none.
fn mended(text: &str) -> Option<String> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let text = match text.strip_prefix("```") {
        Some(fenced) => fenced
            .trim_start_matches(|c: char| c.is_ascii_alphanumeric())
            .trim_end()
            .trim_end_matches('`'),
        None => text,
    };
    match lenient_json::value(text)? {
        object @ Value::Object(_) => Some(object.to_string()),
        Value::Array(mut items) if items.len() == 1 => {
            items.pop().filter(Value::is_object).map(|item| item.to_string())
        }
        _ => None,
    }
}
