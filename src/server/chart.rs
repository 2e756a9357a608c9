//! Which chart suits a table: a rule over its shape, so that the same result is always drawn the same way.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::table_view::{ColumnView, TableView};
use crate::agent::Answer;
use crate::references::{ChartKind, RequestedChart};
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
pub(super) enum ChartForm {
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
    pub(super) kind: ChartForm,
    /// The column along the axis.
    pub(super) x: Option<String>,
    /// The columns of values.
    pub(super) y: Vec<String>,
    /// The column whose values split the one `y` into several lines or parts.
    pub(super) series: Option<String>,
    /// Ways that suit it.
    pub(super) kinds: Vec<ChartForm>,
    /// What chose it: `shape` or `model`.
    pub(super) by: String,
}

/// The charts of an answer: those that its text asks for, then those that suit its other tables.
pub(super) fn charts(answer: &Answer, tables: &[TableView]) -> Vec<Chart> {
    let asked = answer.charts.iter();
    let asked = asked.filter_map(|wish| requested(wish, tables));
    let mut charts: Vec<Chart> = asked.collect();
    for suited in tables.iter().filter_map(chart) {
        if charts.iter().all(|known| known.result != suited.result) {
            charts.push(suited);
        }
    }
    charts
}

/// A chart that the text asks for: its first column is the axis. Numbers that only tell things apart have no height.
fn requested(wish: &RequestedChart, tables: &[TableView]) -> Option<Chart> {
    let (x, y) = wish.columns.split_first()?;
    let result = wish.result.to_string();
    let table = tables.iter().find(|table| table.result == result);
    let is_identifier = |name: &&String| {
        let mut columns = table.into_iter().flat_map(|table| &table.columns);
        columns.any(|column| column.name == **name && column.is_identifier)
    };
    let y: Vec<String> = y.iter().filter(|name| !is_identifier(name)).cloned().collect();
    let kind = match wish.kind {
        ChartKind::Line | ChartKind::Area => ChartForm::Line,
        ChartKind::Bar | ChartKind::Pie => ChartForm::Bar,
        ChartKind::Scatter => ChartForm::Scatter,
    };
    let other = if kind == ChartForm::Bar {
        ChartForm::Line
    } else {
        ChartForm::Bar
    };
    (!y.is_empty()).then(|| Chart {
        result,
        kind,
        x: Some(x.clone()),
        y,
        series: None,
        kinds: vec![kind, other],
        by: "model".to_owned(),
    })
}

/// The chart that suits a table; `None` where a table says more.
fn chart(table: &TableView) -> Option<Chart> {
    let of = |kind,
              x: Option<&ColumnView>,
              y: &[&ColumnView],
              series: Option<&ColumnView>,
              kinds: &[ChartForm]| {
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
            .filter(|column| wanted(column.kind) && !column.is_identifier)
            .collect()
    };
    let values = columns(&ColumnKind::is_numeric);
    let times = columns(&|kind| matches!(kind, ColumnKind::Date | ColumnKind::Datetime));
    let names = columns(&|kind| matches!(kind, ColumnKind::Text | ColumnKind::Boolean));
    let rows = table.rows.len();
    match (times.as_slice(), names.as_slice(), values.as_slice()) {
        ([], [], [value]) if rows == 1 => of(ChartForm::Number, None, &[value], None, &[ChartForm::Number]),
        _ if rows < 2 => None,
        ([time], [], values) if (1..=MAX_VALUES).contains(&values.len()) => of(
            ChartForm::Line,
            Some(time),
            values,
            None,
            &[ChartForm::Line, ChartForm::Bar],
        ),
        ([time], [name], [value]) if (2..=MAX_SERIES).contains(&different(table, name)) => of(
            ChartForm::Line,
            Some(time),
            &[value],
            Some(name),
            &[ChartForm::Line, ChartForm::StackedBar],
        ),
        ([], [name], values)
            if (1..=MAX_VALUES).contains(&values.len())
                && rows <= MAX_BARS
                && different(table, name) == rows =>
        {
            of(
                ChartForm::Bar,
                Some(name),
                values,
                None,
                &[ChartForm::Bar, ChartForm::Line],
            )
        }
        ([], [name, part], [value])
            if different(table, name) <= MAX_BARS && (2..=MAX_SERIES).contains(&different(table, part)) =>
        {
            of(
                ChartForm::StackedBar,
                Some(name),
                &[value],
                Some(part),
                &[ChartForm::StackedBar, ChartForm::Bar],
            )
        }
        ([], _, [first, second]) if rows >= MIN_POINTS && names.len() <= 1 => of(
            ChartForm::Scatter,
            Some(first),
            &[second],
            None,
            &[ChartForm::Scatter],
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
