//! Two columns made comparable: as numbers, as moments, or as texts, whichever both are.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde_json::Value;

use super::cell::{self, CellKey};
use super::written::WrittenFigure;

/// Decimals from which on a number was computed with binary fractions, not written by a person.
const LONG: u32 = 7;
/// Noise of numbers with 53 binary digits, as a share of them.
const DOUBLE: Decimal = Decimal::from_parts(1, 0, 0, false, 11);
/// Noise of means and sums of numbers with 24 binary digits: databases keep ratings and prices in such, and then 4.6 is
/// 4.599999904632568.
const SINGLE: Decimal = Decimal::from_parts(1, 0, 0, false, 7);
pub(super) const PERCENT: Decimal = Decimal::from_parts(1, 0, 0, false, 2);

/// A gold column and one that may be it.
#[derive(Debug, Clone)]
pub(super) struct ColumnPair {
    pub(super) gold: Vec<CellKey>,
    pub(super) found: Vec<CellKey>,
    tolerance: CellTolerance,
    /// What rounding may have taken from each found number, as far as it was written as a text; empty where nothing.
    rounding: Vec<Decimal>,
}

impl ColumnPair {
    fn exact(gold: Vec<CellKey>, found: Vec<CellKey>) -> Self {
        Self {
            gold,
            found,
            tolerance: CellTolerance::default(),
            rounding: Vec::new(),
        }
    }

    /// Whether a gold cell and a found one, by their rows, are the same.
    pub(super) fn same(&self, gold: usize, found: usize) -> bool {
        let rounding = self.rounding.get(found).copied().unwrap_or_default();
        match (self.gold.get(gold), self.found.get(found)) {
            (Some(gold), Some(found)) => self.tolerance.same(gold, found, rounding),
            _ => false,
        }
    }

    /// Whether some cells were rounded more than others, so that the order of the numbers need not be the same.
    pub(super) fn uneven(&self) -> bool {
        !self.rounding.is_empty()
    }
}

/// How far two numbers may be apart and be the same.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CellTolerance {
    absolute: Decimal,
    relative: Decimal,
}

impl CellTolerance {
    fn of(absolute: Option<f64>, relative: Option<f64>) -> Option<Self> {
        if absolute.is_none() && relative.is_none() {
            return None;
        }
        let decimal = |bound: Option<f64>| bound.and_then(Decimal::from_f64).unwrap_or_default();
        Some(Self {
            absolute: decimal(absolute),
            relative: decimal(relative),
        })
    }

    fn same(self, gold: &CellKey, found: &CellKey, rounding: Decimal) -> bool {
        match (gold, found) {
            (CellKey::Number(gold), CellKey::Number(found)) => {
                let Some(apart) = gold.checked_sub(*found) else {
                    return false;
                };
                let share = gold.abs().checked_mul(self.relative).unwrap_or_default();
                apart.abs() <= self.absolute.max(share).max(rounding)
            }
            (gold, found) => gold == found,
        }
    }
}

/// The ways in which two columns can be compared; several where one has percentages, which are themselves or fractions.
/// Bounds that the case gives go before what the written digits allow.
pub(super) fn pairs(
    gold: &[&Value],
    found: &[&Value],
    absolute: Option<f64>,
    relative: Option<f64>,
) -> Vec<ColumnPair> {
    if let Some((gold, found)) = moments(gold, found) {
        return vec![ColumnPair::exact(gold, found)];
    }
    let tolerance = CellTolerance::of(absolute, relative);
    if let Some(pairs) = numbers(gold, found, tolerance) {
        return pairs;
    }
    // Among numbers a text may be a number too, as in a column of amounts with one "n/a".
    let figures = gold.iter().chain(found).any(|value| value.is_number());
    let key = |value: &&Value| match cell::number(value) {
        Some(number) if figures && !cell::is_code(value) && !value.is_boolean() => {
            CellKey::Text(number.to_string())
        }
        _ => cell::text(value),
    };
    let texts = |column: &[&Value]| column.iter().map(key).collect();
    vec![ColumnPair::exact(texts(gold), texts(found))]
}

/// Both as moments, if one side is dates, or the gold periods such as `2025-Q1`, and the other dates or the periods they
/// begin. A quarter or month without a year is of the gold's, where that has one only.
fn moments(gold: &[&Value], found: &[&Value]) -> Option<(Vec<CellKey>, Vec<CellKey>)> {
    let all = |column: &[&Value], is: fn(&Value) -> bool| {
        let mut filled = column.iter().filter(|value| !value.is_null()).peekable();
        filled.peek().is_some() && filled.all(|value| is(value))
    };
    let dated = |column: &[&Value]| all(column, |value| cell::moment(value).is_some());
    if !dated(gold) && !dated(found) && !all(gold, cell::is_period) {
        return None;
    }
    let year = cell::only_year(gold);
    let read = |column: &[&Value]| -> Option<Vec<CellKey>> {
        let key = |value: &&Value| match value {
            Value::Null => Some(CellKey::Null),
            value => cell::moment(value)
                .or_else(|| cell::period(value))
                .or_else(|| cell::part_of(value, year?))
                .map(CellKey::Moment),
        };
        column.iter().map(key).collect()
    };
    read(gold).zip(read(found))
}

