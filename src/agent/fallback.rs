//! What a person reads when no model wrote an answer: why, and the results that the turn has.

use serde_json::Value;

use super::{Evidence, StopReason};
use crate::result::Extent;
use crate::text::defuse;

/// Most results that are listed.
const MOST_RESULTS: usize = 5;
/// Longest name of a result or a column, and longest value, in characters.
const MOST_CHARS: usize = 80;
/// Most rows of a result that are listed.
const MOST_ROWS: usize = 3;

/// Why there is no answer, and what was found until then.
pub(super) fn found(reason: StopReason, detail: Option<&str>, evidence: &[Evidence]) -> String {
    let why = why(reason, detail);
    if evidence.is_empty() {
        return format!("{why} No result was found before that.");
    }
    format!(
        "{why} Until then these results were found:\n{}",
        known_list(evidence)
    )
}

/// Why the loop ended, with what failed.
pub(super) fn why(reason: StopReason, detail: Option<&str>) -> String {
    match detail {
        Some(detail) => format!("{} ({detail})", reason.sentence()),
        None => reason.sentence().to_owned(),
    }
}

/// The latest results, one line each, with their first rows.
pub(super) fn known_list(evidence: &[Evidence]) -> String {
    let skipped = evidence.len().saturating_sub(MOST_RESULTS);
    let mut lines: Vec<String> = evidence.iter().skip(skipped).map(line).collect();
    if skipped > 0 {
        lines.insert(0, format!("({skipped} earlier results are not listed)"));
    }
    if lines.is_empty() {
        "- no result yet".to_owned()
    } else {
        lines.join("\n")
    }
}

fn line(item: &Evidence) -> String {
    let whole = match item.extent {
        Extent::Complete => String::new(),
        Extent::AskedLimit { of: Some(of), .. } => format!(" of {of}"),
        _ => ", and there may be more".to_owned(),
    };
    let rows: Vec<String> = item
        .rows
        .first(MOST_ROWS)
        .iter()
        .map(|row| row_text(&item.columns, row))
        .collect();
    let more = if item.rows_known > rows.len() as u64 {
        "; …"
    } else {
        ""
    };
    let source = item.origin.source();
    let name = source.map_or(item.title.as_str(), |source| source.name.as_str());
    format!(
        "- {}: {} {}{whole}. {}{more}",
        defuse(name, 2 * MOST_CHARS),
        item.rows_known,
        if item.rows_known == 1 { "row" } else { "rows" },
        rows.join("; ")
    )
}

fn row_text(columns: &[String], row: &[Value]) -> String {
    let cells: Vec<String> = columns
        .iter()
        .zip(row)
        .map(|(column, cell)| {
            let value = match cell {
                Value::String(text) => defuse(text, MOST_CHARS),
                other => defuse(&other.to_string(), MOST_CHARS),
            };
            format!("{} {value}", defuse(column, MOST_CHARS))
        })
        .collect();
    cells.join(", ")
}

/// The text of a turn that ended because the catalog does not hold the answer.
pub(super) fn cannot_answer(reason: &str, nearest: &[String]) -> String {
    if nearest.is_empty() {
        return reason.to_owned();
    }
    let nearest: Vec<String> = nearest.iter().map(|name| defuse(name, 2 * MOST_CHARS)).collect();
    format!("{reason}\n\nNearest in the catalog: {}.", nearest.join(", "))
}
