//! The order of a column's values as whole numbers, which is all that the database sees of them.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::moment::Moment;
use crate::result::{Amount, Cell, ColumnKind, encode_cell};

/// Each row's place in the order of a column: equal values have equal ranks, no value has none.
pub(super) struct Ranks {
    /// Rank by row.
    pub(super) of_rows: Vec<Option<i64>>,
    /// A row by rank that has this value.
    pub(super) rows: Vec<usize>,
}

/// A value as it is compared. Variants are ordered as they stand here.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Truth(bool),
    Exact(Decimal),
    Rough(Total, Option<Decimal>),
    Moment(i128),
    /// Without regard to case first.
    Text(String, String),
}

/// Floating point numbers with a total order.
#[derive(Debug, Clone, Copy)]
struct Total(f64);

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Total {}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Ranks the values of a column of this type, from 0.
pub(super) fn rank<'a>(kind: ColumnKind, cells: impl Iterator<Item = &'a Cell>) -> Ranks {
    let mut keys: Vec<Option<Key>> = cells.map(|cell| key(kind, cell)).collect();
    // Exact and rounded numbers have no common order but the rounded one.
    if keys.iter().flatten().any(|key| matches!(key, Key::Rough(..))) {
        for key in keys.iter_mut().flatten() {
            if let Key::Exact(value) = key {
                *key = Key::Rough(Total(Amount::Exact(*value).as_f64()), Some(*value));
            }
        }
    }
    let mut order: Vec<(&Key, usize)> = keys
        .iter()
        .enumerate()
        .filter_map(|(row, key)| Some((key.as_ref()?, row)))
        .collect();
    order.sort_unstable();
    let mut of_rows = vec![None; keys.len()];
    let mut rows: Vec<usize> = Vec::new();
    let mut latest: Option<&Key> = None;
    for (key, row) in order {
        if latest != Some(key) {
            rows.push(row);
            latest = Some(key);
        }
        if let Some(place) = of_rows.get_mut(row) {
            *place = i64::try_from(rows.len()).ok().map(|count| count - 1);
        }
    }
    Ranks { of_rows, rows }
}

fn key(kind: ColumnKind, cell: &Cell) -> Option<Key> {
    let text = |text: &str| Key::Text(text.to_lowercase(), text.to_owned());
    let number = || match cell.amount()? {
        Amount::Exact(value) => Some(Key::Exact(value)),
        Amount::Approximate(value) => Some(Key::Rough(Total(value), None)),
    };
    let moment = || match cell {
        Cell::Text(text) => Moment::read(text)?.instant().map(Key::Moment),
        _ => None,
    };
    let found = match (kind, cell) {
        (_, Cell::Null) => return None,
        (_, Cell::Bool(value)) => Some(Key::Truth(*value)),
        (ColumnKind::Integer | ColumnKind::Number, _) => number(),
        (ColumnKind::Date | ColumnKind::Datetime | ColumnKind::Time, _) => moment(),
        _ => None,
    };
    Some(found.unwrap_or_else(|| match cell {
        Cell::Text(written) => text(written),
        other => text(&encode_cell(other)),
    }))
}
