//! Markdown tables in a text.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::days;
use crate::text::built_in_pattern;

/// What people write where there is nothing.
const NOTHING: [&str; 9] = ["", "-", "–", "—", "(none)", "null", "NULL", "n/a", "N/A"];
/// What people write before a row that sums up the others.
const TOTALS: [&str; 5] = ["total", "grand total", "totals", "sum", "overall"];

static BETWEEN: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?:,|;)\s+(?:and\s+)?|\s+and\s+"));
static LINK: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"\[([^\]]*)\]\([^)\s]*\)"));
/// What may also say that there is nothing, and may be a name.
static PERHAPS_NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)^\W*(none|null|nil|unknown|unspecified|unassigned|missing|blank|empty|not (set|known|given|specified|available|recorded|provided|stated|entered|assigned)|n\.a\.?|(unknown|unspecified|missing) \w+|(no|without)( an?)? \w+( \w+){0,2})\W*$",
    )
});

/// A table in a text.
#[derive(Debug, Clone)]
pub(super) struct MarkdownTable {
    pub(super) names: Vec<String>,
    /// The cells, as texts; null where people write that there is nothing.
    pub(super) rows: Vec<Vec<Value>>,
    /// The line of prose above it.
    pub(super) lead: String,
    /// The bytes of its first row.
    pub(super) place: Range<usize>,
}

impl MarkdownTable {
    /// Takes the columns out whose names are not wanted.
    pub(super) fn retain_columns(&mut self, wanted: impl Fn(&str) -> bool) {
        let kept: Vec<bool> = self.names.iter().map(|name| wanted(name)).collect();
        let of = |at: &mut usize| {
            *at += 1;
            kept.get(*at - 1).copied().unwrap_or(true)
        };
        for row in &mut self.rows {
            let mut at = 0;
            row.retain(|_| of(&mut at));
        }
        let mut at = 0;
        self.names.retain(|_| of(&mut at));
    }

    /// Without its last row, if that sums up the others.
    pub(super) fn without_total(&self) -> Option<Self> {
        let (last, rows) = self.rows.split_last()?;
        let label = last.iter().find_map(Value::as_str)?.to_lowercase();
        let total = TOTALS.contains(&label.trim_end_matches(':')) && !rows.is_empty();
        total.then(|| Self {
            rows: rows.to_vec(),
            ..self.clone()
        })
    }

    /// A table of two columns, a name and a value in each of `count` lines, as one row under those names. The heading may
    /// be one of the lines.
    pub(super) fn downwards(&self, count: usize) -> Option<Self> {
        let [name, over] = self.names.as_slice() else {
            return None;
        };
        let heading = vec![value(name), value(over)];
        let headed = std::iter::once(&heading).chain(&self.rows).collect();
        let lines: Vec<&Vec<Value>> = [self.rows.iter().collect(), headed]
            .into_iter()
            .find(|lines: &Vec<&Vec<Value>>| lines.len() == count)?;
        let (names, cells): (Vec<String>, Vec<Value>) = lines
            .into_iter()
            .filter_map(|row| Some((row.first()?.as_str()?.to_owned(), row.get(1)?.clone())))
            .unzip();
        let distinct: BTreeSet<&String> = names.iter().collect();
        (distinct.len() == count && count > 1).then(|| Self {
            rows: vec![cells],
            names: names.clone(),
            ..self.clone()
        })
    }

    /// With the names of its first column as columns: "| | Aurora | Sula |" over "| Passengers | 1,200 | 455 |".
    pub(super) fn turned(&self) -> Option<Self> {
        let (corner, heads) = self.names.split_first()?;
        let first = |row: &Vec<Value>| row.first().and_then(Value::as_str).map(str::to_owned);
        let names: Vec<String> = self.rows.iter().map(first).collect::<Option<_>>()?;
        let distinct: BTreeSet<&String> = names.iter().collect();
        let rows = heads.iter().enumerate().map(|(at, head)| {
            let cells = self
                .rows
                .iter()
                .map(|row| row.get(at + 1).cloned().unwrap_or_default());
            std::iter::once(value(head)).chain(cells).collect()
        });
        (heads.len() > 1 && distinct.len() == names.len()).then(|| Self {
            rows: rows.collect(),
            names: std::iter::once(corner.clone())
                .chain(names.iter().cloned())
                .collect(),
            ..self.clone()
        })
    }

