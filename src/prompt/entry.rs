use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::catalog::{AllowedValues, CardEntry, Dimension, Entry, MetricEntry, Parameter, TableEntry};
use crate::result::{Column, ColumnKind, clean_line, defuse as clean};

/// Longest name shown.
const NAME_CHARS: usize = 160;
/// Longest description shown.
const DESCRIPTION_CHARS: usize = 600;
/// Longest description shown in the short form.
const SHORT_DESCRIPTION_CHARS: usize = 140;
/// Longest description of a part (parameter, dimension, column) shown.
const PART_DESCRIPTION_CHARS: usize = 120;
/// Longest single value shown.
const VALUE_CHARS: usize = 60;
/// Most values shown for one parameter or dimension.
const MAX_VALUES: usize = 12;

/// The label of the line that lists dimensions.
const DIMENSIONS: &str = "dimensions";
/// Fewest dimensions that are worth pointing at elsewhere.
const WORTH_SHARING: usize = 4;

/// How much of each entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// Everything.
    Full,
    /// Name, one line of description, names of what it takes.
    Short,
    /// Name only.
    Names,
}

/// An entry as the catalog template reads it: cleaned text only, every list in a fixed order.
#[derive(Debug, Serialize)]
pub(super) struct EntryView {
    kind: &'static str,
    id: u32,
    name: String,
    path: String,
    verified: bool,
    about: String,
    /// Labelled lines, in order.
    lines: Vec<Line>,
}

/// One labelled line.
#[derive(Debug, Serialize)]
struct Line {
    label: &'static str,
    items: Vec<String>,
    separator: &'static str,
}

impl EntryView {
    pub(super) fn new(entry: &Entry, detail: Detail) -> Self {
        let about = match detail {
            Detail::Full => DESCRIPTION_CHARS,
            Detail::Short => SHORT_DESCRIPTION_CHARS,
            Detail::Names => 0,
        };
        let (kind, verified, lines) = match entry {
            Entry::Card(card) => ("card", card.verified, card_lines(card, detail)),
            Entry::Metric(metric) => ("metric", metric.verified, metric_lines(metric, detail)),
            Entry::Table(table) => ("table", false, table_lines(table, detail)),
        };
        let path: Vec<String> = entry
            .collection()
            .iter()
            .map(|name| clean(name, NAME_CHARS))
            .collect();
        Self {
            kind,
            id: entry.id(),
            name: quoted(entry.name()),
            path: if detail == Detail::Full {
                path.join(" / ")
            } else {
                String::new()
            },
            verified,
            about: match entry.description() {
                Some(text) if about > 0 => clean(text, about),
                _ => String::new(),
            },
            lines: lines.into_iter().filter(|line| !line.items.is_empty()).collect(),
        }
    }

    /// Points at an earlier entry with the very same dimensions instead of listing them again: metrics over one table
    /// share them all, and they are most of what an entry takes. `seen` is what earlier entries listed.
    pub(super) fn share_dimensions(&mut self, seen: &mut BTreeMap<Vec<String>, String>) {
        for line in self
            .lines
            .iter_mut()
            .filter(|line| line.label == DIMENSIONS && line.items.len() >= WORTH_SHARING)
        {
            let here = format!("the same as of {} {} {}", self.kind, self.id, self.name);
            match seen.get(&line.items) {
                Some(first) => line.items = vec![first.clone()],
                None => {
                    seen.insert(line.items.clone(), here);
                }
            }
        }
    }
}

fn line(label: &'static str, items: Vec<String>) -> Line {
    Line {
        label,
        items,
        separator: "; ",
    }
}

