//! What a whole column comes to, computed over every row we have, before any row is cut.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::sense::Sense;
use super::{Cell, Column, ColumnKind, ResultTable};
use crate::text::clean_line;

/// Significant digits of a mean.
const MEAN_DIGITS: u32 = 12;

/// A number that was read or computed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Amount {
    /// Exactly this, in decimal.
    Exact(Decimal),
    /// Beyond what decimals of 28 digits hold; rounded as binary floating point is.
    Approximate(f64),
}

impl Amount {
    /// As binary floating point.
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Exact(value) => value.to_f64().unwrap_or(f64::NAN),
            Self::Approximate(value) => value,
        }
    }

    /// Reads a number as JSON or SQL writes it.
    pub fn parse(text: &str) -> Option<Self> {
        let exact = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        match exact {
            Ok(value) if same_number(text, value) => Some(Self::Exact(value)),
            _ => f64::from_str(text)
                .ok()
                .filter(|value| value.is_finite())
                .map(Self::Approximate),
        }
    }

    fn less_than(self, other: Self) -> bool {
        match (self, other) {
            (Self::Exact(a), Self::Exact(b)) => a < b,
            (a, b) => a.as_f64() < b.as_f64(),
        }
    }
}

/// Guards against digits lost in reading: a non-zero number must not become zero.
fn same_number(text: &str, value: Decimal) -> bool {
    !value.is_zero() || f64::from_str(text).is_ok_and(|number| number == 0.0)
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(value) => value.normalize().fmt(f),
            Self::Approximate(value) => write!(f, "about {value:e}"),
        }
    }
}

/// The totals of one column.
#[derive(Debug, Clone, PartialEq)]
pub struct ColumnTotals {
    /// The column's name.
    pub column: String,
    /// Rows that have a value.
    pub values: u64,
    /// Rows that have none.
    pub nulls: u64,
    /// What the values come to.
    pub summary: Summary,
}

/// What the values of a column come to.
#[derive(Debug, Clone, PartialEq)]
pub enum Summary {
    /// Numbers.
    Numbers {
        /// Their sum, if they are such as can be added up.
        sum: Option<Amount>,
        /// Their mean, to 12 significant digits, if it means something.
        mean: Option<Amount>,
        /// The least.
        min: Amount,
        /// The greatest.
        max: Amount,
        /// Values of a numeric column that are no number; not part of the rest.
        unreadable: u64,
    },
    /// Text, booleans, ids and other things that only have names: how many different ones there are.
    Distinct(u64),
    /// Days, moments and times, compared as they are written.
    Span {
        /// The first.
        first: String,
        /// The last.
        last: String,
    },
    /// There is no value to say anything about.
    Nothing,
}

/// Totals of every column, in column order, over all rows of `table`.
pub fn totals(table: &ResultTable) -> Vec<ColumnTotals> {
    table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let cells: Vec<&Cell> = table.rows.iter().filter_map(|row| row.get(at)).collect();
            column_totals(column, &cells)
        })
        .collect()
}

/// Whether a column names things rather than counts them: its sum would mean nothing.
fn is_identifier(column: &Column) -> bool {
    let name = column.name.to_lowercase();
    name == "id" || name.ends_with("_id") || name.ends_with(" id") || column.unit.is_some()
}

fn column_totals(column: &Column, cells: &[&Cell]) -> ColumnTotals {
    let present: Vec<&Cell> = cells
        .iter()
        .copied()
        .filter(|cell| **cell != Cell::Null)
        .collect();
    let summary = if present.is_empty() {
        Summary::Nothing
    } else if column.kind.is_temporal() {
        span(&present)
    } else if column.kind.is_numeric() && !is_identifier(column) {
        numbers(&present, Sense::of(column))
    } else if column.kind == ColumnKind::Other {
        Summary::Nothing
    } else {
        distinct(&present)
    };
    ColumnTotals {
        column: column.name.clone(),
        values: present.len() as u64,
        nulls: (cells.len() - present.len()) as u64,
        summary,
    }
}

fn distinct(cells: &[&Cell]) -> Summary {
    let different: HashSet<String> = cells.iter().map(|cell| super::encode_cell(cell)).collect();
    Summary::Distinct(different.len() as u64)
}

fn span(cells: &[&Cell]) -> Summary {
    let mut written: Vec<String> = cells
        .iter()
        .map(|cell| match cell {
            Cell::Text(text) => text.clone(),
            other => super::encode_cell(other),
        })
        .collect();
    written.sort_unstable();
    match (written.first(), written.last()) {
        (Some(first), Some(last)) => Summary::Span {
            first: first.clone(),
            last: last.clone(),
        },
        _ => Summary::Nothing,
    }
}

pub(super) fn amount(cell: &Cell) -> Option<Amount> {
    match cell {
        Cell::Number(number) => Amount::parse(&number.to_string()),
        Cell::Text(text) => Amount::parse(text),
        Cell::Null | Cell::Bool(_) => None,
    }
}

fn numbers(cells: &[&Cell], sense: Sense) -> Summary {
    let amounts: Vec<Amount> = cells.iter().filter_map(|cell| amount(cell)).collect();
    let unreadable = (cells.len() - amounts.len()) as u64;
    let Some(first) = amounts.first().copied() else {
        return Summary::Nothing;
    };
    let (mut min, mut max) = (first, first);
    for value in amounts.iter().copied() {
        if value.less_than(min) {
            min = value;
        }
        if max.less_than(value) {
            max = value;
        }
    }
    let total = sum(&amounts);
    Summary::Numbers {
        sum: (sense == Sense::Amounts).then_some(total),
        mean: (sense != Sense::Rates).then(|| mean(total, amounts.len())),
        min,
        max,
        unreadable,
    }
}

pub(super) fn sum(amounts: &[Amount]) -> Amount {
    let exact = amounts
        .iter()
        .try_fold(Decimal::ZERO, |total, amount| match amount {
            // An addition that has to drop digits is not exact, even where it does not overflow.
            Amount::Exact(value) => total
                .checked_add(*value)
                .filter(|sum| sum.scale() >= total.scale().max(value.scale())),
            Amount::Approximate(_) => None,
        });
    match exact {
        Some(total) => Amount::Exact(total),
        None => Amount::Approximate(amounts.iter().map(|amount| amount.as_f64()).sum()),
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "row counts stay far below 2^52; the branch is approximate anyway"
)]
pub(super) fn mean(sum: Amount, count: usize) -> Amount {
    let exact = match sum {
        Amount::Exact(total) => total
            .checked_div(Decimal::from(count))
            .and_then(|mean| mean.round_sf(MEAN_DIGITS)),
        Amount::Approximate(_) => None,
    };
    exact.map_or_else(|| Amount::Approximate(sum.as_f64() / count as f64), Amount::Exact)
}

impl fmt::Display for ColumnTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "values {}, nulls {}", self.values, self.nulls)?;
        match &self.summary {
            Summary::Numbers {
                sum,
                mean,
                min,
                max,
                unreadable,
            } => {
                if let Some(sum) = sum {
                    write!(f, ", sum {sum}")?;
                }
                write!(f, ", min {min}, max {max}")?;
                if let Some(mean) = mean {
                    write!(f, ", mean {mean}")?;
                }
                if *unreadable > 0 {
                    write!(f, ", not numbers {unreadable}")?;
                }
                Ok(())
            }
            Summary::Distinct(count) => write!(f, ", distinct {count}"),
            Summary::Span { first, last } => write!(
                f,
                ", first {}, last {}",
                clean_line(first, 40),
                clean_line(last, 40)
            ),
            Summary::Nothing => Ok(()),
        }
    }
}
