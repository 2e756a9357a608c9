//! Columns that are computed from others, row by row.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, Unit};
use rust_decimal::Decimal;

use super::frame::DerivationFrame;
use super::moment::WrittenTime;
use super::number::{decimal_cell, decimals, quotient};
use super::{DeriveError, Granularity};
use crate::result::{Cell, ColumnKind};

/// A value of each row. Where a part of it has no value, neither has the whole; nor has a division by zero.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    Column(usize),
    /// The same number in each row.
    Number(Decimal),
    /// The same day in each row, such as the day on which an age is asked for.
    Day(Date),
    /// Two numbers, added, subtracted, multiplied or divided; a quotient to 12 significant digits.
    Arithmetic(ArithmeticOperator, Box<Expression>, Box<Expression>),
    /// How much time lies between two times: negative when the second is the earlier.
    Elapsed {
        unit: ElapsedUnit,
        from: Box<Expression>,
        to: Box<Expression>,
    },
    /// The moment, in UTC, that a number of seconds or milliseconds since the beginning of 1970 is.
    FromEpoch(EpochUnit, Box<Expression>),
    /// A day of a year and month that stand apart: the first of the month when no day is given.
    FromParts {
        year: Box<Expression>,
        /// The month, 1 to 12.
        month: Box<Expression>,
        /// The day of the month.
        day: Option<Box<Expression>>,
    },
    /// The beginning of the stretch of time that a time falls into.
    TimeBucket(Granularity, Box<Expression>),
    /// The lower end of the stretch of numbers of this width, counted from 0, that a number falls into.
    NumberBucket {
        of: Box<Expression>,
        /// The width, above 0.
        width: Decimal,
    },
    /// How many characters a column's text has.
    TextLength(usize),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
}

/// In what time is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ElapsedUnit {
    /// Hours and parts of them.
    Hours,
    /// Days of 24 hours: whole ones between days, with parts between moments.
    Days,
    /// Whole months, as the calendar counts them: from the 31st of January to the 29th of February is none.
    Months,
    /// Whole years, as ages are counted.
    Years,
}

/// In what moments are counted from the beginning of 1970 on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum EpochUnit {
    Seconds,
    Milliseconds,
}

/// A value of each row.
enum ExpressionValues {
    Numbers(Vec<Option<Decimal>>),
    /// Days or moments as they are written.
    Times(ColumnKind, Vec<Option<String>>),
}

impl Expression {
    /// The type of its values, and its value for each row as they stand.
    pub(super) fn evaluate(
        &self,
        frame: &DerivationFrame<'_>,
    ) -> Result<(ColumnKind, Vec<Cell>), DeriveError> {
        if let Self::Column(at) = self {
            return Ok((frame.column(*at)?.kind, frame.values(*at).cloned().collect()));
        }
        Ok(match self.values(frame)? {
            ExpressionValues::Numbers(numbers) => {
                let whole = numbers.iter().flatten().all(Decimal::is_integer);
                let kind = if whole && !self.divides() {
                    ColumnKind::Integer
                } else {
                    ColumnKind::Number
                };
                let cell = |number: Option<Decimal>| number.map_or(Cell::Null, decimal_cell);
                (kind, numbers.into_iter().map(cell).collect())
            }
            ExpressionValues::Times(kind, times) => {
                let cell = |time: Option<String>| time.map_or(Cell::Null, Cell::text);
                (kind, times.into_iter().map(cell).collect())
            }
        })
    }

    /// The columns it takes values from.
    pub(super) fn columns(&self) -> Vec<usize> {
        match self {
            Self::Column(at) | Self::TextLength(at) => vec![*at],
            Self::Number(_) | Self::Day(_) => Vec::new(),
            Self::Arithmetic(_, one, other)
            | Self::Elapsed {
                from: one, to: other, ..
            } => [one.columns(), other.columns()].concat(),
            Self::FromEpoch(_, of) | Self::TimeBucket(_, of) | Self::NumberBucket { of, .. } => of.columns(),
            Self::FromParts { year, month, day } => {
                let day = day.as_ref().map(|day| day.columns()).unwrap_or_default();
                [year.columns(), month.columns(), day].concat()
            }
        }
    }

    /// The unit of time that its values begin, where they are beginnings of such.
    pub(super) fn unit(&self) -> Option<String> {
        match self {
            Self::TimeBucket(granularity, _) => Some(granularity.word().to_owned()),
            _ => None,
        }
    }

