/// How finely time is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SqlGrain {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl SqlGrain {
    pub(crate) const ALL: [Self; 8] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// By its name, in any case.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|grain| grain.name().eq_ignore_ascii_case(name))
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    /// SQL for the beginning of the period that a moment is in, as text with a time of day. Weeks begin on Mondays.
    pub(crate) fn truncated(self, sql: &str) -> String {
        match self {
            Self::Second => format!("strftime('%Y-%m-%d %H:%M:%S', {sql})"),
            Self::Minute => format!("strftime('%Y-%m-%d %H:%M:00', {sql})"),
            Self::Hour => format!("strftime('%Y-%m-%d %H:00:00', {sql})"),
            Self::Day => format!("datetime({sql}, 'start of day')"),
            Self::Week => format!("datetime({sql}, 'start of day', '-6 days', 'weekday 1')"),
            Self::Month => format!("datetime({sql}, 'start of month')"),
            Self::Quarter => format!(
                "datetime({sql}, 'start of month', '-' || ((strftime('%m', {sql}) - 1) % 3) || ' months')"
            ),
            Self::Year => format!("datetime({sql}, 'start of year')"),
        }
    }

    /// SQL for a moment so many periods before another. A day that a month does not have becomes its last one.
    pub(crate) fn before(self, sql: &str, count: u32) -> String {
        match self {
            Self::Second => format!("datetime({sql}, '-{count} seconds')"),
            Self::Minute => format!("datetime({sql}, '-{count} minutes')"),
            Self::Hour => format!("datetime({sql}, '-{count} hours')"),
            Self::Day => format!("datetime({sql}, '-{count} days')"),
            Self::Week => format!("datetime({sql}, '-{} days')", count * 7),
            Self::Month => format!("datetime({sql}, '-{count} months', 'floor')"),
            Self::Quarter => format!("datetime({sql}, '-{} months', 'floor')", count * 3),
            Self::Year => format!("datetime({sql}, '-{count} years', 'floor')"),
        }
    }
}
