use axum::http::StatusCode;
use serde_json::Value;

use crate::error::ApiError;

/// Numbers below this are neither a year nor a moment.
const SMALLEST_YEAR: i64 = 100;

/// What a temporal column is cut down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TemporalBucket {
    /// The start of a period, e.g. `month`.
    Truncating(&'static str),
    /// A number, e.g. `month-of-year`, with its range where it has one.
    Extracting(&'static str, Option<(i64, i64)>),
}

/// Every bucket by its name.
pub(super) const BUCKETS: [(&str, TemporalBucket); 19] = [
    ("millisecond", TemporalBucket::Truncating("millisecond")),
    ("second", TemporalBucket::Truncating("second")),
    ("minute", TemporalBucket::Truncating("minute")),
    ("hour", TemporalBucket::Truncating("hour")),
    ("day", TemporalBucket::Truncating("day")),
    ("week", TemporalBucket::Truncating("week")),
    ("month", TemporalBucket::Truncating("month")),
    ("quarter", TemporalBucket::Truncating("quarter")),
    ("year", TemporalBucket::Truncating("year")),
    (
        "second-of-minute",
        TemporalBucket::Extracting("second-of-minute", Some((0, 59))),
    ),
    (
        "minute-of-hour",
        TemporalBucket::Extracting("minute-of-hour", Some((0, 59))),
    ),
    (
        "hour-of-day",
        TemporalBucket::Extracting("hour-of-day", Some((0, 23))),
    ),
    (
        "day-of-week",
        TemporalBucket::Extracting("day-of-week", Some((1, 7))),
    ),
    (
        "day-of-month",
        TemporalBucket::Extracting("day-of-month", Some((1, 31))),
    ),
    (
        "day-of-year",
        TemporalBucket::Extracting("day-of-year", Some((1, 366))),
    ),
    (
        "week-of-year",
        TemporalBucket::Extracting("week-of-year", Some((1, 53))),
    ),
    (
        "month-of-year",
        TemporalBucket::Extracting("month-of-year", Some((1, 12))),
    ),
    (
        "quarter-of-year",
        TemporalBucket::Extracting("quarter-of-year", Some((1, 4))),
    ),
    ("year-of-era", TemporalBucket::Extracting("year-of-era", None)),
];

/// What results can be grouped by.
pub(super) const GRANULARITIES: [(&str, &str); 8] = [
    ("minute", "minute"),
    ("hour", "hour"),
    ("day", "day"),
    ("week", "week"),
    ("month", "month"),
    ("quarter", "quarter"),
    ("year", "year"),
    ("day-of-week", "day-of-week"),
];

impl TemporalBucket {
    /// The unit's name in a query.
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Truncating(unit) | Self::Extracting(unit, _) => unit,
        }
    }
}

/// Refuses numbers that cannot be meant: a thirteenth month, a truncated date of 3.
pub(super) fn check(bucket: Option<TemporalBucket>, value: &Value) -> Result<(), ApiError> {
    let Some(number) = value.as_i64() else {
        return Ok(());
    };
    match bucket {
        Some(TemporalBucket::Extracting(unit, Some((least, most)))) => in_range(unit, number, least, most),
        Some(TemporalBucket::Truncating(unit)) if number < SMALLEST_YEAR => Err(bad(format!(
            "Invalid value {number} for bucket {unit}: expected a date or datetime string, not a small number"
        ))),
        None if number < SMALLEST_YEAR => Err(bad(format!(
            "Invalid temporal value {number}: expected a date or datetime string; use a bucket to compare a part of it"
        ))),
        _ => Ok(()),
    }
}

/// Refuses a number that a part of a date or time cannot have.
pub(super) fn in_range(part: &str, number: i64, least: i64, most: i64) -> Result<(), ApiError> {
    if (least..=most).contains(&number) {
        return Ok(());
    }
    Err(bad(format!(
        "Invalid {part} value {number}: must be between {least} and {most}"
    )))
}

fn bad(message: String) -> ApiError {
    ApiError::text(StatusCode::BAD_REQUEST, message)
}
