use std::sync::LazyLock;

use crate::eval::pattern::built_in;
use regex::Regex;
use serde_json::Value;

/// What people write where there is nothing.
const NOTHING: [&str; 9] = ["", "-", "–", "—", "(none)", "null", "NULL", "n/a", "N/A"];
/// What people write before a row that sums up the others.
const TOTALS: [&str; 5] = ["total", "grand total", "totals", "sum", "overall"];

static LINK: LazyLock<Regex> = LazyLock::new(|| built_in(r"\[([^\]]*)\]\([^)\s]*\)"));

/// A table in a text.
#[derive(Debug, Clone)]
pub(super) struct MarkdownTable {
    /// Its heading.
    pub(super) names: Vec<String>,
    /// The cells, as texts; null where people write that there is nothing.
    pub(super) rows: Vec<Vec<Value>>,
}

impl MarkdownTable {
    /// Without its last row, if that sums up the others.
    pub(super) fn without_total(&self) -> Option<Self> {
        let (last, rows) = self.rows.split_last()?;
        let label = last.iter().find_map(Value::as_str)?.to_lowercase();
        let total = TOTALS.contains(&label.trim_end_matches(':')) && !rows.is_empty();
        total.then(|| Self {
            names: self.names.clone(),
            rows: rows.to_vec(),
        })
    }
}

/// The Markdown tables of a text.
pub(super) fn tables(text: &str) -> Vec<MarkdownTable> {
    let lines: Vec<Option<Vec<String>>> = text.lines().map(cells).collect();
    let mut tables = Vec::new();
    for block in lines.split(Option::is_none) {
        let rows: Vec<&Vec<String>> = block.iter().flatten().collect();
        // A line of prose with a bar in it may stand right before the heading.
        let Some(rule) = rows.iter().position(|row| is_rule(row)).filter(|rule| *rule > 0) else {
            continue;
        };
        let heading = rows.get(rule - 1).into_iter().copied().flatten();
        let names: Vec<String> = heading.map(|text| plain(text)).collect();
        let values = |row: &&Vec<String>| -> Vec<Value> {
            let mut values: Vec<Value> = row.iter().map(|text| value(text)).collect();
            values.resize(names.len().max(values.len()), Value::Null);
            values
        };
        tables.push(MarkdownTable {
            rows: rows.iter().skip(rule + 1).map(values).collect(),
            names,
        });
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

/// A cell's text without what only makes it look different.
fn plain(text: &str) -> String {
    let text = LINK.replace_all(text, "$1");
    text.trim_matches(['*', '_', '`', ' ']).to_owned()
}

fn value(text: &str) -> Value {
    let text = plain(text);
    if NOTHING.contains(&text.as_str()) {
        Value::Null
    } else {
        Value::String(text)
    }
}
