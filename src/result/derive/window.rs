//! Columns computed over rows in order, and the first rows of each part.

use rust_decimal::Decimal;

use super::frame::{DerivationFrame, computed_column};
use super::lineage::{ColumnLineage, RowSets};
use super::number::{decimal_cell, decimals};
use super::{DeriveError, RowOrder, WindowFunction};
use crate::result::{Cell, Column, ColumnKind};

/// The parts of a table, each with its rows in order, by their places as they stand.
struct OrderedParts {
    parts: Vec<Vec<usize>>,
    /// What each row is ordered by: rows with equal keys are equal in the order.
    keys: Vec<Vec<i64>>,
}

impl OrderedParts {
    fn of(frame: &DerivationFrame<'_>, partition: &[usize], order: &[RowOrder]) -> Result<Self, DeriveError> {
        let keys = frame.order_keys(order)?;
        let mut parts = frame.parts(partition)?;
        for part in &mut parts {
            part.sort_by_key(|place| keys.get(*place));
        }
        Ok(Self { parts, keys })
    }
}

/// Keeps the first rows of each part, in the order they stand in.
pub(super) fn first_rows(
    frame: &mut DerivationFrame<'_>,
    partition: &[usize],
    order: &[RowOrder],
    count: usize,
) -> Result<(), DeriveError> {
    let OrderedParts { parts, .. } = OrderedParts::of(frame, partition, order)?;
    let mut kept: Vec<usize> = parts
        .iter()
        .flat_map(|part| part.iter().take(count).copied())
        .collect();
    kept.sort_unstable();
    frame.rows = kept
        .into_iter()
        .filter_map(|place| frame.rows.get(place).copied())
        .collect();
    Ok(())
}

/// Adds a column with the function's value in each row.
pub(super) fn window(
    frame: &mut DerivationFrame<'_>,
    name: &str,
    function: WindowFunction,
    partition: &[usize],
    order: &[RowOrder],
) -> Result<(), DeriveError> {
    let OrderedParts { parts, keys } = OrderedParts::of(frame, partition, order)?;
    let source = match function {
        WindowFunction::Rank => None,
        WindowFunction::Lag { column, .. } | WindowFunction::RunningTotal { column } => {
            Some(frame.column(column)?)
        }
    };
    let column = match (function, source) {
        (WindowFunction::Lag { .. }, Some(source)) => Column {
            name: name.to_owned(),
            label: name.to_owned(),
            description: None,
            ..source.clone()
        },
        (WindowFunction::RunningTotal { .. }, Some(source)) => Column {
            format: source.format.of_same_unit(),
            ..computed_column(name.to_owned(), source.kind, None)
        },
        _ => computed_column(name.to_owned(), ColumnKind::Integer, None),
    };
    let numbers = match (function, source) {
        (WindowFunction::RunningTotal { column }, Some(source)) => decimals(source, frame.values(column))?,
        _ => Vec::new(),
    };
    let mut cells = vec![Cell::Null; frame.rows.len()];
    let mut ranges = vec![0..0; frame.rows.len()];
    let mut before = 0;
    for part in &parts {
        frame.stop().look()?;
        let mut rank = 0;
        let mut total: Option<Decimal> = None;
        let mut latest: Option<&Vec<i64>> = None;
        for (at, place) in part.iter().enumerate() {
            let (cell, range) = match function {
                WindowFunction::Rank => {
                    let key = keys.get(*place);
                    if latest.is_none() || latest != key {
                        rank = at + 1;
                        latest = key;
                    }
                    (Cell::Number(rank.into()), 0..at + 1)
                }
                WindowFunction::Lag { column, rows } => {
                    let earlier = at.checked_sub(rows.max(1));
                    let place = earlier.and_then(|at| part.get(at));
                    let row = place.and_then(|place| frame.rows.get(*place));
                    let cell = row.map_or(Cell::Null, |row| frame.cell(*row, column).clone());
                    (cell, earlier.map_or(0..0, |at| at..at + 1))
                }
                WindowFunction::RunningTotal { .. } => {
                    if let Some(number) = numbers.get(*place).copied().flatten() {
                        let sum = total.unwrap_or_default().checked_add(number);
                        total = Some(sum.ok_or(DeriveError::TooLarge)?);
                    }
                    (total.map_or(Cell::Null, decimal_cell), 0..at + 1)
                }
            };
            if let (Some(slot), Some(stretch)) = (cells.get_mut(*place), ranges.get_mut(*place)) {
                *slot = cell;
                *stretch = before + range.start..before + range.end;
            }
        }
        before += part.len();
    }
    let in_order = parts.concat();
    let columns = match function {
        WindowFunction::Rank => order.iter().map(|criterion| criterion.column).collect(),
        WindowFunction::Lag { column, .. } | WindowFunction::RunningTotal { column } => vec![column],
    };
    let order = in_order
        .into_iter()
        .filter_map(|place| frame.rows.get(place).copied())
        .collect();
    let rows = RowSets::Stretches { order, ranges };
    frame.add(column, cells, ColumnLineage::Rows { columns, rows })
}