fn names(label: &'static str, items: Vec<String>) -> Line {
    Line {
        label,
        items,
        separator: ", ",
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", clean_line(name, NAME_CHARS))
}

fn card_lines(card: &CardEntry, detail: Detail) -> Vec<Line> {
    match detail {
        Detail::Full => vec![
            line("parameters", card.parameters.iter().map(parameter).collect()),
            names("returns", card.columns.iter().map(column).collect()),
        ],
        Detail::Short => {
            let slugs = card.parameters.iter().map(|p| {
                let required = if p.required { " (required)" } else { "" };
                format!("{}{required}", clean(&p.slug, NAME_CHARS))
            });
            vec![names("parameters", slugs.collect())]
        }
        Detail::Names => Vec::new(),
    }
}

fn metric_lines(metric: &MetricEntry, detail: Detail) -> Vec<Line> {
    match detail {
        Detail::Full => vec![
            line("computes", cleaned(metric.definition.iter())),
            line("built-in filters", cleaned(metric.built_in_filters.iter())),
            names(
                "default time dimension",
                cleaned(metric.default_time_dimension.iter()),
            ),
            line(DIMENSIONS, metric.dimensions.iter().map(dimension).collect()),
            line(
                "segments",
                metric
                    .segments
                    .iter()
                    .map(|s| named(&s.name, s.description.as_ref()))
                    .collect(),
            ),
        ],
        Detail::Short => vec![
            line("built-in filters", cleaned(metric.built_in_filters.iter())),
            names(DIMENSIONS, cleaned(metric.dimensions.iter().map(|d| &d.name))),
        ],
        Detail::Names => Vec::new(),
    }
}

fn table_lines(table: &TableEntry, detail: Detail) -> Vec<Line> {
    match detail {
        Detail::Full => vec![
            line(DIMENSIONS, table.dimensions.iter().map(dimension).collect()),
            line(
                "measures",
                table
                    .measures
                    .iter()
                    .map(|m| named(&m.name, m.description.as_ref()))
                    .collect(),
            ),
            line(
                "segments",
                table
                    .segments
                    .iter()
                    .map(|s| named(&s.name, s.description.as_ref()))
                    .collect(),
            ),
        ],
        Detail::Short => vec![
            names(DIMENSIONS, cleaned(table.dimensions.iter().map(|d| &d.name))),
            names("measures", cleaned(table.measures.iter().map(|m| &m.name))),
            names("segments", cleaned(table.segments.iter().map(|s| &s.name))),
        ],
        Detail::Names => Vec::new(),
    }
}

fn cleaned<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<String> {
    texts.map(|text| clean(text, PART_DESCRIPTION_CHARS)).collect()
}

fn named(name: &str, description: Option<&String>) -> String {
    let name = quoted(name);
    match description {
        Some(text) => format!("{name} ({})", clean(text, PART_DESCRIPTION_CHARS)),
        None => name,
    }
}

fn parameter(parameter: &Parameter) -> String {
    let mut out = format!(
        "{} {}",
        clean(&parameter.slug, NAME_CHARS),
        clean(&parameter.kind, NAME_CHARS)
    );
    if parameter.multiple {
        out.push_str(", several values allowed");
    }
    if parameter.required {
        out.push_str(", required");
    }
    if let Some(default) = &parameter.default {
        out.push_str(", default ");
        out.push_str(&value(default));
    }
    if let Some(allowed) = &parameter.allowed {
        out.push_str(if allowed.complete {
            ", one of "
        } else {
            ", for example "
        });
        out.push_str(&values(allowed));
    }
    out
}

fn dimension(dimension: &Dimension) -> String {
    let mut out = format!("{} {}", clean(&dimension.name, NAME_CHARS), kind(dimension.kind));
    if let Some(text) = &dimension.description {
        out.push_str(" (");
        out.push_str(&clean(text, PART_DESCRIPTION_CHARS));
        out.push(')');
    }
    if let Some(sample) = &dimension.values
        && !sample.values.is_empty()
    {
        out.push_str(if sample.complete { " = " } else { " such as " });
        out.push_str(&values(sample));
    }
    out
}

fn column(column: &Column) -> String {
    let unit = column
        .unit
        .as_ref()
        .map(|unit| format!(" by {}", clean(unit, NAME_CHARS)));
    format!(
        "{} {}{}",
        clean(&column.name, NAME_CHARS),
        kind(column.kind),
        unit.unwrap_or_default()
    )
}

fn values(allowed: &AllowedValues) -> String {
    let mut shown: Vec<String> = allowed.values.iter().take(MAX_VALUES).map(value).collect();
    let left = allowed.values.len().saturating_sub(MAX_VALUES);
    if left > 0 || !allowed.complete {
        shown.push("…".to_owned());
    }
    shown.join(" | ")
}

fn value(value: &Value) -> String {
    match value {
        Value::String(text) => clean(text, VALUE_CHARS),
        other => clean(&other.to_string(), VALUE_CHARS),
    }
}

fn kind(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Integer => "integer",
        ColumnKind::Number => "number",
        ColumnKind::Text => "text",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Datetime => "datetime",
        ColumnKind::Time => "time",
        ColumnKind::Other => "other",
    }
}
