//! Rows put together with rows of another held table that have the same key.

use std::collections::BTreeMap;

use super::frame::DerivationFrame;
use super::lineage::ColumnLineage;
use super::moment::WrittenTime;
use super::ranks::{ValueKey, key};
use super::{DeriveError, KeyPair};
use crate::result::{Cell, Column, ColumnKind, ResultTable, encode_cell};

/// What the values of a key are compared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyForm {
    /// By value: 1 and 1.0 are the same.
    Number,
    /// By the day: a day and a moment on it are the same.
    Day,
    Moment,
    Text,
}

impl KeyForm {
    fn of(here: &Column, there: &Column) -> Result<Self, DeriveError> {
        let class = |kind: ColumnKind| match kind {
            ColumnKind::Integer | ColumnKind::Number => Some(Self::Number),
            ColumnKind::Date | ColumnKind::Datetime => Some(Self::Moment),
            ColumnKind::Text | ColumnKind::Boolean | ColumnKind::Time => Some(Self::Text),
            // Its type is not known, so the other column's has to do.
            ColumnKind::Other => None,
        };
        let is_day = here.kind == ColumnKind::Date || there.kind == ColumnKind::Date;
        match (class(here.kind), class(there.kind)) {
            (Some(Self::Moment), Some(Self::Moment)) if is_day => Ok(Self::Day),
            (Some(one), Some(other)) if one != other => Err(DeriveError::KeysDiffer {
                here: here.name.clone(),
                there: there.name.clone(),
            }),
            (Some(form), _) | (None, Some(form)) => Ok(form),
            (None, None) => Ok(Self::Text),
        }
    }

    /// What a value is compared by; `None` for no value.
    fn key(self, cell: &Cell) -> Option<ValueKey> {
        match (self, cell) {
            (Self::Day, Cell::Text(text)) => {
                let day = WrittenTime::read(text).map(|moment| moment.civil.date().to_string());
                key(ColumnKind::Text, &day.map_or_else(|| cell.clone(), Cell::text))
            }
            (Self::Number, _) => key(ColumnKind::Number, cell),
            (Self::Moment, _) => key(ColumnKind::Datetime, cell),
            _ => key(ColumnKind::Text, cell),
        }
    }
}

/// The keys by which two tables are put together, and the rows of the other table by key.
struct JoinKeys<'t> {
    pairs: Vec<(usize, KeyForm)>,
    there: BTreeMap<Vec<ValueKey>, Vec<usize>>,
    table: &'t ResultTable,
}

impl<'t> JoinKeys<'t> {
    fn new(
        frame: &DerivationFrame<'_>,
        table: &'t ResultTable,
        keys: &[KeyPair],
    ) -> Result<Self, DeriveError> {
        if keys.is_empty() {
            return Err(DeriveError::NoKey);
        }
        let mut pairs = Vec::new();
        for pair in keys {
            let there = table
                .columns
                .get(pair.there)
                .ok_or(DeriveError::NoColumn(pair.there))?;
            pairs.push((pair.here, KeyForm::of(frame.column(pair.here)?, there)?));
        }
        let mut there: BTreeMap<Vec<ValueKey>, Vec<usize>> = BTreeMap::new();
        for (number, row) in table.rows.iter().enumerate() {
            let parts = keys
                .iter()
                .zip(&pairs)
                .map(|(pair, (_, form))| form.key(row.get(pair.there)?));
            if let Some(key) = parts.collect() {
                there.entry(key).or_default().push(number);
            }
        }
        Ok(Self { pairs, there, table })
    }

    /// The rows of the other table for each row as they stand.
    fn matches<'k>(&'k self, frame: &'k DerivationFrame<'_>) -> impl Iterator<Item = &'k [usize]> {
        frame.rows.iter().map(|row| {
            let parts = self
                .pairs
                .iter()
                .map(|(here, form)| form.key(frame.cell(*row, *here)));
            let key: Option<Vec<ValueKey>> = parts.collect();
            key.and_then(|key| self.there.get(&key))
                .map(Vec::as_slice)
                .unwrap_or_default()
        })
    }
}

/// Keeps the rows whose key the other table has, or has not.
pub(super) fn keep_matching(
    frame: &mut DerivationFrame<'_>,
    table: &ResultTable,
    keys: &[KeyPair],
    matched: bool,
) -> Result<(), DeriveError> {
    let keys = JoinKeys::new(frame, table, keys)?;
    let kept = frame
        .rows
        .iter()
        .zip(keys.matches(frame))
        .filter(|(_, there)| there.is_empty() != matched);
    frame.rows = kept.map(|(row, _)| *row).collect();
    Ok(())
}

/// Adds columns of the other table's row with the same key.
pub(super) fn join_columns(
    frame: &mut DerivationFrame<'_>,
    (place, table): (usize, &ResultTable),
    pairs: &[KeyPair],
    columns: &[usize],
) -> Result<(), DeriveError> {
    let keys = JoinKeys::new(frame, table, pairs)?;
    if let Some(twice) = keys.there.values().find(|rows| rows.len() > 1) {
        let row = twice.first().and_then(|row| table.rows.get(*row));
        let shown = pairs
            .iter()
            .filter_map(|pair| row?.get(pair.there))
            .map(encode_cell);
        return Err(DeriveError::KeyTwice {
            key: shown.collect::<Vec<_>>().join(", "),
            rows: twice.len(),
        });
    }
    let added = columns
        .iter()
        .map(|at| table.columns.get(*at).cloned().ok_or(DeriveError::NoColumn(*at)));
    let added: Vec<Column> = added.collect::<Result<_, _>>()?;
    let rows: Vec<Option<usize>> = keys.matches(frame).map(|there| there.first().copied()).collect();
    let cells: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| {
            let row = row.and_then(|row| keys.table.rows.get(row));
            let cell = |at: &usize| row.and_then(|row| row.get(*at)).cloned().unwrap_or(Cell::Null);
            columns.iter().map(cell).collect()
        })
        .collect();
    let origins = columns.iter().map(|column| ColumnLineage::Joined {
        table: place,
        column: *column,
        rows: rows.clone(),
    });
    let origins = origins.collect();
    frame.add_all(added, cells.into_iter(), origins)
}
