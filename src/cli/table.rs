use std::io;

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};
use serde_json::Value;

use super::term;

/// Narrowest terminal that cells are wrapped for, in columns.
const MIN_WIDTH: u16 = 20;

/// Prints a table to stdout: drawn for a person, tab-separated with a header line for a program.
pub(super) fn print(columns: &[String], rows: &[Vec<Value>]) -> io::Result<()> {
    if term::out_is_terminal() {
        term::out_line(drawn(columns, rows))
    } else {
        term::out(tab_separated(columns, rows)?)
    }
}

fn drawn(columns: &[String], rows: &[Vec<Value>]) -> Table {
    let mut table = Table::new();
    // A terminal that says it is narrower than this does not know its width.
    let wraps = table.width().is_some_and(|width| width >= MIN_WIDTH);
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
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