    /// With two columns instead of each one that holds spans of days: "2 March – 4 April 2026". `None` where none does.
    pub(super) fn with_spans_apart(&self) -> Option<Self> {
        let ends = |cell: &Value| cell.as_str().and_then(days::span);
        let is_span = |at: usize| {
            let mut cells = self.rows.iter().map(|row| row.get(at));
            !self.rows.is_empty() && cells.all(|cell| cell.is_some_and(|cell| ends(cell).is_some()))
        };
        let spans: Vec<bool> = (0..self.names.len()).map(is_span).collect();
        let apart = |row: &Vec<Value>| -> Vec<Value> {
            let cells = row.iter().zip(&spans).flat_map(|(cell, is_span)| {
                match is_span.then(|| ends(cell)).flatten() {
                    Some((from, to)) => vec![Value::String(from), Value::String(to)],
                    None => vec![cell.clone()],
                }
            });
            cells.collect()
        };
        spans.contains(&true).then(|| Self {
            rows: self.rows.iter().map(apart).collect(),
            names: self
                .names
                .iter()
                .zip(&spans)
                .flat_map(|(name, is_span)| {
                    let count = if *is_span { 2 } else { 1 };
                    std::iter::repeat_n(name.clone(), count)
                })
                .collect(),
            ..self.clone()
        })
    }

    /// With nothing where a cell may say so in words: "Unknown", "no country". `None` where no cell does.
    pub(super) fn with_nothing(&self) -> Option<Self> {
        let nothing = |cell: &Value| cell.as_str().is_some_and(|text| PERHAPS_NOTHING.is_match(text));
        self.rows.iter().flatten().any(nothing).then(|| {
            let mut table = self.clone();
            for cell in table.rows.iter_mut().flatten().filter(|cell| nothing(cell)) {
                *cell = Value::Null;
            }
            table
        })
    }
}

pub(super) fn tables(text: &str) -> Vec<MarkdownTable> {
    let mut at = 0;
    let mut lines: Vec<(Range<usize>, Option<Vec<String>>)> = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push((at..at + line.trim_end().len(), cells(line)));
        at += line.len();
    }
    let mut tables = Vec::new();
    let mut lead = String::new();
    for block in lines.chunk_by(|(_, before), (_, after)| before.is_some() == after.is_some()) {
        let rows: Vec<(&Range<usize>, &Vec<String>)> = block
            .iter()
            .filter_map(|(place, row)| Some((place, row.as_ref()?)))
            .collect();
        if rows.is_empty() {
            let said = |(place, _): &(Range<usize>, _)| text.get(place.clone()).map(str::trim);
            let last = block.iter().rev().filter_map(said).find(|line| !line.is_empty());
            last.unwrap_or_default().clone_into(&mut lead);
            continue;
        }
        // A line of prose with a bar in it may stand right before the heading.
        let rule = rows.iter().position(|(_, row)| is_rule(row));
        let Some((rule, heading)) = rule.and_then(|rule| Some((rule, rows.get(rule.checked_sub(1)?)?)))
        else {
            continue;
        };
        let names: Vec<String> = heading.1.iter().map(|text| plain(text)).collect();
        let values = |(_, row): &(&Range<usize>, &Vec<String>)| -> Vec<Value> {
            let mut values: Vec<Value> = row.iter().map(|text| value(text)).collect();
            values.resize(names.len().max(values.len()), Value::Null);
            values
        };
        tables.push(MarkdownTable {
            rows: rows.iter().skip(rule + 1).map(values).collect(),
            place: rows.get(rule + 1).map_or(heading.0, |(place, _)| place).clone(),
            lead: lead.clone(),
            names,
        });
    }
    tables
}

