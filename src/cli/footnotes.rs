//! Where the figures of an answer come from, one line for each source.

use serde_json::Value;

use super::term::plain;
use crate::agent::{Answer, Citation, CitedFigure, CitedResult};
use crate::grounding::{FigureKind, Operation, Status, TotalKind, Trace};

/// Most footnotes.
const MOST_NOTES: usize = 20;
/// Most figures written out before one arrow.
const MOST_FIGURES: usize = 4;
/// Most characters of what a call was limited to.
const MOST_FILTERS: usize = 120;

/// A source, and the figures that come from it.
struct Note {
    source: String,
    figures: Vec<String>,
    rows: Vec<usize>,
    key: String,
}

/// The footnotes of an answer, numbered: `[1] 12,345 ← metric "Revenue", sum, row 3 (created_at 2026-03-01)`.
pub(super) fn footnotes(answer: &Answer) -> Vec<String> {
    let mut notes: Vec<Note> = Vec::new();
    for figure in &answer.figures {
        if let Some(citation) = cited(figure) {
            take(&mut notes, figure, citation, answer);
        }
    }
    let more = notes.len().saturating_sub(MOST_NOTES);
    let mut lines: Vec<String> = notes
        .iter()
        .take(MOST_NOTES)
        .enumerate()
        .map(|(at, note)| plain(&line(at + 1, note)).replace('\n', " "))
        .collect();
    if more > 0 {
        lines.push(format!("({more} more sources: --json has them)"));
    }
    lines
}

/// The source a footnote names: numbers and names have one, dates speak for themselves.
fn cited(figure: &CitedFigure) -> Option<&Citation> {
    let telling = figure.figure.status == Status::Matched && figure.figure.kind != FigureKind::Date;
    figure.sources.first().filter(|_| telling)
}

/// Cells of one column share a footnote.
fn take(notes: &mut Vec<Note>, figure: &CitedFigure, citation: &Citation, answer: &Answer) {
    let (source, row) = match (calculation(citation, answer), &citation.trace) {
        (Some(made), _) => (made, None),
        (None, Trace::Cell { row, .. }) => (source(citation), Some(*row)),
        (None, _) => (source(citation), None),
    };
    let text = figure.figure.text.clone();
    match notes.iter_mut().find(|note| note.source == source) {
        Some(note) => {
            if !note.figures.contains(&text) {
                note.figures.push(text);
            }
            note.rows.extend(row.filter(|row| !note.rows.contains(row)));
        }
        None => notes.push(Note {
            source,
            figures: vec![text],
            rows: row.into_iter().collect(),
            key: key(citation),
        }),
    }
}

fn line(number: usize, note: &Note) -> String {
    let shown: Vec<&str> = note
        .figures
        .iter()
        .take(MOST_FIGURES)
        .map(String::as_str)
        .collect();
    let more = note.figures.len().saturating_sub(shown.len());
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    let rows = match note.rows.as_slice() {
        [] => String::new(),
        [row] if note.key.is_empty() => format!(", row {row}"),
        [row] => format!(", row {row} ({})", note.key),
        rows => {
            let (first, last) = (rows.iter().min().copied(), rows.iter().max().copied());
            format!(
                ", {} rows from {} to {}",
                rows.len(),
                first.unwrap_or(0),
                last.unwrap_or(0)
            )
        }
    };
    format!("[{number}] {}{more} ← {}{rows}", shown.join(", "), note.source)
}

/// How a figure of a calculation of this answer was made, of what: the formula with its inputs, and their queries.
fn calculation(citation: &Citation, answer: &Answer) -> Option<String> {
    let Trace::Cell { result, row, .. } = &citation.trace else {
        return None;
    };
    let held = |name: &str| {
        answer
            .evidence
            .iter()
            .find(|item| item.result.to_string() == *name)
    };
    let calculated = held(result)?;
    let derivation = calculated.origin.derivations().get(row.checked_sub(1)?)?;
    let of: Vec<String> = derivation
        .inputs()
        .into_iter()
        .filter_map(|handle| {
            let item = held(&handle.to_string())?;
            let source = item.origin.source()?;
            let limits = limits(&source.arguments);
            Some(format!("{handle} = {} \"{}\"{limits}", source.kind, source.name))
        })
        .collect();
    let of = if of.is_empty() {
        String::new()
    } else {
        format!("; {}", of.join(", "))
    };
    Some(format!("{derivation}{of}"))
}

