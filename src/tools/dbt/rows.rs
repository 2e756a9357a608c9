//! Tables of what dbt knows.

use serde_json::{Number, Value};

use crate::dbt::{AssessedNode, DataHealth, DataHealthReport};
use crate::result::{Cell, Column, ColumnKind, Extent, ResultTable};
use crate::text::one_line;

/// Longest text in a cell, in characters.
const MAX_CELL_CHARS: usize = 600;
/// Most reasons for a verdict over all; the others stand beside their nodes.
const MOST_REASONS: usize = 3;

/// A table of rows that are all there is, unless `limit` says that more were not asked for.
pub(super) fn table(columns: &[(&str, ColumnKind)], rows: Vec<Vec<Cell>>, limit: Option<u64>) -> ResultTable {
    ResultTable {
        columns: columns
            .iter()
            .map(|(name, kind)| Column::named(*name, *kind))
            .collect(),
        rows,
        extent: match limit {
            None => Extent::Complete,
            Some(limit) => Extent::AskedLimit {
                limit,
                of: None,
                ordered: true,
            },
        },
        bytes_received: 0,
    }
}

/// A text of dbt's, on one line.
pub(super) fn text(value: Option<&str>) -> Cell {
    match value {
        Some(value) if !value.trim().is_empty() => Cell::text(one_line(value, MAX_CELL_CHARS)),
        _ => Cell::Null,
    }
}

pub(super) fn count(value: impl Into<u64>) -> Cell {
    Cell::Number(Number::from(value.into()))
}

pub(super) fn seconds(value: Option<f64>) -> Cell {
    value.and_then(Number::from_f64).map_or(Cell::Null, Cell::Number)
}

/// A moment as Metabase writes moments, whatever way dbt wrote it. What is no moment stays a text.
pub(super) fn moment(value: Option<&str>) -> Cell {
    let Some(written) = value.filter(|value| !value.trim().is_empty()) else {
        return Cell::Null;
    };
    instant(written).map_or_else(
        || text(Some(written)),
        |at| Cell::text(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
    )
}

pub(super) fn instant(written: &str) -> Option<jiff::Timestamp> {
    written.trim().replacen(' ', "T", 1).parse().ok()
}

/// What the model is told of the columns of nodes.
pub(super) const ABOUT_NODE_COLUMNS: &str = include_str!("../../../prompts/dbt/node_columns.md");

/// The columns of nodes with their state.
pub(super) const NODE_COLUMNS: [(&str, ColumnKind); 14] = [
    ("node", ColumnKind::Text),
    ("kind", ColumnKind::Text),
    ("steps_away", ColumnKind::Integer),
    ("health", ColumnKind::Text),
    ("last_status", ColumnKind::Text),
    ("last_run", ColumnKind::Datetime),
    ("tests_passed", ColumnKind::Integer),
    ("tests_failed", ColumnKind::Integer),
    ("tests_warned", ColumnKind::Integer),
    ("tests_skipped", ColumnKind::Integer),
    ("tests_other", ColumnKind::Integer),
    ("freshness", ColumnKind::Text),
    ("newest_row", ColumnKind::Datetime),
    ("why", ColumnKind::Text),
];

/// The row of the entry itself: the verdict over all that it is made from.
pub(super) fn verdict_row(report: &DataHealthReport) -> Vec<Cell> {
    let tests = |of: fn(&AssessedNode) -> usize| report.nodes.iter().map(of).sum::<usize>() as u64;
    let reasons = report.reasons.iter().take(MOST_REASONS);
    let why: Vec<String> = reasons.chain(&report.notes).cloned().collect();
    vec![
        text(Some(&report.name)),
        text(Some(&format!("{}, over all", report.kind))),
        Cell::Null,
        Cell::text(word(report.health)),
        Cell::Null,
        moment(report.as_of.as_deref()),
        count(tests(|node| node.tests_passed)),
        count(tests(|node| node.tests_failed)),
        count(tests(|node| node.tests_warned)),
        count(tests(|node| node.tests_skipped)),
        count(tests(|node| node.tests_other)),
        Cell::Null,
        Cell::Null,
        text(Some(&why.join("; "))),
    ]
}

/// One node with its state.
pub(super) fn node_row(node: &AssessedNode) -> Vec<Cell> {
    let freshness = node.freshness.as_ref();
    vec![
        text(Some(&node.name)),
        text(Some(&node.kind)),
        count(node.depth),
        node.health.map_or(Cell::Null, |health| Cell::text(word(health))),
        text(node.status.as_deref()),
        moment(node.at.as_deref()),
        count(node.tests_passed as u64),
        count(node.tests_failed as u64),
        count(node.tests_warned as u64),
        count(node.tests_skipped as u64),
        count(node.tests_other as u64),
        text(freshness.and_then(|freshness| freshness.status.as_deref())),
        moment(freshness.and_then(|freshness| freshness.max_loaded_at.as_deref())),
        text(Some(&node.reasons.join("; "))),
    ]
}

/// A model that is made from what an entry reads.
pub(super) fn downstream_row(node: &AssessedNode) -> Vec<Cell> {
    let mut row = node_row(node);
    if let Some(kind) = row.get_mut(1) {
        *kind = text(Some(&format!("{}, downstream", node.kind)));
    }
    row
}

fn word(health: DataHealth) -> &'static str {
    match health {
        DataHealth::Healthy => "healthy",
        DataHealth::Questionable => "questionable",
        DataHealth::Unhealthy => "unhealthy",
    }
}

/// A name or id as the model wrote it; `None` where it is left out or says nothing.
pub(super) fn name_of(value: Option<&Value>) -> Option<String> {
    let text = match value? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then_some(text)
}
