//! The order of a column's values as whole numbers, and the keys by which values are equal.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::moment::WrittenTime;
use crate::result::{Amount, Cell, ColumnKind, encode_cell};

/// Each row's place in the order of a column: equal values have equal ranks, no value has none.
pub(super) struct ColumnRanks {
    pub(super) of_rows: Vec<Option<i64>>,
}

/// A value as it is compared. Variants are ordered as they stand here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ValueKey {
    Truth(bool),
    Exact(Decimal),
    Rough(OrderedFloat, Option<Decimal>),
    Moment(i128),
    /// Without regard to case first.
    Text(String, String),
}

/// Floating point numbers with a total order.
#[derive(Debug, Clone, Copy)]
pub(super) struct OrderedFloat(f64);

impl PartialEq for OrderedFloat {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for OrderedFloat {}

impl PartialOrd for OrderedFloat {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for OrderedFloat {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Ranks the values of a column of this type, from 0.
pub(super) fn rank<'a>(kind: ColumnKind, cells: impl Iterator<Item = &'a Cell>) -> ColumnRanks {
    let mut keys: Vec<Option<ValueKey>> = cells.map(|cell| key(kind, cell)).collect();
    // Exact and rounded numbers have no common order but the rounded one.
    if keys
        .iter()
        .flatten()
        .any(|key| matches!(key, ValueKey::Rough(..)))
    {
        for key in keys.iter_mut().flatten() {
            if let ValueKey::Exact(value) = key {
                *key = ValueKey::Rough(OrderedFloat(Amount::Exact(*value).as_f64()), Some(*value));
            }
        }
    }
    let mut order: Vec<(&ValueKey, usize)> = keys
        .iter()
        .enumerate()
        .filter_map(|(row, key)| Some((key.as_ref()?, row)))
        .collect();
    order.sort_unstable();
    let mut of_rows = vec![None; keys.len()];
    let mut last = -1i64;
    let mut latest: Option<&ValueKey> = None;
    for (key, row) in order {
        if latest != Some(key) {
            last += 1;
            latest = Some(key);
        }
        if let Some(rank) = of_rows.get_mut(row) {
            *rank = Some(last);
        }
    }
    ColumnRanks { of_rows }
}

/// What a value of a column of this type is compared by.
pub(super) fn key(kind: ColumnKind, cell: &Cell) -> Option<ValueKey> {
    let text = |text: &str| ValueKey::Text(text.to_lowercase(), text.to_owned());
    let number = || match cell.amount()? {
        Amount::Exact(value) => Some(ValueKey::Exact(value)),
        Amount::Approximate(value) => Some(ValueKey::Rough(OrderedFloat(value), None)),
    };
    let moment = || match cell {
        Cell::Text(text) => WrittenTime::read(text)?.instant().map(ValueKey::Moment),
        _ => None,
    };
    let found = match (kind, cell) {
        (_, Cell::Null) => return None,
        (_, Cell::Bool(value)) => Some(ValueKey::Truth(*value)),
        (ColumnKind::Integer | ColumnKind::Number, _) => number(),
        (ColumnKind::Date | ColumnKind::Datetime | ColumnKind::Time, _) => moment(),
        _ => None,
    };
    Some(found.unwrap_or_else(|| match cell {
        Cell::Text(written) => text(written),
        other => text(&encode_cell(other)),
    }))
}
