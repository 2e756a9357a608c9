use serde_json::{Number as JsonNumber, Value};

use crate::grounding::{Kind, Separators, numbers};

/// A table in a text.
pub(super) struct MarkdownTable {
    pub(super) width: usize,
    pub(super) rows: Vec<Vec<Value>>,
}

/// The Markdown tables of a text, without their headings. A cell that is nothing but a figure is a number.
pub(super) fn tables(text: &str) -> Vec<MarkdownTable> {
    let lines: Vec<Option<Vec<&str>>> = text.lines().map(cells).collect();
    let mut tables = Vec::new();
    for block in lines.split(Option::is_none) {
        let mut rows = block.iter().flatten();
        let (Some(heading), Some(rule)) = (rows.next(), rows.next()) else {
            continue;
        };
        if rule
            .iter()
            .all(|cell| cell.contains('-') && cell.chars().all(|c| "-: ".contains(c)))
        {
            tables.push(MarkdownTable {
                width: heading.len(),
                rows: rows
                    .map(|row| row.iter().map(|cell| value(cell)).collect())
                    .collect(),
            });
        }
    }
    tables
}

/// The cells of a table's line.
fn cells(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    let inner = line.strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(inner.split('|').map(str::trim).collect())
}

fn value(cell: &str) -> Value {
    let cell = cell.trim_matches(['*', '_', '`', ' ']);
    if cell.is_empty() || cell == "(none)" {
        return Value::Null;
    }
    let found = numbers(cell, Separators::English);
    let whole = found
        .first()
        .filter(|number| number.start == 0 && number.end == cell.len())
        .filter(|number| matches!(number.kind, Kind::Quantity | Kind::Year))
        .and_then(|number| JsonNumber::from_f64(number.value));
    match whole {
        // Whole numbers are counts: a fraction of zero would hide that.
        Some(number) => {
            serde_json::from_str(number.to_string().trim_end_matches(".0")).unwrap_or(Value::Number(number))
        }
        None => Value::String(cell.to_owned()),
    }
}
