//! Which chart suits a table: a rule over its shape, so that the same result is always drawn the same way.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::table_view::{ColumnView, TableView};
use crate::result::ColumnKind;

/// Most bars that can be told apart.
const MAX_BARS: usize = 30;
/// Most lines or parts that can be told apart.
const MAX_SERIES: usize = 8;
/// Most columns of numbers that are drawn.
const MAX_VALUES: usize = 4;
/// Fewest points that make a cloud.
const MIN_POINTS: usize = 5;

/// A way to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChartKind {
    /// One value, as a number.
    Number,
    /// Lines over time.
    Line,
    /// Bars.
    Bar,
    /// Bars of several parts.
    StackedBar,
    /// Points.
    Scatter,
}

/// How a table is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Chart {
    /// The table's result.
    pub(super) result: String,
    /// The way that suits it best.
    pub(super) kind: ChartKind,
    /// The column along the axis.
    pub(super) x: Option<String>,
    /// The columns of values.
    pub(super) y: Vec<String>,
    /// The column whose values split the one `y` into several lines or parts.
    pub(super) series: Option<String>,
    /// Ways that suit it.
    pub(super) kinds: Vec<ChartKind>,
    /// What chose it: `shape` or `model`.
    pub(super) by: String,
}

/// The chart that suits a table; `None` where a table says more.
pub(super) fn chart(table: &TableView) -> Option<Chart> {
    let of = |kind,
              x: Option<&ColumnView>,
              y: &[&ColumnView],
              series: Option<&ColumnView>,
              kinds: &[ChartKind]| {
        Some(Chart {
            result: table.result.clone(),
            kind,
            x: x.map(|column| column.name.clone()),
            y: y.iter().map(|column| column.name.clone()).collect(),
            series: series.map(|column| column.name.clone()),
            kinds: kinds.to_vec(),
            by: "shape".to_owned(),
        })
    };
    let columns = |wanted: &dyn Fn(ColumnKind) -> bool| -> Vec<&ColumnView> {
        table
            .columns
            .iter()
            .filter(|column| wanted(column.kind))
            .collect()
    };
    let values = columns(&ColumnKind::is_numeric);
    let times = columns(&|kind| matches!(kind, ColumnKind::Date | ColumnKind::Datetime));
    let names = columns(&|kind| matches!(kind, ColumnKind::Text | ColumnKind::Boolean));
    let rows = table.rows.len();
    match (times.as_slice(), names.as_slice(), values.as_slice()) {
        ([], [], [value]) if rows == 1 => of(ChartKind::Number, None, &[value], None, &[ChartKind::Number]),
        _ if rows < 2 => None,
        ([time], [], values) if (1..=MAX_VALUES).contains(&values.len()) => of(
            ChartKind::Line,
            Some(time),
            values,
            None,
            &[ChartKind::Line, ChartKind::Bar],
        ),
        ([time], [name], [value]) if (2..=MAX_SERIES).contains(&different(table, name)) => of(
            ChartKind::Line,
            Some(time),
            &[value],
            Some(name),
            &[ChartKind::Line, ChartKind::StackedBar],
        ),
        ([], [name], values)
            if (1..=MAX_VALUES).contains(&values.len())
                && rows <= MAX_BARS
                && different(table, name) == rows =>
        {
            of(
                ChartKind::Bar,
                Some(name),
                values,
                None,
                &[ChartKind::Bar, ChartKind::Line],
            )
        }
        ([], [name, part], [value])
            if different(table, name) <= MAX_BARS && (2..=MAX_SERIES).contains(&different(table, part)) =>
        {
            of(
                ChartKind::StackedBar,
                Some(name),
                &[value],
                Some(part),
                &[ChartKind::StackedBar, ChartKind::Bar],
            )
        }
        ([], _, [first, second]) if rows >= MIN_POINTS && names.len() <= 1 => of(
            ChartKind::Scatter,
            Some(first),
            &[second],
            None,
            &[ChartKind::Scatter],
        ),
        _ => None,
    }
}

/// How many different values a column has.
fn different(table: &TableView, column: &ColumnView) -> usize {
    let at = table.columns.iter().position(|one| one.name == column.name);
    let cells = at
        .into_iter()
        .flat_map(|at| table.rows.iter().filter_map(move |row| row.get(at)));
    let texts: BTreeSet<String> = cells.map(Value::to_string).collect();
    texts.len()
}
