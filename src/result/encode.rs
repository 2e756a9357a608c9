//! The compact encoding of a table: one header line of `name:type`, then one line per row, cells separated by tabs.
//!
//! Inside a cell every backslash is doubled and tabs, line breaks, controls and hidden characters are escaped as JSON
//! escapes them, so a line break always ends a row, a tab always ends a cell, and a single backslash always begins a
//! sign of ours: `\N` for no value, `\…` for what was left out. The first character of what could be read as a mark
//! of ours or of a model server is escaped in the same way. Numbers stand as the server sent them.

use std::fmt::Write as _;

use super::clean::clean_line;
use super::hidden::marked;
use super::signs::{is_speech, signs};
use super::{Cell, Column, ColumnKind};

/// Stands for no value. No text encodes to it: a backslash in text is doubled.
pub const NULL_TOKEN: &str = "\\N";

/// Longest column name in a header, in characters.
const MAX_NAME_CHARS: usize = 80;

impl ColumnKind {
    /// The type's name in headers and listings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::Text => "text",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Time => "time",
            Self::Other => "other",
        }
    }

    /// Whether values can be added up.
    pub fn is_numeric(self) -> bool {
        matches!(self, Self::Integer | Self::Number)
    }

    /// Whether values are days, moments or times of day.
    pub fn is_temporal(self) -> bool {
        matches!(self, Self::Date | Self::Datetime | Self::Time)
    }
}

/// The characters of `text`, each as it is shown.
fn escaped(text: &str) -> impl Iterator<Item = (usize, char, String)> + '_ {
    let mut signs = signs(text).into_iter().peekable();
    marked(text).map(move |(at, c, hidden)| {
        let sign = signs.next_if_eq(&at).is_some();
        let mut shown = String::new();
        match c {
            '\\' => shown.push_str("\\\\"),
            '\t' => shown.push_str("\\t"),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            c if hidden || sign => shown.push_str(&json_escape(c)),
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
    let mut signs = signs(&json).into_iter().peekable();
    marked(&json)
        .map(|(at, c, hidden)| {
            if signs.next_if_eq(&at).is_some() || hidden {
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
    marked(json)
        .map(|(_, c, hidden)| match c {
            // A line end in JSON stands between values, never in one.
            c if hidden && c != '\n' => json_escape(c),
            c => c.to_string(),
        })
        .collect()
}

/// One cell.
pub fn encode_cell(cell: &Cell) -> String {
    match cell {
        Cell::Null => NULL_TOKEN.to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => escape(text),
    }
}

/// One row, without a line break.
pub fn encode_row<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> String {
    let mut out = String::new();
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push('\t');
        }
        out.push_str(&encode_cell(cell));
    }
    // Cells that are harmless alone may read as a line of ours side by side.
    match out.chars().next() {
        Some(first) if is_speech(&out) => {
            out.replace_range(..first.len_utf8(), &json_escape(first));
            out
        }
        _ => out,
    }
}

/// A column in the header: `name:type`, or `name:type(unit)` for a time bucket. A name that the colon would turn into
/// the mark of a speaker, such as `User`, is quoted.
pub fn encode_column(column: &Column) -> String {
    let mut name = clean_line(&column.name, MAX_NAME_CHARS);
    if is_speech(&format!("{name}:")) {
        name = format!("\"{name}\"");
    }
    let kind = column.kind.word();
    match &column.unit {
        Some(unit) => format!("{name}:{kind}({})", clean_line(unit, 20)),
        None => format!("{name}:{kind}"),
    }
}

/// How a cell ends whose text was cut: `left_out` bytes of the text are missing.
pub(super) fn cut_marker(left_out: usize) -> String {
    format!("\\…[{left_out} bytes left out]")
}

/// One cell in at most `room` bytes and, if that was not enough, the marker of what is missing.
pub(super) fn encode_cell_within(cell: &Cell, room: usize) -> String {
    let whole = encode_cell(cell);
    let Cell::Text(text) = cell else { return whole };
    if whole.len() <= room {
        return whole;
    }
    let mut out = String::new();
    let mut taken = 0usize;
    for (at, c, shown) in escaped(text) {
        if out.len() + shown.len() > room {
            break;
        }
        out.push_str(&shown);
        taken = at + c.len_utf8();
    }
    out.push_str(&cut_marker(text.len() - taken));
    out
}
