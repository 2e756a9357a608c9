//! The table that steps work on.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::engine::{LOOK_EVERY, StopSignal};
use super::lineage::{ColumnLineage, LineageStep, RowOrigins};
use super::ranks::{ColumnRanks, rank};
use super::{DeriveError, Lineage, RowOrder};
use crate::result::{Cell, Column, ColumnKind, ResultTable};

/// A table in the making: cells, and which rows of them there are in which order. Keeping, sorting and paging change only
/// that; cells are copied when a column is added or rows are grouped.
pub(super) struct DerivationFrame<'a> {
    pub(super) columns: Vec<Column>,
    cells: Cow<'a, [Vec<Cell>]>,
    /// Rows there are, by their number in `cells`.
    pub(super) rows: Vec<usize>,
    lineage: Vec<LineageStep>,
    stop: &'a StopSignal,
}

impl<'a> DerivationFrame<'a> {
    pub(super) fn new(table: &'a ResultTable, stop: &'a StopSignal) -> Self {
        Self {
            columns: table.columns.clone(),
            cells: Cow::Borrowed(&table.rows),
            rows: (0..table.rows.len()).collect(),
            lineage: Vec::new(),
            stop,
        }
    }

    pub(super) fn stop(&self) -> &'a StopSignal {
        self.stop
    }

    pub(super) fn column(&self, at: usize) -> Result<&Column, DeriveError> {
        self.columns.get(at).ok_or(DeriveError::NoColumn(at))
    }

    /// The cell of a column in a row of `cells`.
    pub(super) fn cell(&self, row: usize, at: usize) -> &Cell {
        let row = self.cells.get(row).and_then(|row| row.get(at));
        row.unwrap_or(&Cell::Null)
    }

    /// The values of a column, row by row as they stand.
    pub(super) fn values(&self, at: usize) -> impl Iterator<Item = &Cell> + Clone {
        self.rows.iter().map(move |row| self.cell(*row, at))
    }

    /// The ranks of the values of a column, row by row as they stand.
    pub(super) fn ranks(&self, at: usize) -> Result<ColumnRanks, DeriveError> {
        self.stop.look()?;
        let kind = self.column(at)?.kind;
        Ok(rank(kind, self.values(at)))
    }

    /// The places of the rows in this order, counted as they stand.
    pub(super) fn order(&self, order: &[RowOrder]) -> Result<Vec<usize>, DeriveError> {
        let mut places: Vec<usize> = (0..self.rows.len()).collect();
        let keys = self.order_keys(order)?;
        places.sort_by_key(|place| keys.get(*place));
        Ok(places)
    }

    /// What rows are compared by, row by row as they stand: no value is greater than any.
    pub(super) fn order_keys(&self, order: &[RowOrder]) -> Result<Vec<Vec<i64>>, DeriveError> {
        let mut keys = vec![Vec::with_capacity(order.len()); self.rows.len()];
        for criterion in order {
            let ranks = if criterion.by_length {
                self.column(criterion.column)?;
                self.values(criterion.column).map(length).collect()
            } else {
                self.ranks(criterion.column)?.of_rows
            };
            for (key, rank) in keys.iter_mut().zip(ranks) {
                key.push(match rank {
                    None => i64::MAX,
                    Some(rank) if criterion.descending => -rank,
                    Some(rank) => rank,
                });
            }
        }
        Ok(keys)
    }

    /// Whether the last of the first `limit` rows and the row after it are equal in an order.
    pub(super) fn ties_at(&self, order: &[RowOrder], limit: u64) -> Result<bool, DeriveError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let last = limit.checked_sub(1).and_then(|at| self.rows.get(at));
        let Some((last, next)) = last.zip(self.rows.get(limit)).filter(|_| !order.is_empty()) else {
            return Ok(false);
        };
        for criterion in order {
            let kind = self.column(criterion.column)?.kind;
            let cells = [last, next].map(|row| self.cell(*row, criterion.column));
            let same = if criterion.by_length {
                cells.map(length)
            } else {
                match rank(kind, cells.into_iter()).of_rows.as_slice() {
                    [one, other] => [*one, *other],
                    _ => return Ok(false),
                }
            };
            if same.first() != same.last() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The rows of each part of the table, by their places as they stand, parts in the order of their values. No value
    /// is a value of its own and comes last.
    pub(super) fn parts(&self, by: &[usize]) -> Result<Vec<Vec<usize>>, DeriveError> {
        let order: Vec<RowOrder> = by.iter().map(|column| RowOrder::ascending(*column)).collect();
        Ok(parts_of(self.order_keys(&order)?))
    }

    /// Adds a column with a value for each row as they stand.
    pub(super) fn add(
        &mut self,
        column: Column,
        values: Vec<Cell>,
        origin: ColumnLineage,
    ) -> Result<(), DeriveError> {
        self.add_all(
            vec![column],
            values.into_iter().map(|cell| vec![cell]),
            vec![origin],
        )
    }

    /// Adds columns with their values for each row as they stand.
    pub(super) fn add_all(
        &mut self,
        columns: Vec<Column>,
        values: impl Iterator<Item = Vec<Cell>>,
        origins: Vec<ColumnLineage>,
    ) -> Result<(), DeriveError> {
        let mut cells = Vec::with_capacity(self.rows.len());
        for (place, (row, values)) in self.rows.iter().zip(values).enumerate() {
            if place % LOOK_EVERY == 0 {
                self.stop.look()?;
            }
            let mut wider = self.cells.get(*row).cloned().unwrap_or_default();
            wider.resize(self.columns.len(), Cell::Null);
            wider.extend(values);
            cells.push(wider);
        }
        let copied = (0..self.columns.len()).map(ColumnLineage::Copied);
        let step = LineageStep {
            rows: RowOrigins::Each(self.rows.clone()),
            columns: copied.chain(origins).collect(),
        };
        for mut column in columns {
            column.name = self.free_name(column.name);
            self.columns.push(column);
        }
        self.replace(cells, step);
        Ok(())
    }

    /// Puts other cells in the place of those there are.
    pub(super) fn replace(&mut self, cells: Vec<Vec<Cell>>, step: LineageStep) {
        self.rows = (0..cells.len()).collect();
        self.cells = Cow::Owned(cells);
        self.lineage.push(step);
    }

    /// The columns at these places alone, in this order.
    pub(super) fn select(&mut self, columns: &[usize]) -> Result<(), DeriveError> {
        let selected = columns.iter().map(|at| self.column(*at).cloned());
        let selected: Vec<Column> = selected.collect::<Result<_, _>>()?;
        let cells = self.rows.iter().map(|row| {
            let cells = columns.iter().map(|at| self.cell(*row, *at).clone());
            cells.collect()
        });
        let cells = cells.collect();
        let step = LineageStep {
            rows: RowOrigins::Each(std::mem::take(&mut self.rows)),
            columns: columns.iter().map(|at| ColumnLineage::Copied(*at)).collect(),
        };
        self.columns = selected;
        self.replace(cells, step);
        Ok(())
    }

    /// The rows as they stand, and where their cells came from.
    pub(super) fn finish(self) -> (Vec<Column>, Vec<Vec<Cell>>, Lineage) {
        let rows = match self.cells {
            Cow::Owned(mut cells) => {
                let taken = self
                    .rows
                    .iter()
                    .filter_map(|row| cells.get_mut(*row).map(std::mem::take));
                taken.collect()
            }
            Cow::Borrowed(cells) => self
                .rows
                .iter()
                .filter_map(|row| cells.get(*row).cloned())
                .collect(),
        };
        (self.columns, rows, Lineage::new(self.lineage, self.rows))
    }

    /// The name, or one like it that no column has yet.
    fn free_name(&self, mut name: String) -> String {
        while self.columns.iter().any(|other| other.name == name) {
            name.push('_');
        }
        name
    }
}

/// Places with equal keys together, in the order of the keys.
pub(super) fn parts_of(keys: Vec<Vec<i64>>) -> Vec<Vec<usize>> {
    let mut parts: BTreeMap<Vec<i64>, Vec<usize>> = BTreeMap::new();
    for (place, key) in keys.into_iter().enumerate() {
        parts.entry(key).or_default().push(place);
    }
    parts.into_values().collect()
}

/// How many characters a value has as text.
fn length(cell: &Cell) -> Option<i64> {
    let characters = match cell {
        Cell::Null => return None,
        Cell::Text(text) => text.chars().count(),
        Cell::Number(number) => number.to_string().chars().count(),
        Cell::Bool(truth) => truth.to_string().len(),
    };
    i64::try_from(characters).ok()
}

impl RowOrder {
    pub(super) fn ascending(column: usize) -> Self {
        Self {
            column,
            descending: false,
            by_length: false,
        }
    }
}

/// A column that is computed here.
pub(super) fn computed_column(name: String, kind: ColumnKind, unit: Option<String>) -> Column {
    Column {
        unit,
        ..Column::named(name, kind)
    }
}
