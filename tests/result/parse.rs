//! A reader of the encoding, written from its description alone.

use cardinal::result::{Cell, Column, ColumnKind};

/// The rows under the header of a shaped result.
pub(crate) fn rows(text: &str, columns: &[Column]) -> Vec<Vec<Cell>> {
    let (_, table) = text.split_once("\ntable:\n").expect("a table");
    let table = table.strip_suffix("\nend of table").expect("an end");
    table.split('\n').skip(1).map(|line| row(line, columns)).collect()
}

/// The header's cells.
pub(crate) fn header(text: &str) -> Vec<String> {
    let (_, table) = text.split_once("\ntable:\n").expect("a table");
    table
        .split('\n')
        .next()
        .unwrap()
        .split('\t')
        .map(str::to_owned)
        .collect()
}

fn row(line: &str, columns: &[Column]) -> Vec<Cell> {
    let cells: Vec<&str> = line.split('\t').collect();
    assert_eq!(
        cells.len(),
        columns.len(),
        "a row has as many cells as the header: {line:?}"
    );
    cells
        .iter()
        .zip(columns)
        .map(|(text, column)| cell(text, column.kind))
        .collect()
}

fn cell(text: &str, kind: ColumnKind) -> Cell {
    if text == "\\N" {
        return Cell::Null;
    }
    match kind {
        ColumnKind::Integer | ColumnKind::Number => {
            serde_json::from_str(text).map_or_else(|_| Cell::text(unescape(text)), Cell::Number)
        }
        ColumnKind::Boolean => Cell::Bool(text == "true"),
        _ => Cell::text(unescape(text)),
    }
}

fn unescape(text: &str) -> String {
    serde_json::from_str(&format!("\"{}\"", text.replace('"', "\\\""))).expect("JSON escapes")
}
