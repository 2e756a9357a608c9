//! What a cell is worth, whatever type it came as.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

use crate::text::month;

/// A cell that can be compared with others of its column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CellKey {
    Null,
    Number(Decimal),
    /// Nanoseconds since 1970, UTC.
    Moment(i128),
    Text(String),
}

/// The number a cell is: a number, a boolean as 0 or 1, a text that is nothing but a number.
pub(super) fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(number) => decimal(&number.to_string()),
        Value::Bool(flag) => Some(Decimal::from(u8::from(*flag))),
        Value::String(text) => match text.trim() {
            "true" | "True" | "TRUE" => Some(Decimal::ONE),
            "false" | "False" | "FALSE" => Some(Decimal::ZERO),
            text => decimal(text),
        },
        _ => None,
    }
}

/// What a word in a column of true and false says.
pub(super) fn flag(value: &Value) -> Option<Value> {
    let word = value.as_str()?.trim().to_lowercase();
    match word.as_str() {
        "t" | "true" | "y" | "yes" => Some(Value::Bool(true)),
        "f" | "false" | "n" | "no" => Some(Value::Bool(false)),
        _ => None,
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    if !starts || text.contains('_') {
        return None;
    }
    let text = text.strip_prefix('+').unwrap_or(text);
    let number = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()?
    } else {
        Decimal::from_str_exact(text).ok().or_else(|| text.parse().ok())?
    };
    Some(number.normalize())
}

/// Whether a text is a code made of digits rather than a number: `007`.
pub(super) fn is_code(value: &Value) -> bool {
    let Value::String(text) = value else {
        return false;
    };
    let mut chars = text.trim().chars();
    chars.next() == Some('0') && chars.next().is_some_and(|c| c.is_ascii_digit())
}

/// The moment a cell says: a date, or a date with a time, which is in UTC unless it says otherwise.
pub(super) fn moment(value: &Value) -> Option<i128> {
    let text = value.as_str()?.trim();
    // The library also reads dates without hyphens, which here are numbers.
    let shaped = text.len() >= 10 && text.get(4..5) == Some("-") && text.get(7..8) == Some("-");
    if !shaped {
        return None;
    }
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(instant.as_nanosecond());
    }
    let civil = text.parse::<DateTime>().ok()?;
    utc(civil)
}

/// The day or the beginning of the period a cell names as people write it: `2025-03`, `2025-Q1`, `Q1 2025`, `March 2025`,
/// `Mar 5, 2025`, the year 2025.
pub(super) fn period(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let words: Vec<&str> = text
        .split(['-', ' ', ',', '.'])
        .filter(|word| !word.is_empty())
        .collect();
    let (year, month, day) = match words.as_slice() {
        [year] => (year, 1, 1),
        [year, month] if is_year(year) => (year, numbered(month).or_else(|| named(month))?, 1),
        [month, year] => (year, named(month)?, 1),
        [first, second, year] => match named(first) {
            Some(month) => (year, month, second.parse().ok()?),
            None => (year, named(second)?, first.parse().ok()?),
        },
        _ => return None,
    };
    let year: i16 = is_year(year).then(|| year.parse().ok())??;
    if !(1900..=2200).contains(&year) {
        return None;
    }
    utc(Date::new(year, month, day)
        .ok()?
        .to_datetime(jiff::civil::Time::midnight()))
}

/// Whether a cell names a period in a way that a number does not: `2025-Q1`, `March 2025`.
pub(super) fn is_period(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.trim().len() > 4) && period(value).is_some()
}

/// The year that all cells of a column are of.
pub(super) fn only_year(column: &[&Value]) -> Option<i16> {
    let year = |value: &&&Value| {
        let moment = moment(value).or_else(|| period(value))?;
        let instant = Timestamp::from_nanosecond(moment).ok()?;
        Some(instant.to_zoned(TimeZone::UTC).year())
    };
    let mut years = column
        .iter()
        .filter(|value| !value.is_null())
        .map(|value| year(&value));
    let first = years.next()??;
    years.all(|year| year == Some(first)).then_some(first)
}

/// The beginning of a quarter or month of a year, by its name alone: `Q1`, `March`.
pub(super) fn part_of(value: &Value, year: i16) -> Option<i128> {
    let month = named(value.as_str()?.trim())?;
    let day = Date::new(year, month, 1).ok()?;
    utc(day.to_datetime(jiff::civil::Time::midnight()))
}

fn is_year(word: &str) -> bool {
    word.len() == 4 && word.chars().all(|c| c.is_ascii_digit())
}

/// `03`.
fn numbered(word: &str) -> Option<i8> {
    (word.len() == 2).then(|| word.parse().ok())?
}

/// The first month of `Q2`, or a month by its English name or the first three letters of it.
fn named(word: &str) -> Option<i8> {
    let word = word.to_lowercase();
    if let Some(quarter) = word.strip_prefix('q') {
        let quarter: i8 = quarter.parse().ok()?;
        return (1..=4).contains(&quarter).then(|| quarter * 3 - 2);
    }
    month(&word)
}

fn utc(civil: DateTime) -> Option<i128> {
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_nanosecond())
}

pub(super) fn text(value: &Value) -> CellKey {
    match value {
        Value::Null => CellKey::Null,
        Value::String(text) => CellKey::Text(text.trim().to_owned()),
        other => match number(other).filter(|_| other.is_number()) {
            Some(number) => CellKey::Text(number.to_string()),
            None => CellKey::Text(other.to_string()),
        },
    }
}
