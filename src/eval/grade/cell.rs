//! What a cell is worth, whatever type it came as.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::Value;

/// A cell that can be compared with others of its column.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
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

/// The beginning of the period a cell names: `2025-03`, `2025-Q1`, the year 2025.
pub(super) fn period(value: &Value) -> Option<i128> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let (year, rest) = text.split_once('-').unwrap_or((&text, ""));
    let year: i16 = (year.len() == 4).then(|| year.parse().ok())??;
    if !(1900..=2200).contains(&year) {
        return None;
    }
    let month: i8 = match rest {
        "" | "Q1" => 1,
        "Q2" => 4,
        "Q3" => 7,
        "Q4" => 10,
        month if month.len() == 2 => month.parse().ok()?,
        _ => return None,
    };
    utc(Date::new(year, month, 1)
        .ok()?
        .to_datetime(jiff::civil::Time::midnight()))
}

fn utc(civil: DateTime) -> Option<i128> {
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_nanosecond())
}

/// The cell as a text.
pub(super) fn text(value: &Value) -> Key {
    match value {
        Value::Null => Key::Null,
        Value::String(text) => Key::Text(text.trim().to_owned()),
        other => match number(other).filter(|_| other.is_number()) {
            Some(number) => Key::Text(number.to_string()),
            None => Key::Text(other.to_string()),
        },
    }
}
