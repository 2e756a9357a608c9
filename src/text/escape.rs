//! Text from outside in a cell or in JSON, so that it reads back.

use std::fmt::Write as _;

use super::hidden::with_hidden;
use super::marks::{mark_positions, reads_as_own_line};

/// The characters of `text`, each as it is shown.
fn escaped(text: &str) -> impl Iterator<Item = (usize, char, String)> + '_ {
    let mut marks = mark_positions(text).into_iter().peekable();
    with_hidden(text).map(move |(at, c, hidden)| {
        let mark = marks.next_if_eq(&at).is_some();
        let mut shown = String::new();
        match c {
            '\\' => shown.push_str("\\\\"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            c if hidden || mark => shown.push_str(&json_escape(c)),
            c => shown.push(c),
        }
        (at, c, shown)
    })
}

/// `\u202e`: what a JSON reader takes for the character.
fn json_escape(c: char) -> String {
    let mut units = [0u16; 2];
    let mut out = String::new();
    for unit in c.encode_utf16(&mut units) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
    out
}

/// `text` with everything escaped that could end a cell, hide from the reader or be read as something else than data.
pub fn escape(text: &str) -> String {
    escaped(text).map(|(_, _, shown)| shown).collect()
}

/// A value as JSON that means the same, with everything escaped in it that could hide from the reader or be read as
/// something else than data.
pub fn escape_json(value: &serde_json::Value) -> String {
    let json = value.to_string();
    let mut marks = mark_positions(&json).into_iter().peekable();
    with_hidden(&json)
        .map(|(at, c, hidden)| {
            if marks.next_if_eq(&at).is_some() || hidden {
                json_escape(c)
            } else {
                c.to_string()
            }
        })
        .collect()
}

/// JSON that means the same, compact or indented, with every character escaped that could hide from a reader or drive a
/// terminal.
pub fn escape_hidden(json: &str) -> String {
    with_hidden(json)
        .map(|(_, c, hidden)| match c {
            // A line end in JSON stands between values, never in one.
            c if hidden && c != '\n' => json_escape(c),
            c => c.to_string(),
        })
        .collect()
}

/// [`escape`] in at most `room` bytes, and how many bytes of `text` were left out.
pub(crate) fn escape_within(text: &str, room: usize) -> (String, usize) {
    let mut out = String::new();
    let mut taken = 0usize;
    for (at, c, shown) in escaped(text) {
        if out.len() + shown.len() > room {
            break;
        }
        out.push_str(&shown);
        taken = at + c.len_utf8();
    }
    (out, text.len() - taken)
}

/// A line of escaped cells whose first character is escaped too if the line would read as one of ours or as somebody
/// speaking: cells that are harmless alone may do so side by side.
pub(crate) fn escape_line_start(mut line: String) -> String {
    if let Some(first) = line.chars().next()
        && reads_as_own_line(&line)
    {
        line.replace_range(..first.len_utf8(), &json_escape(first));
    }
    line
}
