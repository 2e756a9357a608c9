use jiff::civil::{Date, DateTime};
use jiff::{Span, ToSpan};

/// A temporal bucket. Weeks start on Sunday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TemporalUnit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    SecondOfMinute,
    MinuteOfHour,
    HourOfDay,
    DayOfWeek,
    DayOfWeekIso,
    DayOfMonth,
    DayOfYear,
    WeekOfYear,
    WeekOfYearIso,
    MonthOfYear,
    QuarterOfYear,
    YearOfEra,
}

impl TemporalUnit {
    /// A bucket by its MBQL name; plural names are the same.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name.strip_suffix('s').unwrap_or(name) {
            "millisecond" => Self::Millisecond,
            "second" => Self::Second,
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            "second-of-minute" => Self::SecondOfMinute,
            "minute-of-hour" => Self::MinuteOfHour,
            "hour-of-day" => Self::HourOfDay,
            "day-of-week" => Self::DayOfWeek,
            "day-of-week-iso" => Self::DayOfWeekIso,
            "day-of-month" => Self::DayOfMonth,
            "day-of-year" => Self::DayOfYear,
            "week-of-year" => Self::WeekOfYear,
            "week-of-year-iso" => Self::WeekOfYearIso,
            "month-of-year" => Self::MonthOfYear,
            "quarter-of-year" => Self::QuarterOfYear,
            "year-of-era" => Self::YearOfEra,
            _ => return None,
        })
    }

    /// The name as people read it in a column's title, e.g. `Day of week`.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Millisecond => "Millisecond",
            Self::Second => "Second",
            Self::Minute => "Minute",
            Self::Hour => "Hour",
            Self::Day => "Day",
            Self::Week => "Week",
            Self::Month => "Month",
            Self::Quarter => "Quarter",
            Self::Year => "Year",
            Self::SecondOfMinute => "Second of minute",
            Self::MinuteOfHour => "Minute of hour",
            Self::HourOfDay => "Hour of day",
            Self::DayOfWeek => "Day of week",
            Self::DayOfWeekIso => "Day of week (ISO)",
            Self::DayOfMonth => "Day of month",
            Self::DayOfYear => "Day of year",
            Self::WeekOfYear => "Week of year",
            Self::WeekOfYearIso => "Week of year (ISO)",
            Self::MonthOfYear => "Month of year",
            Self::QuarterOfYear => "Quarter of year",
            Self::YearOfEra => "Year of era",
        }
    }

    /// Whether it gives a number (Monday, June) rather than the start of a period.
    pub(crate) fn extracts(self) -> bool {
        !self.is_coarse() && !self.is_fine()
    }

    /// A truncation that leaves no time of day.
    pub(crate) fn is_coarse(self) -> bool {
        matches!(
            self,
            Self::Day | Self::Week | Self::Month | Self::Quarter | Self::Year
        )
    }

    fn is_fine(self) -> bool {
        matches!(self, Self::Millisecond | Self::Second | Self::Minute | Self::Hour)
    }

    /// SQL for this bucket of a temporal expression. Truncations to a day or more give `YYYY-MM-DD`, finer ones
    /// `YYYY-MM-DD HH:MM:SS`, extractions integers.
    pub(crate) fn sql(self, x: &str) -> String {
        match self {
            Self::Millisecond => format!("strftime('%Y-%m-%d %H:%M:%f', {x})"),
            Self::Second => format!("strftime('%Y-%m-%d %H:%M:%S', {x})"),
            Self::Minute => format!("strftime('%Y-%m-%d %H:%M:00', {x})"),
            Self::Hour => format!("strftime('%Y-%m-%d %H:00:00', {x})"),
            Self::Day => format!("date({x})"),
            Self::Week => format!("date({x}, 'weekday 6', '-6 days')"),
            Self::Month => format!("date({x}, 'start of month')"),
            Self::Quarter => {
                format!("date({x}, 'start of month', '-' || ((strftime('%m', {x}) - 1) % 3) || ' months')")
            }
            Self::Year => format!("date({x}, 'start of year')"),
            Self::SecondOfMinute => format!("CAST(strftime('%S', {x}) AS INTEGER)"),
            Self::MinuteOfHour => format!("CAST(strftime('%M', {x}) AS INTEGER)"),
            Self::HourOfDay => format!("CAST(strftime('%H', {x}) AS INTEGER)"),
            Self::DayOfWeek => format!("(CAST(strftime('%w', {x}) AS INTEGER) + 1)"),
            Self::DayOfWeekIso => format!("((CAST(strftime('%w', {x}) AS INTEGER) + 6) % 7 + 1)"),
            Self::DayOfMonth => format!("CAST(strftime('%d', {x}) AS INTEGER)"),
            Self::DayOfYear => format!("CAST(strftime('%j', {x}) AS INTEGER)"),
            Self::WeekOfYear => {
                format!(
                    "((CAST(strftime('%j', {}) AS INTEGER) + 6) / 7)",
                    Self::Week.sql(x)
                )
            }
            // The week's Thursday decides which year it counts in.
            Self::WeekOfYearIso => {
                format!("((CAST(strftime('%j', date({x}, '-3 days', 'weekday 4')) AS INTEGER) - 1) / 7 + 1)")
            }
            Self::MonthOfYear => format!("CAST(strftime('%m', {x}) AS INTEGER)"),
            Self::QuarterOfYear => format!("((CAST(strftime('%m', {x}) AS INTEGER) + 2) / 3)"),
            Self::YearOfEra => format!("CAST(strftime('%Y', {x}) AS INTEGER)"),
        }
    }

    /// The start of the period that a moment lies in; extractions leave it as it is.
    pub(crate) fn start_of(self, at: DateTime) -> DateTime {
        let day = at.date();
        match self {
            Self::Second => at.with().subsec_nanosecond(0).build().unwrap_or(at),
            Self::Minute => day.at(at.hour(), at.minute(), 0, 0),
            Self::Hour => day.at(at.hour(), 0, 0, 0),
            Self::Day => midnight(day),
            Self::Week => {
                let since_sunday = i64::from(day.weekday().to_sunday_zero_offset());
                midnight(day.saturating_sub(since_sunday.days()))
            }
            Self::Month => midnight(day.first_of_month()),
            Self::Quarter => {
                let into_quarter = i64::from((day.month() - 1) % 3);
                midnight(day.first_of_month().saturating_sub(into_quarter.months()))
            }
            Self::Year => midnight(day.first_of_year()),
            _ => at,
        }
    }

    /// A moment `n` of these later (earlier when negative); the ends of time are where it stops.
    pub(crate) fn add(self, at: DateTime, n: i64) -> DateTime {
        let span = match self {
            Self::Second => Span::new().try_seconds(n),
            Self::Minute => Span::new().try_minutes(n),
            Self::Hour => Span::new().try_hours(n),
            Self::Week => Span::new().try_weeks(n),
            Self::Month => Span::new().try_months(n),
            Self::Quarter => Span::new().try_months(n.saturating_mul(3)),
            Self::Year => Span::new().try_years(n),
            _ => Span::new().try_days(n),
        };
        let end = if n < 0 { DateTime::MIN } else { DateTime::MAX };
        span.map_or(end, |span| at.saturating_add(span))
    }
}

pub(crate) fn midnight(day: Date) -> DateTime {
    day.at(0, 0, 0, 0)
}
