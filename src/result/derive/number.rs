//! Numbers of derived cells: exact in decimal, read from cells and written into cells.

use rust_decimal::Decimal;
use serde_json::Number;

use super::DeriveError;
use crate::result::{Amount, Cell, Column};

/// Greatest whole number that is written as a number and not as text, as in every other table.
const WHOLE: u64 = 1 << 53;
/// Significant digits of a quotient.
const QUOTIENT_DIGITS: u32 = 12;

/// A number as a cell.
pub(super) fn amount_cell(amount: Amount) -> Cell {
    match amount {
        Amount::Exact(value) => decimal_cell(value),
        Amount::Approximate(value) => written_cell(&format!("{value:e}")),
    }
}

pub(super) fn decimal_cell(value: Decimal) -> Cell {
    written_cell(&value.normalize().to_string())
}

/// A number as a cell: as a number where that keeps every digit, as text otherwise.
fn written_cell(written: &str) -> Cell {
    if let Ok(whole) = written.parse::<i64>() {
        return if whole.unsigned_abs() <= WHOLE {
            Cell::Number(whole.into())
        } else {
            Cell::text(written)
        };
    }
    let number = written.parse().ok().and_then(Number::from_f64);
    match number {
        Some(number) if Amount::parse(&number.to_string()) == Amount::parse(written) => Cell::Number(number),
        _ => Cell::text(written),
    }
}

/// The numbers of a column. A value that is not a number is an error: it would be left out without a word.
pub(super) fn amounts<'a>(
    column: &Column,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<Vec<Option<Amount>>, DeriveError> {
    let mut count = 0usize;
    let amounts = cells
        .map(|cell| {
            let amount = cell.amount();
            if amount.is_none() && *cell != Cell::Null {
                count += 1;
            }
            amount
        })
        .collect();
    if count > 0 {
        let column = column.name.clone();
        return Err(DeriveError::NotNumbers { column, count });
    }
    Ok(amounts)
}

/// [`amounts`] that decimals of 28 digits hold, each of them.
pub(super) fn decimals<'a>(
    column: &Column,
    cells: impl Iterator<Item = &'a Cell>,
) -> Result<Vec<Option<Decimal>>, DeriveError> {
    let exact = |amount: Amount| match amount {
        Amount::Exact(value) => Ok(value),
        Amount::Approximate(_) => Err(DeriveError::NotExact(column.name.clone())),
    };
    amounts(column, cells)?
        .into_iter()
        .map(|amount| amount.map(exact).transpose())
        .collect()
}

/// The first by the second, to 12 significant digits; `None` by zero.
pub(super) fn quotient(figure: Decimal, by: Decimal) -> Option<Decimal> {
    figure.checked_div(by)?.round_sf(QUOTIENT_DIGITS)
}
