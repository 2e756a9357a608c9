use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

/// A day, moment or time of day as it is written, with its offset from UTC if it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WrittenTime {
    pub(super) civil: DateTime,
    offset_seconds: Option<i32>,
    /// Whether only a day is written.
    pub(super) is_day: bool,
}

const NANOS: i128 = 1_000_000_000;

impl WrittenTime {
    /// Reads `2024-05-31`, `2024-05-31T14:00:00.5+02:00` (a space will do for the `T`) or `14:00:00`.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (date, rest) = match text.split_once(['T', ' ']) {
            Some((date, rest)) => (day(date)?, Some(rest)),
            None if text.contains(':') => (Date::constant(1970, 1, 1), Some(text)),
            None => (day(text)?, None),
        };
        let Some(rest) = rest else {
            return Some(Self {
                civil: date.at(0, 0, 0, 0),
                offset_seconds: None,
                is_day: true,
            });
        };
        let at = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
        let (time, offset) = rest.split_at_checked(at)?;
        let time: Time = time.trim_end().parse().ok()?;
        Some(Self {
            civil: DateTime::from_parts(date, time),
            offset_seconds: read_offset(offset)?,
            is_day: false,
        })
    }

    /// Its place in time, in nanoseconds; what has no offset is taken as UTC.
    pub(super) fn instant(self) -> Option<i128> {
        let nanos = civil_nanos(self.civil)?;
        Some(nanos - i128::from(self.offset_seconds.unwrap_or(0)) * NANOS)
    }

    /// The time from this to the other, in nanoseconds: in time when both have an offset, as they are written otherwise.
    pub(super) fn nanos_until(self, other: Self) -> Option<i128> {
        if self.offset_seconds.is_some() && other.offset_seconds.is_some() {
            return Some(other.instant()? - self.instant()?);
        }
        Some(civil_nanos(other.civil)? - civil_nanos(self.civil)?)
    }

    /// Compares two: by day when one is only a day, in time when both have an offset, as they are written otherwise.
    pub(super) fn compare(self, other: Self) -> Option<std::cmp::Ordering> {
        if self.is_day || other.is_day {
            return Some(self.civil.date().cmp(&other.civil.date()));
        }
        if self.offset_seconds.is_some() && other.offset_seconds.is_some() {
            return Some(self.instant()?.cmp(&other.instant()?));
        }
        Some(self.civil.cmp(&other.civil))
    }
}

fn civil_nanos(civil: DateTime) -> Option<i128> {
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp().as_nanosecond())
}

fn day(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}

/// Seconds east of UTC; `Some(None)` where none is written.
#[expect(clippy::option_option, reason = "outside: readable; inside: written")]
fn read_offset(text: &str) -> Option<Option<i32>> {
    if text.is_empty() {
        return Some(None);
    }
    if text == "Z" {
        return Some(Some(0));
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = digits.split_at_checked(2)?;
    let hours: i32 = hours.parse().ok()?;
    let minutes: i32 = if minutes.is_empty() {
        0
    } else {
        minutes.parse().ok()?
    };
    (hours <= 18 && minutes < 60).then_some(Some(sign * (hours * 3600 + minutes * 60)))
}
