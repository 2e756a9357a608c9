//! Whether a result is what plain SQL says, or an honest part of it.

use std::collections::BTreeMap;

use cardinal::result::{Cell, Extent, ResultTable};
use rusqlite::types::Value;

use super::reference_sql::ReferenceSql;

/// A cell in the form in which both sides are compared.
#[derive(Debug, Clone)]
enum Plain {
    Null,
    Number(f64),
    Text(String),
}

impl Plain {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Number(left), Self::Number(right)) => {
                (left - right).abs() <= 1e-9 * left.abs().max(right.abs()).max(1.0)
            }
            (Self::Text(left), Self::Text(right)) => left == right,
            _ => false,
        }
    }

    /// A key to bring equal rows together.
    fn key(&self) -> String {
        match self {
            Self::Null => "-".to_owned(),
            Self::Number(number) => format!("{number:.6}"),
            Self::Text(text) => format!("'{text}"),
        }
    }
}

/// Whole seconds without a fraction of zeros, midnight as the day.
fn moment(text: &str) -> String {
    let text = text.trim_end_matches('Z').replace('T', " ");
    let text = match text.split_once('.') {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        },
        None => text,
    };
    text.strip_suffix(" 00:00:00").map_or(text.clone(), str::to_owned)
}

fn expected(value: &Value, is_moment: bool) -> Plain {
    match value {
        Value::Null => Plain::Null,
        Value::Integer(whole) => Plain::Number(whole.to_string().parse().unwrap()),
        Value::Real(real) => Plain::Number(*real),
        Value::Text(text) if is_moment => Plain::Text(moment(text)),
        Value::Text(text) => Plain::Text(text.clone()),
        Value::Blob(_) => unreachable!("there are none"),
    }
}

fn got(cell: &Cell, is_moment: bool) -> Plain {
    match cell {
        Cell::Null => Plain::Null,
        Cell::Bool(flag) => Plain::Number(f64::from(u8::from(*flag))),
        Cell::Number(number) => Plain::Number(number.as_f64().unwrap()),
        Cell::Text(text) if is_moment => Plain::Text(moment(text)),
        Cell::Text(text) => Plain::Text(text.to_string()),
    }
}

fn key(row: &[Plain]) -> String {
    row.iter().map(Plain::key).collect::<Vec<_>>().join("|")
}

/// What is wrong with a result, if anything is.
///
/// `most` is how many rows can be had at most: a result of fewer is not cut.
pub(super) fn difference(
    table: &ResultTable,
    rows: &[Vec<Value>],
    sql: &ReferenceSql,
    most: usize,
) -> Option<String> {
    let moments = |at: usize| sql.moments.get(at).copied().unwrap_or_default();
    let all: Vec<Vec<Plain>> = rows
        .iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(at, value)| expected(value, moments(at)))
                .collect()
        })
        .collect();
    let held: Vec<Vec<Plain>> = table
        .rows
        .iter()
        .map(|row| {
            row.iter()
                .enumerate()
                .map(|(at, cell)| got(cell, moments(at)))
                .collect()
        })
        .collect();
    let width = sql.moments.len();
    if table.columns.len() != width {
        return Some(format!(
            "{} columns instead of {width}: {:?}",
            table.columns.len(),
            table.columns
        ));
    }
    let wanted = sql
        .limit
        .map_or(all.len(), |limit| usize::try_from(limit).unwrap().min(all.len()));
    let right = match table.extent {
        Extent::Complete => held.len() == all.len(),
        Extent::AskedLimit { limit, of, .. } => {
            Some(limit) == sql.limit.map(u64::from)
                && held.len() == wanted
                && of.is_none_or(|of| of == all.len() as u64)
        }
        // The limit of a metric is kept here, once the rows have come.
        Extent::ServerLimit { .. } if all.len() < most => false,
        Extent::ServerLimit { .. } if sql.of_metric => (wanted.min(most)..=wanted).contains(&held.len()),
        Extent::ServerLimit { .. } => (most..=wanted).contains(&held.len()),
        _ => false,
    };
    if !right {
        return Some(format!(
            "{} rows, {:?}, where there are {}",
            held.len(),
            table.extent,
            all.len()
        ));
    }
    // A metric is ordered here, once its rows have come: what a server keeps to itself is not known then.
    let in_order = !(sql.of_metric && matches!(table.extent, Extent::ServerLimit { .. }));
    for (at, (row, other)) in held.iter().zip(&all).enumerate().filter(|_| in_order) {
        if sql.order.iter().any(|column| !row[*column].is(&other[*column])) {
            return Some(format!(
                "row {at} is out of order: {row:?} where {other:?} stands"
            ));
        }
    }
    missing(&held, &all)
}

/// A row that was not among those that there are, each of which may be met once.
fn missing(held: &[Vec<Plain>], all: &[Vec<Plain>]) -> Option<String> {
    let mut left: BTreeMap<String, Vec<&Vec<Plain>>> = BTreeMap::new();
    for row in all {
        left.entry(key(row)).or_default().push(row);
    }
    for row in held {
        let same = |other: &Vec<Plain>| row.iter().zip(other).all(|(a, b)| a.is(b));
        if left.get_mut(&key(row)).is_some_and(|rows| rows.pop().is_some()) {
            continue;
        }
        // Written with fewer digits, equal numbers may look different.
        let close = left.values_mut().find_map(|rows| {
            let at = rows.iter().position(|other| same(other))?;
            Some(rows.swap_remove(at))
        });
        if close.is_none() {
            return Some(format!(
                "a row that is not there: {row:?}; there are {:?}",
                &all[..all.len().min(5)]
            ));
        }
    }
    None
}
