//! Text from outside in a cell or in JSON, so that it reads back.

use std::fmt::Write as _;

use super::hidden::with_hidden;
use super::marks::{mark_positions, reads_as_own_line};
use super::plain::is_plain;

/// A character as it is shown.
enum EscapedChar {
    Plain(char),
    /// By an escape of two characters.
    Short(&'static str),
    /// By its number, as JSON does.
    Number(char),
}

impl EscapedChar {
    fn write_to(&self, out: &mut String) {
        match self {
            Self::Plain(c) => out.push(*c),
            Self::Short(escape) => out.push_str(escape),
            Self::Number(c) => push_json_escape(*c, out),
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Plain(c) => c.len_utf8(),
            Self::Short(escape) => escape.len(),
            Self::Number(c) => "\\u0000".len() * c.len_utf16(),
        }
    }
}

/// The characters of `text` with their places, each as it is shown.
fn escaped(text: &str) -> impl Iterator<Item = (usize, char, EscapedChar)> + '_ {
    let mut marks = mark_positions(text).into_iter().peekable();
    with_hidden(text).map(move |(at, c, hidden)| {
        let mark = marks.next_if_eq(&at).is_some();
        let shown = match c {
            '\\' => EscapedChar::Short("\\\\"),
            '\t' => EscapedChar::Short("\\t"),
            '\n' => EscapedChar::Short("\\n"),
            '\r' => EscapedChar::Short("\\r"),
            c if hidden || mark => EscapedChar::Number(c),
            c => EscapedChar::Plain(c),
        };
        (at, c, shown)
    })
}

/// Writes `\u202e`: what a JSON reader takes for the character.
fn push_json_escape(c: char, out: &mut String) {
    for unit in c.encode_utf16(&mut [0u16; 2]) {
        // Writing to a string cannot fail.
        let _ = write!(out, "\\u{unit:04x}");
    }
}

/// `text` with everything escaped that could end a cell, hide from the reader or be read as something else than data.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

/// Writes [`escape`] of `text` behind what stands in `out`.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    if is_plain(text) {
        out.push_str(text);
    } else {
        for (_, _, shown) in escaped(text) {
            shown.write_to(out);
        }
    }
}

/// A value as JSON that means the same, with everything escaped in it that could hide from the reader or be read as
/// something else than data.
pub(crate) fn escape_json(value: &serde_json::Value) -> String {
    let json = value.to_string();
    let mut marks = mark_positions(&json).into_iter().peekable();
    let mut out = String::with_capacity(json.len());
    for (at, c, hidden) in with_hidden(&json) {
        if marks.next_if_eq(&at).is_some() || hidden {
            push_json_escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    out
}

/// JSON that means the same, compact or indented, with every character escaped that could hide from a reader or drive a
/// terminal.
pub(crate) fn escape_hidden(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for (_, c, hidden) in with_hidden(json) {
        // A line end in JSON stands between values, never in one.
        if hidden && c != '\n' {
            push_json_escape(c, &mut out);
        } else {
            out.push(c);
        }
    }
    out
}

/// [`escape`] in at most `room` bytes, and how many bytes of `text` were left out.
pub(crate) fn escape_within(text: &str, room: usize) -> (String, usize) {
    let mut out = String::new();
    let mut taken = 0usize;
    for (at, c, shown) in escaped(text) {
        if out.len() + shown.len() > room {
            break;
        }
        shown.write_to(&mut out);
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
        let mut escape = String::new();
        push_json_escape(first, &mut escape);
        line.replace_range(..first.len_utf8(), &escape);
    }
    line
}
