//! The compact encoding of a table: one header line of `name:type`, then one line per row, cells separated by tabs.
//!
//! Inside a cell every backslash is doubled and tabs, line breaks, controls and hidden characters are escaped as JSON
//! escapes them, so a line break always ends a row, a tab always ends a cell, and a single backslash always begins a
//! sign of ours: `\N` for no value, `\…` for what was left out. The first character of what could be read as a mark
//! of ours or of a model server is escaped in the same way. Numbers stand as the server sent them, without
//! the noise that binary addition leaves in their last digits.

use std::fmt::Write as _;

use super::totals::without_noise;
use super::{Cell, Column, ColumnKind};
use crate::text::{clean_line, escape_into, escape_line_start, escape_within, reads_as_own_line};

/// Stands for no value. No text encodes to it: a backslash in text is doubled.
pub(crate) const NULL_TOKEN: &str = "\\N";

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

pub fn encode_cell(cell: &Cell) -> String {
    let mut out = String::new();
    encode_cell_into(cell, &mut out);
    out
}

/// Writes [`encode_cell`] of a cell behind what stands in `out`.
fn encode_cell_into(cell: &Cell, out: &mut String) {
    match cell {
        Cell::Null => out.push_str(NULL_TOKEN),
        Cell::Bool(true) => out.push_str("true"),
        Cell::Bool(false) => out.push_str("false"),
        // Writing to a string cannot fail.
        Cell::Number(number) => match number
            .as_f64()
            .filter(|_| number.is_f64())
            .and_then(without_noise)
        {
            Some(meant) => drop(write!(out, "{meant}")),
            None => drop(write!(out, "{number}")),
        },
        Cell::Text(text) => escape_into(text, out),
    }
}

/// One row, without a line break.
pub fn encode_row<'a>(cells: impl IntoIterator<Item = &'a Cell>) -> String {
    let mut out = String::new();
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push('\t');
        }
        encode_cell_into(cell, &mut out);
    }
    escape_line_start(out)
}

/// A column in the header: `name:type`, or `name:type(unit)` for a time bucket. A name that the colon would turn into
/// the mark of a speaker, such as `User`, is quoted.
pub(crate) fn encode_column(column: &Column) -> String {
    let mut name = clean_line(&column.name, MAX_NAME_CHARS);
    if reads_as_own_line(&format!("{name}:")) {
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
    let (mut out, left_out) = escape_within(text, room);
    out.push_str(&cut_marker(left_out));
    out
}
