//! What a whole column comes to, computed over every row we have, before any row is cut.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use foldhash::fast::RandomState;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Number;

use super::{Cell, Column, ColumnMeaning, ResultTable, encode_cell, for_reading};
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
    pub fn as_f64(self) -> f64 {
        match self {
            Self::Exact(value) => value.to_f64().unwrap_or(f64::NAN),
            Self::Approximate(value) => value,
        }
    }

    /// The number that JSON held. `None` for what is not finite, which JSON cannot hold.
    pub(crate) fn of_number(number: &Number) -> Option<Self> {
        if let Some(whole) = number.as_i64() {
            return Some(Self::Exact(whole.into()));
        }
        if let Some(whole) = number.as_u64() {
            return Some(Self::Exact(whole.into()));
        }
        let value = number.as_f64()?;
        short_decimal(value).or_else(|| without_noise(value)).map_or_else(
            || Self::parse(&number.to_string()),
            |value| Some(Self::Exact(value)),
        )
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

/// The decimal of at most 15 digits, up to four of them behind the point, that is written as this number: money, mostly.
/// No other decimal that short reads as the same number, so it is the one that JSON shows.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the bound is far within the whole numbers of both types"
)]
fn short_decimal(number: f64) -> Option<Decimal> {
    const BOUND: f64 = 1e15;
    [(1u32, 1e1), (2, 1e2), (3, 1e3), (4, 1e4)]
        .into_iter()
        .find_map(|(scale, power)| {
            let digits = (number * power).round();
            // The division of two whole numbers that are held exactly is rounded as reading the decimal is.
            let same =
                digits.abs() < BOUND && digits != 0.0 && (digits / power).to_bits() == number.to_bits();
            same.then(|| Decimal::new(digits as i64, scale))
        })
}

/// The decimal that a binary number is meant to be where adding left noise in its last digits: 55318.84 of
/// 55318.840000000004. `None` where its digits may all be meant.
pub(super) fn without_noise(number: f64) -> Option<Decimal> {
    /// Digits that a 64-bit float always holds.
    const SAFE_DIGITS: usize = 15;
    /// Digits that a number with noise behind them has at most.
    const MOST_MEANT: usize = 12;
    let digits = |text: &str| {
        let all = text.trim_start_matches(['-', '0', '.']);
        all.bytes().filter(u8::is_ascii_digit).count()
    };
    let written = number.to_string();
    if digits(&written) <= SAFE_DIGITS || !written.contains('.') {
        return None;
    }
    let rounded = Decimal::from_scientific(&format!("{number:.14e}"))
        .ok()?
        .normalize();
    (!rounded.is_zero() && digits(&rounded.to_string()) <= MOST_MEANT).then_some(rounded)
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

#[derive(Debug, Clone, PartialEq)]
pub struct ColumnTotals {
    pub column: String,
    /// Rows that have a value.
    pub values: u64,
    pub nulls: u64,
    /// What the values come to.
    pub summary: ColumnSummary,
}

/// What the values of a column come to.
#[derive(Debug, Clone, PartialEq)]
pub enum ColumnSummary {
    Numbers {
        /// Their sum, if they are such as can be added up.
        sum: Option<Amount>,
        /// Their mean, to 12 significant digits, if it means something.
        mean: Option<Amount>,
        min: Amount,
        max: Amount,
        /// Values of a numeric column that are no number; not part of the rest.
        unreadable: u64,
    },
    /// Text, booleans, ids and other things that only have names: how many different ones there are.
    Distinct(u64),
    /// Days, moments and times, compared as they are written.
    Span { first: String, last: String },
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
            let cells = table.rows.iter().filter_map(|row| row.get(at));
            let meaning = match column.meaning() {
                ColumnMeaning::Amount | ColumnMeaning::Score if table.only_names(at) => {
                    ColumnMeaning::Position
                }
                ColumnMeaning::Amount | ColumnMeaning::Score if table.mixes_currencies(at) => {
                    ColumnMeaning::Rate
                }
                meaning => meaning,
            };
            column_totals(column, meaning, cells)
        })
        .collect()
}

fn column_totals<'a>(
    column: &Column,
    meaning: ColumnMeaning,
    cells: impl Iterator<Item = &'a Cell> + Clone,
) -> ColumnTotals {
    let all = cells.clone().count() as u64;
    let present = cells.filter(|cell| **cell != Cell::Null);
    let values = present.clone().count() as u64;
    let summary = match meaning {
        _ if values == 0 => ColumnSummary::Nothing,
        ColumnMeaning::Time => span(present),
        ColumnMeaning::Unknown => ColumnSummary::Nothing,
        meaning if meaning.measures() => numbers(present, meaning),
        _ => ColumnSummary::Distinct(distinct(present)),
    };
    ColumnTotals {
        column: column.name.clone(),
        values,
        nulls: all - values,
        summary,
    }
}

