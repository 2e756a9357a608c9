//! The compact encoding of a table: one header line of `name:type`, then one line per row, cells separated by tabs.
//!
//! Inside a cell every backslash is doubled and tabs, line breaks, controls and hidden characters are escaped as JSON
//! escapes them, so a line break always ends a row, a tab always ends a cell, and a single backslash always begins a
//! sign of ours: `\N` for no value, `\…` for what was left out. Numbers stand as the server sent them.

use std::fmt::Write as _;

use super::clean::{clean_line, is_hidden};
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

fn escape_char(c: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        c if is_hidden(c) => {
            let mut units = [0u16; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
        c => out.push(c),
    }
}

/// `text` with everything escaped that could end a cell or hide from the reader.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    text.chars().for_each(|c| escape_char(c, &mut out));
    out
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
    out
}

/// A column in the header: `name:type`, or `name:type(unit)` for a time bucket.
pub fn encode_column(column: &Column) -> String {
    let name = clean_line(&column.name, MAX_NAME_CHARS);
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
    for c in text.chars() {
        let before = out.len();
        escape_char(c, &mut out);
        if out.len() > room {
            out.truncate(before);
            break;
        }
        taken += c.len_utf8();
    }
    out.push_str(&cut_marker(text.len() - taken));
    out
}
