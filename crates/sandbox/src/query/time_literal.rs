use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use super::unit::midnight;

/// A literal point in time as queries write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TimeLiteral {
    /// In UTC.
    pub(crate) at: DateTime,
    /// Whether only a day was written.
    pub(crate) whole_day: bool,
}

impl TimeLiteral {
    /// `2024-05-01`, `2024-05-01T10:00`, `2024-05-01 10:00:00.5`, with or without an offset.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() == 10 {
            let day: Date = text.parse().ok()?;
            return Some(Self {
                at: midnight(day),
                whole_day: true,
            });
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Some(Self {
                at: instant.to_zoned(TimeZone::UTC).datetime(),
                whole_day: false,
            });
        }
        text.parse::<DateTime>()
            .ok()
            .filter(|_| text.len() > 10)
            .map(|at| Self { at, whole_day: false })
    }

    /// As `date(x)` gives it.
    pub(crate) fn day_text(self) -> String {
        self.at.strftime("%Y-%m-%d").to_string()
    }

    /// As `strftime('%Y-%m-%d %H:%M:%S', x)` gives it.
    pub(crate) fn second_text(self) -> String {
        self.at.strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// As `strftime('%Y-%m-%d %H:%M:%f', x)` gives it.
    pub(crate) fn millisecond_text(self) -> String {
        self.at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()
    }
}
