use serde_json::{Number as JsonNumber, Value};

use crate::grounding::{Kind, Number, Separators, numbers};

/// What people write where there is nothing.
const NOTHING: [&str; 7] = ["", "-", "–", "—", "(none)", "null", "NULL"];

/// A table in a text.
#[derive(Debug, Clone)]
pub(super) struct MarkdownTable {
    pub(super) width: usize,
    pub(super) rows: Vec<Vec<Value>>,
}

/// The Markdown tables of a text, without their headings. A cell that is nothing but a figure is a number. A table with
/// percentages comes twice, the second time with fractions instead: 45 % is 45 in one way and 0.45 in another.
pub(super) fn tables(text: &str) -> Vec<MarkdownTable> {
    let lines: Vec<Option<Vec<String>>> = text.lines().map(cells).collect();
    let mut tables = Vec::new();
    for block in lines.split(Option::is_none) {
        let rows: Vec<&Vec<String>> = block.iter().flatten().collect();
        // A line of prose with a bar in it may stand right before the heading.
        let Some(rule) = rows.iter().position(|row| is_rule(row)).filter(|rule| *rule > 0) else {
            continue;
        };
        let width = rows.get(rule - 1).map_or(0, |heading| heading.len());
        let cells: Vec<Vec<Cell>> = rows
            .iter()
            .skip(rule + 1)
            .map(|row| row.iter().map(|text| Cell::read(text)).collect())
            .collect();
        let values = |of: fn(&Cell) -> Value| -> Vec<Vec<Value>> {
            cells.iter().map(|row| row.iter().map(of).collect()).collect()
        };
        tables.push(MarkdownTable {
            width,
            rows: values(|cell| cell.value.clone()),
        });
        if cells.iter().flatten().any(|cell| cell.fraction.is_some()) {
            tables.push(MarkdownTable {
                width,
                rows: values(|cell| cell.fraction.clone().unwrap_or_else(|| cell.value.clone())),
            });
        }
    }
    tables
}

/// The cells of a table's line; `\|` is a bar in a cell.
fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim().replace("\\|", "\u{0}");
    if !line.contains('|') {
        return None;
    }
    let inner = line.strip_prefix('|').unwrap_or(&line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(
        inner
            .split('|')
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect(),
    )
}

/// Whether a line is the rule under a heading.
fn is_rule(cells: &[String]) -> bool {
    cells
        .iter()
        .all(|cell| cell.contains('-') && cell.chars().all(|c| "-: ".contains(c)))
}

/// A cell's worth.
#[derive(Debug)]
struct Cell {
    value: Value,
    /// Of a percentage, the fraction it is.
    fraction: Option<Value>,
}

impl Cell {
    fn read(text: &str) -> Self {
        let text = text.trim_matches(['*', '_', '`', ' ']);
        if NOTHING.contains(&text) {
            return Self {
                value: Value::Null,
                fraction: None,
            };
        }
        let found = numbers(text, Separators::English);
        let whole = found
            .first()
            .filter(|number| number.start == 0 && number.end == text.len())
            .filter(|number| matches!(number.kind, Kind::Quantity | Kind::Year));
        match whole {
            Some(number) => Self {
                value: exact(text, number).unwrap_or_else(|| json(number.value, text)),
                fraction: number.percent.then(|| json(number.value / 100.0, text)),
            },
            None => Self {
                value: Value::String(text.to_owned()),
                fraction: None,
            },
        }
    }
}

/// A plain number as it was written: a code such as 007 stays one, and long ids keep every digit.
fn exact(text: &str, number: &Number) -> Option<Value> {
    let plain =
        text.chars().all(|c| c.is_ascii_digit() || c == '-' || c == '.') && number.kind == Kind::Quantity;
    plain.then(|| Value::String(text.to_owned()))
}

fn json(value: f64, text: &str) -> Value {
    let Some(number) = JsonNumber::from_f64(value) else {
        return Value::String(text.to_owned());
    };
    // Whole numbers are counts: a fraction of zero would hide that.
    let written = number.to_string();
    serde_json::from_str(written.trim_end_matches(".0")).unwrap_or(Value::Number(number))
}
