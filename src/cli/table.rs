use std::io;

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, LineStyle, Table, presets};
use serde_json::Value;

use super::term;

/// Narrowest terminal that cells are wrapped for, in columns.
const MIN_WIDTH: usize = 20;
/// Characters that a column of text needs to be read, if it has as many.
const TEXT_WIDTH: usize = 10;
/// Characters between columns, the edge counted.
const GAP: usize = 3;

/// Prints a table to stdout: drawn for a person, tab-separated with a header line for a program.
pub(super) fn print(columns: &[String], rows: &[Vec<Value>]) -> io::Result<()> {
    if !term::out_is_terminal() {
        return term::out(tab_separated(columns, rows)?);
    }
    let table = Table::new();
    // A terminal that says it is narrower than this does not know its width.
    let width = table.width().map(usize::from).filter(|width| *width >= MIN_WIDTH);
    match width {
        Some(width) if width < least_width(columns, rows) => term::out_line(records(columns, rows)),
        _ => term::out_line(drawn(table, columns, rows, width.is_some())),
    }
}

/// The least width at which no number is broken and texts can be read.
fn least_width(columns: &[String], rows: &[Vec<Value>]) -> usize {
    let of_column = |(at, name): (usize, &String)| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let needed = cells.map(|value| {
            let long = text(value).chars().count();
            if value.is_number() {
                long
            } else {
                long.min(TEXT_WIDTH)
            }
        });
        GAP + needed
            .chain([name.chars().count().min(TEXT_WIDTH)])
            .max()
            .unwrap_or(0)
    };
    columns.iter().enumerate().map(of_column).sum()
}

/// Each row as lines of a name and a value, with an empty line between rows: for terminals too narrow for a table.
fn records(columns: &[String], rows: &[Vec<Value>]) -> String {
    let names: Vec<String> = columns.iter().map(|column| term::plain(column)).collect();
    let wide = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let record = |row: &Vec<Value>| {
        let lines = names.iter().zip(row);
        let lines = lines.map(|(name, value)| format!("{name:wide$}  {}", text(value)));
        lines.collect::<Vec<_>>().join("\n")
    };
    rows.iter().map(record).collect::<Vec<_>>().join("\n\n")
}

fn drawn(mut table: Table, columns: &[String], rows: &[Vec<Value>], wraps: bool) -> Table {
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()))
        .set_content_arrangement(if wraps {
            ContentArrangement::Dynamic
        } else {
            ContentArrangement::Disabled
        })
        .set_header(columns.iter().map(|column| term::plain(column)));
    for row in rows {
        table.add_row(row.iter().map(|value| {
            let cell = Cell::new(text(value));
            if value.is_number() {
                cell.set_alignment(CellAlignment::Right)
            } else {
                cell
            }
        }));
    }
    for (at, column) in table.column_iter_mut().enumerate() {
        let number = |row: &Vec<Value>| row.get(at).is_some_and(Value::is_number);
        if rows.iter().any(number) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
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
