use serde::Serialize;
use serde_json::Value;

use super::sharing::{DimensionText, SharedLines};
use crate::catalog::{
    AllowedValues, CardEntry, Dimension, Entry, EntryNotes, METRIC_TIME, MetricEntry, Parameter, TableEntry,
};
use crate::result::{Column, ColumnKind};
use crate::text::{clean_line, defuse as clean};

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

/// Values shown where there are more than that.
const SOME_VALUES: usize = 5;

/// The labels of lines that entries may have in common.
const DIMENSIONS: &str = "dimensions";
const SEGMENTS: &str = "segments";
const MEASURES: &str = "measures";
/// Names of columns that say how they are computed and not of what.
const COMPUTED: [&str; 7] = ["avg", "count", "expression", "max", "min", "stddev", "sum"];
/// How much of each entry is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    Full,
    /// Name, one line of description, names of what it takes.
    Short,
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
    lines: Vec<EntryLine>,
}

#[derive(Debug, Serialize)]
struct EntryLine {
    label: &'static str,
    items: Vec<String>,
    separator: &'static str,
    /// For dimensions in full: the items in parts.
    #[serde(skip)]
    parts: Vec<DimensionText>,
}

impl EntryView {
    pub(super) fn new(entry: &Entry, notes: Option<&EntryNotes>, detail: Detail) -> Self {
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
        Self {
            kind,
            id: entry.id(),
            name: quoted(entry.name()),
            path: if detail == Detail::Full {
                path(entry.collection())
            } else {
                String::new()
            },
            verified,
            about: match entry.description() {
                Some(text) if about > 0 => clean(text, about),
                _ => String::new(),
            },
            lines: note_lines(notes)
                .into_iter()
                .chain(lines)
                .filter(|line| !line.items.is_empty())
                .collect(),
        }
    }

    /// Says where the entry is, in a form that leaves that out.
    pub(super) fn place(&mut self, entry: &Entry) {
        self.path = path(entry.collection());
    }

    /// Leaves out the collection that all entries are in.
    pub(super) fn leave_out(&mut self, outermost: &str) {
        if let Some(inner) = self
            .path
            .strip_prefix(&format!("{} / ", clean(outermost, NAME_CHARS)))
        {
            self.path = inner.to_owned();
        }
    }

    /// Points at earlier entries instead of saying again what they said. `said` is what they said.
    pub(super) fn share(&mut self, said: &mut SharedLines) {
        let here = format!("{} {}", self.kind, self.id);
        for line in &mut self.lines {
            if [DIMENSIONS, SEGMENTS, MEASURES].contains(&line.label) {
                said.line(&here, &mut line.items, &line.parts);
            }
        }
    }
}

/// The path of a collection, as it is shown.
pub(super) fn path(collection: &[String]) -> String {
    let names: Vec<String> = collection.iter().map(|name| clean(name, NAME_CHARS)).collect();
    names.join(" / ")
}

fn line(label: &'static str, items: Vec<String>) -> EntryLine {
    EntryLine {
        label,
        items,
        separator: "; ",
        parts: Vec::new(),
    }
}

