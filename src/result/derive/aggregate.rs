//! The functions that the database does not have: sums and means of decimals.

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::{Connection, Error, Result};

use crate::result::totals::{mean, sum};
use crate::result::{Amount, Cell};

/// Their names in the database.
pub(super) const SUM: &str = "exact_sum";
pub(super) const MEAN: &str = "exact_mean";

/// Makes them known to a database.
pub(super) fn register(database: &Connection) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    database.create_aggregate_function(SUM, 1, flags, Fold { mean: false })?;
    database.create_aggregate_function(MEAN, 1, flags, Fold { mean: true })
}

struct Fold {
    mean: bool,
}

impl Aggregate<Vec<Amount>, Option<String>> for Fold {
    fn init(&self, _: &mut Context<'_>) -> Result<Vec<Amount>> {
        Ok(Vec::new())
    }

    fn step(&self, context: &mut Context<'_>, amounts: &mut Vec<Amount>) -> Result<()> {
        let Some(written) = context.get::<Option<String>>(0)? else {
            return Ok(());
        };
        let amount =
            Amount::parse(&written).ok_or_else(|| Error::UserFunctionError("it is no number".into()))?;
        amounts.push(amount);
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, amounts: Option<Vec<Amount>>) -> Result<Option<String>> {
        let amounts = amounts.unwrap_or_default();
        if amounts.is_empty() {
            return Ok(None);
        }
        let total = sum(amounts.iter().copied());
        let amount = if self.mean {
            mean(total, amounts.len())
        } else {
            total
        };
        Ok(Some(match amount {
            Amount::Exact(value) => value.normalize().to_string(),
            Amount::Approximate(value) => format!("{value:e}"),
        }))
    }
}

/// Greatest whole number that is written as a number and not as text, as in every other table.
const WHOLE: u64 = 1 << 53;

/// A number as a cell: as a number where that keeps every digit, as text otherwise.
pub(super) fn cell(written: &str) -> Cell {
    let text = || Cell::text(written);
    if let Ok(whole) = written.parse::<i64>() {
        return if whole.unsigned_abs() <= WHOLE {
            Cell::Number(whole.into())
        } else {
            text()
        };
    }
    let number = written.parse().ok().and_then(serde_json::Number::from_f64);
    match number {
        Some(number) if Amount::parse(&number.to_string()) == Amount::parse(written) => Cell::Number(number),
        _ => text(),
    }
}