    /// Whether its values are not whole numbers by their nature, even where they all happen to be.
    fn divides(&self) -> bool {
        match self {
            Self::Arithmetic(operator, one, other) => {
                *operator == ArithmeticOperator::Divide || one.divides() || other.divides()
            }
            Self::Elapsed { unit, .. } => *unit == ElapsedUnit::Hours,
            _ => false,
        }
    }

    fn values(&self, frame: &DerivationFrame<'_>) -> Result<ExpressionValues, DeriveError> {
        frame.stop().look()?;
        let rows = frame.rows.len();
        Ok(match self {
            Self::Column(_)
            | Self::Arithmetic(..)
            | Self::Number(_)
            | Self::NumberBucket { .. }
            | Self::TextLength(_)
            | Self::Elapsed { .. } => ExpressionValues::Numbers(self.numbers(frame)?),
            Self::Day(day) => ExpressionValues::Times(ColumnKind::Date, vec![Some(day.to_string()); rows]),
            Self::FromEpoch(unit, of) => {
                let moments = of.numbers(frame)?.into_iter();
                let moments = moments.map(|number| number.map(|number| unit.moment(number)).transpose());
                ExpressionValues::Times(ColumnKind::Datetime, moments.collect::<Result<_, _>>()?)
            }
            Self::FromParts { year, month, day } => {
                let days = match day {
                    Some(day) => day.numbers(frame)?,
                    None => vec![Some(Decimal::ONE); rows],
                };
                let dates = year
                    .numbers(frame)?
                    .into_iter()
                    .zip(month.numbers(frame)?)
                    .zip(days);
                let dates = dates.map(|((year, month), day)| match (year, month, day) {
                    (Some(year), Some(month), Some(day)) => date(year, month, day).map(Some),
                    _ => Ok(None),
                });
                ExpressionValues::Times(ColumnKind::Date, dates.collect::<Result<_, _>>()?)
            }
            Self::TimeBucket(granularity, of) => {
                let kind = granularity.kind();
                let starts = of.moments(frame)?.into_iter();
                ExpressionValues::Times(kind, starts.map(|moment| granularity.start_of(moment?)).collect())
            }
        })
    }

    fn numbers(&self, frame: &DerivationFrame<'_>) -> Result<Vec<Option<Decimal>>, DeriveError> {
        let rows = frame.rows.len();
        match self {
            Self::Column(at) => decimals(frame.column(*at)?, frame.values(*at)),
            Self::Number(number) => Ok(vec![Some(*number); rows]),
            Self::TextLength(at) => {
                let length = |cell: &Cell| match cell {
                    Cell::Text(text) => Some(Decimal::from(text.chars().count())),
                    _ => None,
                };
                frame.column(*at)?;
                Ok(frame.values(*at).map(length).collect())
            }
            Self::Arithmetic(operator, one, other) => {
                let pairs = one.numbers(frame)?.into_iter().zip(other.numbers(frame)?);
                pairs
                    .map(|pair| match pair {
                        (Some(one), Some(other)) => operator.apply(one, other),
                        _ => Ok(None),
                    })
                    .collect()
            }
            Self::NumberBucket { of, width } => {
                if *width <= Decimal::ZERO {
                    return Err(DeriveError::NoWidth);
                }
                let bucket = |number: Decimal| {
                    let start = number.checked_div(*width)?.floor().checked_mul(*width)?;
                    // A quotient that was rounded up to the next whole number would miss its bucket.
                    Some(if start > number { start - *width } else { start })
                };
                let numbers = of.numbers(frame)?.into_iter();
                numbers
                    .map(|number| {
                        number
                            .map(|number| bucket(number).ok_or(DeriveError::TooLarge))
                            .transpose()
                    })
                    .collect()
            }
            Self::Elapsed { unit, from, to } => {
                let pairs = from.moments(frame)?.into_iter().zip(to.moments(frame)?);
                pairs
                    .map(|pair| match pair {
                        (Some(from), Some(to)) => {
                            unit.between(from, to).map(Some).ok_or(DeriveError::TooLarge)
                        }
                        _ => Ok(None),
                    })
                    .collect()
            }
            Self::Day(_) | Self::FromEpoch(..) | Self::FromParts { .. } | Self::TimeBucket(..) => {
                Err(DeriveError::TimesAsNumbers)
            }
        }
    }