/// How many different values there are, as they are shown: the text `1` and the number 1 are one.
fn distinct<'a>(cells: impl Iterator<Item = &'a Cell> + Clone) -> u64 {
    let mut texts: HashSet<&str, RandomState> = HashSet::default();
    let mut numbers: HashSet<&Number, RandomState> = HashSet::default();
    let mut truths: HashSet<bool, RandomState> = HashSet::default();
    for cell in cells {
        match cell {
            Cell::Text(text) => drop(texts.insert(text)),
            Cell::Number(number) => drop(numbers.insert(number)),
            Cell::Bool(truth) => drop(truths.insert(*truth)),
            Cell::Null => {}
        }
    }
    let also_text = |shown: String| !texts.is_empty() && texts.contains(shown.as_str());
    let numbers = numbers.iter().filter(|number| !also_text(number.to_string()));
    let truths = truths.iter().filter(|truth| !also_text(truth.to_string()));
    (texts.len() + numbers.count() + truths.count()) as u64
}

fn span<'a>(cells: impl Iterator<Item = &'a Cell>) -> ColumnSummary {
    let written = |cell: &'a Cell| match cell {
        Cell::Text(text) => Cow::Borrowed(text.as_ref()),
        other => Cow::Owned(encode_cell(other)),
    };
    let mut ends: Option<(Cow<'_, str>, Cow<'_, str>)> = None;
    for text in cells.map(written) {
        ends = Some(match ends {
            None => (text.clone(), text),
            Some((first, last)) if text < first => (text, last),
            Some((first, last)) if text > last => (first, text),
            Some(ends) => ends,
        });
    }
    ends.map_or(ColumnSummary::Nothing, |(first, last)| ColumnSummary::Span {
        first: first.into_owned(),
        last: last.into_owned(),
    })
}

impl Cell {
    /// The number in it: a number, or text that reads as one.
    pub fn amount(&self) -> Option<Amount> {
        match self {
            Self::Number(number) => Amount::of_number(number),
            Self::Text(text) => Amount::parse(text),
            Self::Null | Self::Bool(_) => None,
        }
    }
}

fn numbers<'a>(cells: impl Iterator<Item = &'a Cell> + Clone, meaning: ColumnMeaning) -> ColumnSummary {
    let mut ends: Option<(Amount, Amount)> = None;
    let mut exact = Some(Decimal::ZERO);
    let (mut readable, mut unreadable) = (0usize, 0u64);
    for cell in cells.clone() {
        let Some(value) = cell.amount() else {
            unreadable += 1;
            continue;
        };
        readable += 1;
        exact = add_exactly(exact, value);
        ends = Some(match ends {
            None => (value, value),
            Some((min, max)) => (
                if value.less_than(min) { value } else { min },
                if max.less_than(value) { value } else { max },
            ),
        });
    }
    let Some((min, max)) = ends else {
        return ColumnSummary::Nothing;
    };
    let approximate = || Amount::Approximate(cells.filter_map(Cell::amount).map(Amount::as_f64).sum());
    let total = exact.map_or_else(approximate, Amount::Exact);
    ColumnSummary::Numbers {
        sum: meaning.adds_up().then_some(total),
        mean: meaning.has_mean().then(|| mean(total, readable)),
        min,
        max,
        unreadable,
    }
}

/// A sum of figures; `None` as soon as decimals of 28 digits do not hold it. An addition that has to drop digits is not
/// exact, even where it does not overflow.
fn add_exactly(total: Option<Decimal>, value: Amount) -> Option<Decimal> {
    let (Some(total), Amount::Exact(value)) = (total, value) else {
        return None;
    };
    total
        .checked_add(value)
        .filter(|sum| sum.scale() >= total.scale().max(value.scale()))
}

/// The sum of figures: exact, or else as binary floating point has it.
pub(super) fn sum(amounts: impl Iterator<Item = Amount> + Clone) -> Amount {
    match amounts.clone().fold(Some(Decimal::ZERO), add_exactly) {
        Some(total) => Amount::Exact(total),
        None => Amount::Approximate(amounts.map(Amount::as_f64).sum()),
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

impl ColumnTotals {
    /// Whether they say something of the rows: not where each row has a value of its own that only names it.
    pub(super) fn tell_something(&self) -> bool {
        let names = matches!(self.summary, ColumnSummary::Distinct(count) if count == self.values);
        let nothing = self.summary == ColumnSummary::Nothing;
        self.nulls > 0 || !(names || nothing)
    }
}

/// What is there to be told, in one line. Values and nulls are counted only where some are missing.
impl fmt::Display for ColumnTotals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<String> = Vec::new();
        match &self.summary {
            ColumnSummary::Numbers {
                sum,
                mean,
                min,
                max,
                unreadable,
            } => {
                parts.extend(sum.map(|sum| format!("sum {sum}")));
                parts.extend(mean.map(|mean| match mean {
                    Amount::Exact(mean) => format!("mean {}", for_reading(mean)),
                    other @ Amount::Approximate(_) => format!("mean {other}"),
                }));
                parts.push(format!("min {min}"));
                parts.push(format!("max {max}"));
                if *unreadable > 0 {
                    parts.push(format!("not numbers {unreadable}"));
                }
            }
            ColumnSummary::Distinct(count) => parts.push(format!("distinct {count}")),
            ColumnSummary::Span { first, last } => {
                parts.push(format!("first {}", clean_line(first, 40)));
                parts.push(format!("last {}", clean_line(last, 40)));
            }
            ColumnSummary::Nothing => {}
        }
        if self.nulls > 0 {
            parts.push(format!("values {}, nulls {}", self.values, self.nulls));
        }
        f.write_str(&parts.join(", "))
    }
}