/// What a figure comes from, without the row.
fn source(citation: &Citation) -> String {
    let of: Vec<String> = citation.of.iter().map(result).collect();
    let of = of.join(" and ");
    match &citation.trace {
        Trace::Cell { column, .. } => format!("{of}, {column}"),
        Trace::RowCount { .. } => format!("number of rows of {of}"),
        Trace::Total { column, total, .. } => {
            format!("{} of {column} over all rows of {of}", total_word(*total))
        }
        Trace::Argument { .. } => format!("what was asked of {of}"),
        Trace::Derivation {
            operation,
            inputs,
            value,
        } => {
            let from: Vec<String> = inputs.iter().map(input).collect();
            let value: String = value.chars().take(16).collect();
            format!(
                "{} of {} = {value}, from {of}",
                operation_word(*operation),
                from.join(" and ")
            )
        }
    }
}

fn input(input: &crate::grounding::Input) -> String {
    let rows: Vec<String> = input.rows.iter().take(6).map(usize::to_string).collect();
    let more = if input.rows.len() > rows.len() { " …" } else { "" };
    match input.total {
        Some(total) => format!("{} {}", total_word(total), input.column),
        None if input.column.is_empty() => format!("rows {}{more}", rows.join(", ")),
        None => format!("{} in row {}{more}", input.column, rows.join(", ")),
    }
}

/// `metric "Revenue" (created_at year-equals 2025)`.
fn result(result: &CitedResult) -> String {
    let made = if result.operations.is_some() {
        "worked out from "
    } else {
        ""
    };
    if let Some(source) = &result.source {
        let limits = limits(&source.arguments);
        return format!("{made}{} \"{}\"{limits}", source.kind, source.name);
    }
    let from: Vec<String> = result.from.iter().map(ToString::to_string).collect();
    format!("{} calculated from {}", result.result, from.join(", "))
}

/// What a call was limited to.
fn limits(arguments: &Value) -> String {
    let mut parts = Vec::new();
    for filter in arguments["filters"].as_array().into_iter().flatten() {
        let text = |key: &str| filter[key].as_str().unwrap_or_default().to_owned();
        let part = if let Some(segment) = filter["segment"].as_str() {
            segment.to_owned()
        } else {
            let condition = [text("dimension"), text("operation"), values(&filter["values"])];
            condition.join(" ").trim_end().to_owned()
        };
        parts.push(part);
    }
    for (slug, value) in arguments["parameters"].as_object().into_iter().flatten() {
        parts.push(format!("{slug} = {}", values(value)));
    }
    let text: String = parts.join(", ").trim().chars().take(MOST_FILTERS).collect();
    if text.is_empty() {
        text
    } else {
        format!(" ({text})")
    }
}

fn values(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(values).collect::<Vec<_>>().join(" or "),
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn key(citation: &Citation) -> String {
    let parts: Vec<String> = citation
        .key
        .iter()
        .map(|(column, value)| format!("{column} {}", values(value)))
        .collect();
    parts.join(", ").chars().take(MOST_FILTERS).collect()
}

fn total_word(total: TotalKind) -> &'static str {
    match total {
        TotalKind::Sum => "sum",
        TotalKind::Mean => "mean",
        TotalKind::Min => "least",
        TotalKind::Max => "greatest",
        TotalKind::Count => "count",
        TotalKind::Nulls => "rows without a value",
        TotalKind::Distinct => "different values",
    }
}

fn operation_word(operation: Operation) -> &'static str {
    match operation {
        Operation::Sum => "sum",
        Operation::Mean => "mean",
        Operation::Median => "median",
        Operation::Difference => "difference",
        Operation::PercentChange => "change in percent",
        Operation::Ratio => "ratio",
        Operation::Share => "share in percent",
        Operation::ShareOfRest => "share of the rest in percent",
        Operation::RunningTotal => "running total",
        Operation::Count => "count",
    }
}