/// Lists of names with a value each, as tables of two columns without names: `- Soap: 100`; and with several values each,
/// told apart by the words around them: `- Soap: 100 sold, 3 returned`.
pub(super) fn lists(text: &str) -> Vec<MarkdownTable> {
    let mut at = 0;
    let mut lines: Vec<(Range<usize>, Option<ListItem>)> = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push((at..at + line.trim_end().len(), item(line)));
        at += line.len();
    }
    let mut lists = Vec::new();
    let mut lead = String::new();
    for block in lines.chunk_by(|(_, before), (_, after)| before.is_some() == after.is_some()) {
        let items: Vec<&ListItem> = block.iter().filter_map(|(_, item)| item.as_ref()).collect();
        if let Some((place, Some(_))) = block.first() {
            let single = items.iter().map(|(name, said)| vec![value(name), value(said)]);
            let mut tables = vec![(vec![String::new(); 2], single.collect::<Vec<_>>())];
            tables.extend(several(&items));
            lists.extend(tables.into_iter().map(|(names, rows)| MarkdownTable {
                names,
                rows,
                lead: lead.clone(),
                place: place.clone(),
            }));
        } else {
            let said = |(place, _): &(Range<usize>, _)| text.get(place.clone()).map(str::trim);
            let last = block.iter().rev().filter_map(said).find(|line| !line.is_empty());
            last.unwrap_or_default().clone_into(&mut lead);
        }
    }
    lists
}

/// Names with a value each in one line of prose, as a table of two columns: "Vehicles: Aurora 310, Nordlys 300 and Sula 300."
pub(super) fn enumerations(text: &str) -> Vec<MarkdownTable> {
    let mut at = 0;
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let place = at..at + line.trim_end().len();
        at += line.len();
        if line.contains('|') || item(line).is_some() {
            continue;
        }
        let (label, said) = line.trim().split_once(": ").unwrap_or(("", line.trim()));
        let named = |part: &str| -> Option<Vec<Value>> {
            let (name, figure) = part.trim().trim_end_matches('.').rsplit_once(' ')?;
            let figure = figure.trim_matches(['(', ')']);
            let is_figure = figure.ends_with(|c: char| c.is_ascii_digit() || c == '%');
            is_figure.then(|| vec![value(name), value(figure)])
        };
        let rows: Option<Vec<Vec<Value>>> = BETWEEN.split(said).map(named).collect();
        if let Some(rows) = rows.filter(|rows| rows.len() > 1) {
            found.push(MarkdownTable {
                names: vec![String::new(), plain(label)],
                rows,
                lead: String::new(),
                place,
            });
        }
    }
    found
}

/// The name of a list's item, and what is said of it.
type ListItem<'a> = (String, &'a str);

/// A line as an item of a list.
fn item(line: &str) -> Option<ListItem<'_>> {
    let line = line.trim();
    let item = ["- ", "* ", "• "]
        .iter()
        .find_map(|marker| line.strip_prefix(marker))?;
    let (name, said) = [": ", " – ", " — ", " = "]
        .iter()
        .find_map(|mark| item.rsplit_once(mark))?;
    Some((name.to_owned(), said.trim()))
}

/// A list whose items say the same things of each name, each with one figure, as a table with those things as columns.
fn several(items: &[&ListItem]) -> Option<(Vec<String>, Vec<Vec<Value>>)> {
    let mut columns: Option<Vec<String>> = None;
    let mut rows = Vec::with_capacity(items.len());
    for (name, said) in items {
        let (labels, figures): (Vec<String>, Vec<Value>) =
            said.split(", ").map(labelled).collect::<Option<_>>()?;
        if labels.len() < 2 || columns.as_ref().is_some_and(|columns| *columns != labels) {
            return None;
        }
        columns = Some(labels);
        rows.push(std::iter::once(value(name)).chain(figures).collect());
    }
    let names = std::iter::once(String::new()).chain(columns?).collect();
    Some((names, rows))
}

/// The words around the one figure of a part of an item, and the figure.
fn labelled(part: &str) -> Option<(String, Value)> {
    let numbers = crate::grounding::numbers(part, crate::grounding::Separators::English);
    let [number] = numbers.as_slice() else { return None };
    let (before, after) = (part.get(..number.start)?, part.get(number.end..)?);
    let label = plain(format!("{} {}", before.trim(), after.trim()).trim());
    Some((label, value(part.get(number.start..number.end)?)))
}

/// The cells of a table's line; `\|` is a bar in a cell.
fn cells(line: &str) -> Option<Vec<String>> {
    let line = line.trim().replace("\\|", "\u{0}");
    if !line.contains('|') {
        return None;
    }
    let inner = line.strip_prefix('|').unwrap_or(&line);
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    let cells = inner.split('|').map(|cell| cell.trim().replace('\u{0}', "|"));
    Some(cells.collect())
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
