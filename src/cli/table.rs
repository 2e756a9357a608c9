use std::io;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, presets};
use serde_json::Value;
use unicode_width::UnicodeWidthStr as _;

use super::{render, term};

/// Characters that a column of text needs to be read, if it has as many.
const TEXT_WIDTH: usize = 10;
/// Characters between columns, the edge counted.
const GAP: usize = 3;

/// A cell as it is shown.
#[derive(Debug)]
pub(super) struct TableCell {
    text: String,
    /// Whether it is a figure, which stands on the right and is never broken.
    number: bool,
}

impl TableCell {
    /// A cell of a text: a figure when it begins as one and holds no words.
    pub(super) fn of_text(text: String) -> Self {
        let digits = text.chars().any(|c| c.is_ascii_digit());
        let number = digits && text.chars().all(|c| !c.is_alphabetic() && c != ':') && !is_date(&text);
        Self { text, number }
    }
}

/// Prints a table to stdout: drawn for a person, tab-separated with a header line for a program.
pub(super) fn print(columns: &[String], rows: &[Vec<Value>]) -> io::Result<()> {
    if !term::out_is_terminal() {
        return term::out(tab_separated(columns, rows)?);
    }
    let names: Vec<String> = columns.iter().map(|column| term::plain(column)).collect();
    term::out_line(drawn(&names, &cells(columns, rows), term::width()))
}

/// The cells of a result, the figures of a column written alike.
fn cells(columns: &[String], rows: &[Vec<Value>]) -> Vec<Vec<TableCell>> {
    let formatted: Vec<Vec<Option<String>>> = columns
        .iter()
        .enumerate()
        .map(|(at, name)| {
            let column: Vec<&Value> = rows
                .iter()
                .map(|row| row.get(at).unwrap_or(&Value::Null))
                .collect();
            render::formatted_column(name, &column)
        })
        .collect();
    let cell = |row: usize, at: usize, value: &Value| {
        let written = formatted.get(at).and_then(|column| column.get(row)?.clone());
        TableCell {
            number: written.is_some(),
            text: written.unwrap_or_else(|| text(value)),
        }
    };
    rows.iter()
        .enumerate()
        .map(|(row, values)| {
            values
                .iter()
                .enumerate()
                .map(|(at, value)| cell(row, at, value))
                .collect()
        })
        .collect()
}

/// A table within `width` characters, each row as lines of names and values where that is too narrow for it. Without
/// a width it is as wide as it needs.
pub(super) fn drawn(columns: &[String], rows: &[Vec<TableCell>], width: Option<usize>) -> String {
    if width.is_some_and(|width| width < least_width(columns, rows)) {
        return records(columns, rows);
    }
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(columns);
    if let Some(width) = width {
        table
            .set_width(u16::try_from(width).unwrap_or(u16::MAX))
            .set_content_arrangement(ContentArrangement::Dynamic);
    }
    for row in rows {
        table.add_row(row.iter().map(|cell| {
            let drawn = Cell::new(&cell.text);
            if cell.number {
                drawn.set_alignment(CellAlignment::Right)
            } else {
                drawn
            }
        }));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        if rows.iter().any(|row| row.get(at).is_some_and(|cell| cell.number)) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.to_string()
}

/// The least width at which no number is broken and texts can be read.
fn least_width(columns: &[String], rows: &[Vec<TableCell>]) -> usize {
    let of_column = |(at, name): (usize, &String)| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let needed = cells.map(|cell| {
            let wide = cell.text.width();
            if cell.number { wide } else { wide.min(TEXT_WIDTH) }
        });
        GAP + needed.chain([name.width().min(TEXT_WIDTH)]).max().unwrap_or(0)
    };
    columns.iter().enumerate().map(of_column).sum()
}

/// Each row as lines of a name and a value, with an empty line between rows: for terminals too narrow for a table.
fn records(columns: &[String], rows: &[Vec<TableCell>]) -> String {
    let wide = columns.iter().map(|name| name.width()).max().unwrap_or(0);
    let record = |row: &Vec<TableCell>| {
        let lines = columns.iter().zip(row);
        let lines = lines.map(|(name, cell)| format!("{name:wide$}  {}", cell.text));
        lines.collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

fn tab_separated(columns: &[String], rows: &[Vec<Value>]) -> io::Result<String> {
    let mut writer = csv::WriterBuilder::new().delimiter(b'\t').from_writer(Vec::new());
    writer.write_record(columns)?;
    for row in rows {
        writer.write_record(row.iter().map(text))?;
    }
    let bytes = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    String::from_utf8(bytes).map_err(io::Error::other)
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => term::plain(text),
        other => other.to_string(),
    }
}

/// Whether a text is a day or a month, `2025-03-01` or `2025-03`, which is not a figure.
fn is_date(text: &str) -> bool {
    text.len() >= 7 && text.as_bytes().get(4) == Some(&b'-')
}