/// Both as numbers, if all cells are. Percentages and other numbers do not stand in one column.
fn numbers(gold: &[&Value], found: &[&Value], tolerance: Option<CellTolerance>) -> Option<Vec<ColumnPair>> {
    let all = || gold.iter().chain(found);
    if all().all(|value| value.is_string() || value.is_null()) && all().any(|value| cell::is_code(value)) {
        return None;
    }
    let flags = is_flags(gold) || is_flags(found);
    let read = |column: &[&Value]| -> Option<Vec<Option<WrittenFigure>>> {
        let written = |value: &&Value| match value {
            Value::Null => Some(None),
            value => WrittenFigure::read(value)
                .or_else(|| flags.then(|| WrittenFigure::read(&cell::flag(value)?))?)
                .map(Some),
        };
        column.iter().map(written).collect()
    };
    let (gold, found) = (read(gold)?, read(found)?);
    let ways: &[Decimal] = match (in_percent(&gold)?, in_percent(&found)?) {
        (false, true) => &[Decimal::ONE, PERCENT],
        (true, false) => &[Decimal::ONE, Decimal::ONE_HUNDRED],
        _ => &[Decimal::ONE],
    };
    Some(
        ways.iter()
            .map(|way| of_numbers(&gold, &found, *way, tolerance))
            .collect(),
    )
}

/// Two columns of numbers, where the found ones are multiplied.
fn of_numbers(
    gold: &[Option<WrittenFigure>],
    found: &[Option<WrittenFigure>],
    by: Decimal,
    tolerance: Option<CellTolerance>,
) -> ColumnPair {
    let key = |cell: Option<Decimal>| cell.map_or(CellKey::Null, |value| CellKey::Number(value.normalize()));
    let gold: Vec<CellKey> = gold.iter().map(|cell| key(cell.map(|cell| cell.value))).collect();
    let scaled = |cell: &Option<WrittenFigure>| key(cell.and_then(|cell| cell.value.checked_mul(by)));
    let keys: Vec<CellKey> = found.iter().map(scaled).collect();
    let whole = gold.iter().filter_map(scale).all(|scale| scale == 0);
    let rounding: Vec<Decimal> = found
        .iter()
        .map(|cell| cell.map_or(Decimal::ZERO, |cell| cell.rounding(whole) * by))
        .collect();
    let rounded = tolerance.is_none() && rounding.iter().any(|half| !half.is_zero());
    ColumnPair {
        tolerance: tolerance.unwrap_or_else(|| as_written(&gold, &keys)),
        gold,
        found: keys,
        rounding: if rounded { rounding } else { Vec::new() },
    }
}

/// Whether a column is true and false, and nothing else.
fn is_flags(column: &[&Value]) -> bool {
    column.iter().any(|value| value.is_boolean())
        && column.iter().all(|value| value.is_boolean() || value.is_null())
}

/// Whether the numbers of a column are percentages; nothing where only some are.
fn in_percent(column: &[Option<WrittenFigure>]) -> Option<bool> {
    let mut cells = column.iter().flatten().map(|cell| cell.percent);
    let first = cells.next().unwrap_or(false);
    cells.all(|percent| percent == first).then_some(first)
}

/// What two columns of numbers allow by themselves: one may be the other rounded to its decimals, if enough digits
/// are left to tell. Whole gold numbers are exact but for the noise of binary fractions.
fn as_written(gold: &[CellKey], found: &[CellKey]) -> CellTolerance {
    let decimals = |column: &[CellKey]| column.iter().filter_map(scale).max().unwrap_or(0);
    let (fine, coarse) = (decimals(gold), decimals(gold).min(decimals(found)));
    let noise = CellTolerance {
        absolute: Decimal::ZERO,
        relative: if fine.max(decimals(found)) >= LONG {
            SINGLE
        } else {
            DOUBLE
        },
    };
    if fine == 0 {
        // Only a fraction can be noise: whole numbers next to each other differ, however large they are.
        return if decimals(found) == 0 {
            CellTolerance::default()
        } else {
            noise
        };
    }
    let digits = gold
        .iter()
        .filter_map(|key| digits(key, coarse))
        .max()
        .unwrap_or(0);
    let telling = match coarse {
        0 => digits >= 4,
        1 => digits >= 3,
        _ => digits >= 2,
    };
    if !telling || fine == decimals(found) {
        return noise;
    }
    CellTolerance {
        absolute: Decimal::new(5, coarse + 1),
        ..noise
    }
}

fn scale(key: &CellKey) -> Option<u32> {
    match key {
        CellKey::Number(number) => Some(number.scale()),
        _ => None,
    }
}

/// Significant digits of a number of so many decimals.
fn digits(key: &CellKey, decimals: u32) -> Option<u32> {
    let CellKey::Number(number) = key else {
        return None;
    };
    let power = Decimal::from_u128(10_u128.checked_pow(decimals)?)?;
    let units = number.abs().checked_mul(power)?.trunc().to_u128()?;
    Some(units.checked_ilog10().map_or(0, |digits| digits + 1))
}