    /// Its values as days or moments.
    fn moments(&self, frame: &DerivationFrame<'_>) -> Result<Vec<Option<WrittenTime>>, DeriveError> {
        if let Self::Column(at) = self {
            let mut count = 0usize;
            let moments = frame.values(*at).map(|cell| {
                let moment = match cell {
                    Cell::Text(text) => WrittenTime::read(text),
                    _ => None,
                };
                if moment.is_none() && *cell != Cell::Null {
                    count += 1;
                }
                moment
            });
            let moments = moments.collect();
            if count > 0 {
                let column = frame.column(*at)?.name.clone();
                return Err(DeriveError::NotTimes { column, count });
            }
            frame.column(*at)?;
            return Ok(moments);
        }
        match self.values(frame)? {
            ExpressionValues::Times(_, times) => {
                let read = |time: Option<String>| time.and_then(|time| WrittenTime::read(&time));
                Ok(times.into_iter().map(read).collect())
            }
            ExpressionValues::Numbers(_) => Err(DeriveError::NumbersAsTimes),
        }
    }
}

impl ArithmeticOperator {
    fn apply(self, one: Decimal, other: Decimal) -> Result<Option<Decimal>, DeriveError> {
        let exact = match self {
            Self::Divide if other.is_zero() => return Ok(None),
            Self::Divide => quotient(one, other),
            Self::Add => one
                .checked_add(other)
                .filter(|sum| keeps_digits(*sum, one, other)),
            Self::Subtract => one
                .checked_sub(other)
                .filter(|sum| keeps_digits(*sum, one, other)),
            Self::Multiply => product(one.normalize(), other.normalize()),
        };
        exact.map(Some).ok_or(DeriveError::TooLarge)
    }
}

/// The product, unless it had to be rounded: then it has fewer digits behind the point than both factors together.
fn product(one: Decimal, other: Decimal) -> Option<Decimal> {
    one.checked_mul(other)
        .filter(|product| product.is_zero() || product.scale() >= one.scale() + other.scale())
}

/// Whether a sum has all the digits that its parts have behind the point.
fn keeps_digits(sum: Decimal, one: Decimal, other: Decimal) -> bool {
    sum.scale() >= one.scale().max(other.scale())
}

impl ElapsedUnit {
    fn between(self, from: WrittenTime, to: WrittenTime) -> Option<Decimal> {
        let calendar = |unit: Unit| {
            let (from, to) = if from.is_day || to.is_day {
                (DateTime::from(from.civil.date()), DateTime::from(to.civil.date()))
            } else {
                (from.civil, to.civil)
            };
            let span = from.until((unit, to)).ok()?;
            Some(match unit {
                Unit::Year => i64::from(span.get_years()),
                Unit::Month => i64::from(span.get_months()),
                _ => i64::from(span.get_days()),
            })
        };
        let elapsed = |of: i64| {
            let nanos = i64::try_from(from.nanos_until(to)?).ok()?;
            quotient(
                Decimal::from(nanos),
                Decimal::from(of).checked_mul(Decimal::from(1_000_000_000i64))?,
            )
        };
        match self {
            Self::Years => calendar(Unit::Year).map(Decimal::from),
            Self::Months => calendar(Unit::Month).map(Decimal::from),
            Self::Days if from.is_day || to.is_day => calendar(Unit::Day).map(Decimal::from),
            Self::Days => elapsed(24 * 3600),
            Self::Hours => elapsed(3600),
        }
    }
}

impl EpochUnit {
    fn moment(self, number: Decimal) -> Result<String, DeriveError> {
        let per_second = match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
        };
        let nanos = number
            .checked_mul(Decimal::from(1_000_000_000i64 / per_second))
            .and_then(|nanos| i128::try_from(nanos.round()).ok());
        let moment = nanos.and_then(|nanos| Timestamp::from_nanosecond(nanos).ok());
        moment
            .map(|moment| moment.to_string())
            .ok_or_else(|| DeriveError::NoSuchTime(number.normalize().to_string()))
    }
}

fn date(year: Decimal, month: Decimal, day: Decimal) -> Result<String, DeriveError> {
    let whole = |number: Decimal| number.is_integer().then_some(number);
    let found = whole(year)
        .and_then(|year| i16::try_from(year).ok())
        .zip(whole(month).and_then(|month| i8::try_from(month).ok()))
        .zip(whole(day).and_then(|day| i8::try_from(day).ok()))
        .and_then(|((year, month), day)| Date::new(year, month, day).ok());
    found.map(|date| date.to_string()).ok_or_else(|| {
        let parts = [year, month, day].map(|part| part.normalize().to_string());
        DeriveError::NoSuchTime(parts.join("-"))
    })
}