fn names(label: &'static str, items: Vec<String>) -> EntryLine {
    EntryLine {
        label,
        items,
        separator: ", ",
        parts: Vec::new(),
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", clean_line(name, NAME_CHARS))
}

/// What curators say of an entry: it is told in every form of the catalog, because it decides which entry is taken.
fn note_lines(notes: Option<&EntryNotes>) -> Vec<EntryLine> {
    let Some(notes) = notes else { return Vec::new() };
    let synonyms = notes.synonyms.iter().map(|word| clean(word, VALUE_CHARS));
    let mut hints = Vec::new();
    if notes.needs_period {
        hints.push("needs a period: ask for one if the question has none".to_owned());
    }
    if let Some(ask) = &notes.ask {
        hints.push(format!(
            "ambiguous, so ask first unless the question says it: {}",
            clean(ask, PART_DESCRIPTION_CHARS)
        ));
    }
    vec![names("also called", synonyms.collect()), line("hint", hints)]
}

fn card_lines(card: &CardEntry, detail: Detail) -> Vec<EntryLine> {
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

fn metric_lines(metric: &MetricEntry, detail: Detail) -> Vec<EntryLine> {
    match detail {
        Detail::Full => vec![
            line("computes", cleaned(metric.definition.iter())),
            line("built-in filters", cleaned(metric.built_in_filters.iter())),
            line("only as saved", cleaned(metric.as_saved_in_words().iter())),
            names("default date", cleaned(metric.default_time_dimension.iter())),
            names("needs", needs(metric)),
            dimension_line(&metric.dimensions),
            line(
                SEGMENTS,
                metric
                    .segments
                    .iter()
                    .map(|s| named(&s.name, s.description.as_ref()))
                    .collect(),
            ),
        ],
        Detail::Short => vec![
            line("built-in filters", cleaned(metric.built_in_filters.iter())),
            names("needs", needs(metric)),
            line("only as saved", cleaned(metric.as_saved_in_words().iter())),
            names(DIMENSIONS, cleaned(metric.dimensions.iter().map(|d| &d.name))),
        ],
        Detail::Names => Vec::new(),
    }
}

/// What every query of a metric has to have.
fn needs(metric: &MetricEntry) -> Vec<String> {
    let over_time = metric.dbt.as_ref().is_some_and(|dbt| dbt.requires_metric_time);
    over_time
        .then(|| format!("{METRIC_TIME} in group_by"))
        .into_iter()
        .collect()
}

fn table_lines(table: &TableEntry, detail: Detail) -> Vec<EntryLine> {
    match detail {
        Detail::Full => vec![
            dimension_line(&table.dimensions),
            line(
                MEASURES,
                table
                    .measures
                    .iter()
                    .map(|m| named(&m.name, m.description.as_ref()))
                    .collect(),
            ),
            line(
                SEGMENTS,
                table
                    .segments
                    .iter()
                    .map(|s| named(&s.name, s.description.as_ref()))
                    .collect(),
            ),
        ],
        Detail::Short => vec![
            names(DIMENSIONS, cleaned(table.dimensions.iter().map(|d| &d.name))),
            names(MEASURES, cleaned(table.measures.iter().map(|m| &m.name))),
            names(SEGMENTS, cleaned(table.segments.iter().map(|s| &s.name))),
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
        out.push_str(", list allowed");
    }
    if parameter.required {
        out.push_str(", required");
    }
    if let Some(default) = &parameter.default {
        out.push_str(", default ");
        out.push_str(&value(default));
    }
    if let Some(allowed) = &parameter.allowed {
        out.push_str(if allowed.complete && allowed.values.len() <= MAX_VALUES {
            ", one of "
        } else {
            ", for example "
        });
        out.push_str(&values(allowed));
    }
    out
}

fn dimension_line(dimensions: &[Dimension]) -> EntryLine {
    let parts: Vec<DimensionText> = dimensions.iter().map(dimension).collect();
    EntryLine {
        parts: parts.clone(),
        ..line(DIMENSIONS, parts.iter().map(DimensionText::whole).collect())
    }
}

fn dimension(dimension: &Dimension) -> DimensionText {
    let mut rest = format!(" {}", kind(dimension.kind));
    let sample = dimension
        .values
        .as_ref()
        .filter(|sample| !sample.values.is_empty() && dimension.kind != ColumnKind::Boolean);
    if let Some(text) = &dimension.description
        && !sample.is_some_and(|sample| lists_values(text, sample))
    {
        rest.push_str(" (");
        rest.push_str(&clean(text, PART_DESCRIPTION_CHARS));
        rest.push(')');
    }
    if let Some(sample) = sample {
        let all = sample.complete && sample.values.len() <= MAX_VALUES;
        rest.push_str(if all { " = " } else { " such as " });
        rest.push_str(&values(sample));
    }
    DimensionText::of(&clean(&dimension.name, NAME_CHARS), rest)
}

/// Whether a description says no more than which values there are, all of which are shown anyway.
fn lists_values(text: &str, sample: &AllowedValues) -> bool {
    let mut values: Vec<&str> = sample.values.iter().filter_map(Value::as_str).collect();
    let shown = sample.complete && sample.values.len() <= MAX_VALUES && values.len() == sample.values.len();
    values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
    let rest = values
        .into_iter()
        .fold(text.to_owned(), |rest, value| rest.replace(value, " "));
    let mut words = rest
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    shown && words.all(|word| ["or", "and"].contains(&word))
}

fn column(column: &Column) -> String {
    let unit = column
        .unit
        .as_ref()
        .map(|unit| format!(" by {}", clean(unit, NAME_CHARS)));
    let stem = column
        .name
        .trim_end_matches(|c: char| c == '_' || c.is_ascii_digit());
    let counts = column.format.unit_words();
    let plain = |text: &str| text.to_lowercase().replace([' ', '_'], "");
    let computed = COMPUTED.contains(&stem) && !column.label.eq_ignore_ascii_case(stem);
    let renamed = counts.is_some() && plain(&column.label) != plain(&column.name);
    let label = (computed || renamed).then(|| format!(" {}", quoted(&column.label)));
    let counts = counts.map(|counts| format!(" ({})", clean(&counts, PART_DESCRIPTION_CHARS)));
    format!(
        "{}{}{}{}",
        clean(&column.name, NAME_CHARS),
        unit.unwrap_or_default(),
        label.unwrap_or_default(),
        counts.unwrap_or_default()
    )
}

fn values(allowed: &AllowedValues) -> String {
    let most = if allowed.values.len() > MAX_VALUES {
        SOME_VALUES
    } else {
        MAX_VALUES
    };
    let labelled = |item: &Value| match allowed.label(item) {
        Some(label) => format!("{} ({})", value(item), clean(label, VALUE_CHARS)),
        None => value(item),
    };
    let mut shown: Vec<String> = allowed.values.iter().take(most).map(labelled).collect();
    if shown.len() < allowed.values.len() || !allowed.complete {
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
