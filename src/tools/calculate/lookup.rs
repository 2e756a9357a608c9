//! Finds the figures that a calculation names in the rows of held results.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use serde_json::Value;

use super::plan::{CellPlace, CellRef, RowCondition};
use crate::result::{
    Amount, ArithmeticError, Cell, ColumnKind, DerivationInput, HeldResult, NULL_TOKEN, ResultOrigin,
    ResultTable, RowMatch, TotalKind, encode_cell, quotient, sum,
};
use crate::text::clean_line;
use crate::tools::check::{Rejection, listing, nearest, quote};

/// Rows or values shown when not exactly one row is hit.
const MAX_CANDIDATES: usize = 6;
/// Columns shown of such a row.
const MAX_COLUMNS: usize = 5;
/// Longest cell shown, in characters.
const MAX_CELL_CHARS: usize = 40;

/// A held result with its rows.
#[derive(Clone, Copy)]
pub(super) struct HeldRows<'a> {
    pub(super) held: &'a HeldResult,
    pub(super) table: &'a ResultTable,
}

impl HeldRows<'_> {
    /// The figure that stands there.
    pub(super) fn figure(self, cell: &CellRef) -> Result<DerivationInput, Rejection> {
        match &cell.place {
            CellPlace::Row(row) => self.cell(cell.column, *row),
            CellPlace::Where(conditions) => {
                let row = self.only_row(cell.column, conditions)?;
                self.cell(cell.column, row)
            }
            CellPlace::Total(total, conditions) => self.total(cell.column, *total, conditions),
        }
    }

    fn cell(self, column: usize, row: u64) -> Result<DerivationInput, Rejection> {
        let at = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
        let value = match self.calculated(column, at) {
            Some(exact) => exact,
            None => self.number(column, at)?,
        };
        Ok(DerivationInput::Cell {
            result: self.held.handle,
            row,
            column: self.name(column).to_owned(),
            label: self.label(at),
            value,
        })
    }

    /// The figure of an earlier calculation with all its digits: the table holds it as it was shown.
    fn calculated(self, column: usize, row: usize) -> Option<Decimal> {
        let ResultOrigin::Calculated { derivations, .. } = &self.held.origin else {
            return None;
        };
        let of_values = self
            .table
            .columns
            .get(column)
            .is_some_and(|column| column.kind.is_numeric());
        let derivation = derivations.get(row).filter(|_| of_values)?;
        Some(derivation.value)
    }

    fn number(self, column: usize, row: usize) -> Result<Decimal, Rejection> {
        let cell = self.table.rows.get(row).and_then(|cells| cells.get(column));
        let place = || {
            format!(
                "{}, row {}, {}",
                self.held.handle,
                row + 1,
                quote(self.name(column))
            )
        };
        match cell {
            Some(Cell::Null) | None => Err(Rejection::bad_value(format!("{} has no value", place()))
                .hint("say that there is none; a missing value is not zero")),
            Some(cell) => self.exact(column, cell).ok_or_else(|| {
                Rejection::bad_value(format!(
                    "{} is not a number: {}",
                    place(),
                    quote(&encode_cell(cell))
                ))
                .hint(format!(
                    "its columns with numbers: {}",
                    listing(self.numeric_columns())
                ))
            }),
        }
    }

    /// A cell as a decimal. Text counts only where the column says that it holds numbers.
    fn exact(self, column: usize, cell: &Cell) -> Option<Decimal> {
        let numeric = self
            .table
            .columns
            .get(column)
            .is_some_and(|column| column.kind.is_numeric());
        let amount = match cell {
            Cell::Number(_) => cell.amount(),
            Cell::Text(_) if numeric => cell.amount(),
            _ => None,
        };
        match amount {
            Some(Amount::Exact(value)) => Some(value),
            _ => None,
        }
    }

    fn total(
        self,
        column: usize,
        total: TotalKind,
        conditions: &[RowCondition],
    ) -> Result<DerivationInput, Rejection> {
        let rows = self.hits(conditions);
        let cells: Vec<(usize, &Cell)> = rows
            .iter()
            .filter_map(|row| Some((*row, self.table.rows.get(*row)?.get(column)?)))
            .filter(|(_, cell)| **cell != Cell::Null)
            .collect();
        let counted = match total {
            TotalKind::Count => Some(cells.len()),
            TotalKind::Nulls => Some(rows.len() - cells.len()),
            TotalKind::Distinct => {
                let different: BTreeSet<String> = cells.iter().map(|(_, cell)| encode_cell(cell)).collect();
                Some(different.len())
            }
            TotalKind::Sum | TotalKind::Mean | TotalKind::Min | TotalKind::Max => None,
        };
        let value = if let Some(count) = counted {
            Decimal::from(count)
        } else {
            let figures = cells
                .iter()
                .map(|(row, _)| match self.calculated(column, *row) {
                    Some(exact) => Ok(exact),
                    None => self.number(column, *row),
                })
                .collect::<Result<Vec<Decimal>, Rejection>>()?;
            let Some(first) = figures.first().copied() else {
                return Err(self.nothing_to_total(column, conditions));
            };
            match total {
                TotalKind::Min => figures.iter().copied().fold(first, Decimal::min),
                TotalKind::Max => figures.iter().copied().fold(first, Decimal::max),
                TotalKind::Mean => sum(&figures)
                    .and_then(|sum| quotient(sum, Decimal::from(figures.len())))
                    .map_err(|error| self.too_large(column, error))?,
                _ => sum(&figures).map_err(|error| self.too_large(column, error))?,
            }
        };
        Ok(DerivationInput::Total {
            result: self.held.handle,
            column: self.name(column).to_owned(),
            total,
            matching: conditions
                .iter()
                .map(|condition| RowMatch {
                    column: self.name(condition.column).to_owned(),
                    equals: condition.equals.clone(),
                })
                .collect(),
            rows: cells.len() as u64,
            value,
        })
    }

    fn nothing_to_total(self, column: usize, conditions: &[RowCondition]) -> Rejection {
        let name = quote(self.name(column));
        let rejection = Rejection::bad_value(format!("{} has no value in {name} to total", self.held.handle));
        if conditions.is_empty() {
            rejection
        } else {
            self.near(rejection, conditions)
        }
    }

    fn too_large(self, column: usize, error: ArithmeticError) -> Rejection {
        Rejection::bad_value(format!(
            "the total of {} of {}: {error}",
            quote(self.name(column)),
            self.held.handle
        ))
    }

    /// The one row the conditions hit, counted from 1.
    fn only_row(self, column: usize, conditions: &[RowCondition]) -> Result<u64, Rejection> {
        let hits = self.hits(conditions);
        let (first, second) = (hits.first(), hits.get(1));
        match (first, second) {
            (Some(row), None) => Ok(*row as u64 + 1),
            (None, _) => {
                let rejection = Rejection::bad_value(format!("where hits no row of {}", self.held.handle));
                Err(self.near(rejection, conditions))
            }
            (Some(_), Some(_)) => {
                let shown: Vec<String> = hits
                    .iter()
                    .take(MAX_CANDIDATES)
                    .map(|row| self.row_line(*row, column))
                    .collect();
                let more = hits.len().saturating_sub(shown.len());
                let more = if more > 0 {
                    format!("; and {more} more")
                } else {
                    String::new()
                };
                Err(Rejection::bad_value(format!(
                    "where hits {} rows of {}, not one",
                    hits.len(),
                    self.held.handle
                ))
                .hint(format!("they are: {}{more}", shown.join("; ")))
                .hint("add a condition, give the row instead, or take a total over them"))
            }
        }
    }

    /// `row 3 (2026-05-01, Kitchen)`: with its cells but the one that is wanted.
    fn row_line(self, row: usize, wanted: usize) -> String {
        let cells = self.table.rows.get(row).into_iter().flatten().enumerate();
        let cells: Vec<String> = cells
            .filter(|(at, _)| *at != wanted)
            .take(MAX_COLUMNS)
            .map(|(_, cell)| clean_line(&encode_cell(cell), MAX_CELL_CHARS))
            .collect();
        format!("row {} ({})", row + 1, cells.join(", "))
    }

    /// Adds what the conditions' columns hold, the nearest first.
    fn near(self, rejection: Rejection, conditions: &[RowCondition]) -> Rejection {
        conditions.iter().fold(rejection, |rejection, condition| {
            let values: BTreeSet<String> = self
                .table
                .rows
                .iter()
                .filter_map(|cells| cells.get(condition.column))
                .map(|cell| clean_line(&encode_cell(cell), MAX_CELL_CHARS))
                .collect();
            let count = values.len();
            let wanted = match &condition.equals {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let near = nearest(&wanted, values.iter().map(String::as_str), MAX_CANDIDATES);
            let name = quote(self.name(condition.column));
            rejection.hint(format!(
                "{name} has {count} different values, such as {}",
                listing(near)
            ))
        })
    }

    /// Positions of the rows for which all conditions hold. Text that is nowhere exactly as written is looked for
    /// without regard to case.
    fn hits(self, conditions: &[RowCondition]) -> Vec<usize> {
        let with = |holds: fn(Self, &RowCondition, &Cell) -> bool| -> Vec<usize> {
            let all = self.table.rows.iter().enumerate();
            all.filter(|(_, cells)| {
                conditions.iter().all(|condition| {
                    cells
                        .get(condition.column)
                        .is_some_and(|cell| holds(self, condition, cell))
                })
            })
            .map(|(row, _)| row)
            .collect()
        };
        let exact = with(Self::holds);
        if exact.is_empty() {
            with(Self::about_holds)
        } else {
            exact
        }
    }

    fn holds(self, condition: &RowCondition, cell: &Cell) -> bool {
        match (&condition.equals, cell) {
            (Value::Null, Cell::Null) => true,
            (Value::Bool(wanted), Cell::Bool(value)) => wanted == value,
            (Value::Number(wanted), _) => {
                self.same_number(condition.column, &wanted.to_string(), cell)
                    || matches!(cell, Cell::Text(text) if **text == *wanted.to_string())
                    || self.begins(condition.column, &wanted.to_string(), cell)
            }
            (Value::String(wanted), Cell::Text(text)) if **wanted == **text => true,
            (Value::String(wanted), _) => {
                self.same_number(condition.column, wanted, cell)
                    || self.begins(condition.column, wanted, cell)
            }
            _ => false,
        }
    }

    fn about_holds(self, condition: &RowCondition, cell: &Cell) -> bool {
        let alike = match (&condition.equals, cell) {
            (Value::String(wanted), Cell::Text(text)) => {
                wanted.trim().to_lowercase() == text.trim().to_lowercase()
            }
            // The schema has texts only, so no value is written as one.
            (Value::String(wanted), Cell::Null) => wanted.trim() == NULL_TOKEN || wanted.trim() == "null",
            (Value::String(wanted), Cell::Bool(value)) => {
                wanted.trim().eq_ignore_ascii_case(&value.to_string())
            }
            _ => false,
        };
        alike || self.holds(condition, cell)
    }

    fn same_number(self, column: usize, wanted: &str, cell: &Cell) -> bool {
        match Amount::parse(wanted.trim()) {
            Some(Amount::Exact(wanted)) => self.exact(column, cell) == Some(wanted),
            _ => false,
        }
    }

    /// Whether a day or moment lies in the year, month or day that is written: `2026-05` begins `2026-05-01T00:00:00`,
    /// and `2026-0` begins nothing.
    fn begins(self, column: usize, wanted: &str, cell: &Cell) -> bool {
        let kind = self.table.columns.get(column).map(|column| column.kind);
        let Cell::Text(text) = cell else {
            return false;
        };
        let whole_part = matches!(wanted.len(), 4 | 7 | 10 | 16 | 19);
        matches!(kind, Some(ColumnKind::Date | ColumnKind::Datetime))
            && whole_part
            && text.starts_with(wanted)
    }

    fn name(&self, column: usize) -> &str {
        self.held
            .columns
            .get(column)
            .map_or("", |column| column.name.as_str())
    }

    /// What names a row for a reader: its texts and times, as far as the first two.
    fn label(self, row: usize) -> Option<String> {
        let named = self.table.columns.iter().zip(self.table.rows.get(row)?);
        let parts: Vec<&str> = named
            .filter(|(column, _)| column.kind.is_temporal() || column.kind == ColumnKind::Text)
            .filter_map(|(_, cell)| match cell {
                Cell::Text(text) => Some(text.as_ref()),
                _ => None,
            })
            .take(2)
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn numeric_columns(&self) -> impl Iterator<Item = &str> {
        let numeric = self.held.columns.iter().filter(|column| column.kind.is_numeric());
        numeric.map(|column| column.name.as_str())
    }
}
