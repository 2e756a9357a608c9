use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::Allowance;

/// What a principal may use in a day, over all processes. Without a limit nothing is counted and no file is touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySettings {
    /// Most tokens, money and queries of one principal from midnight to midnight.
    pub allowance: Allowance,
    /// Whose midnight ends the day.
    pub time_zone: TimeZone,
    /// Where the count is kept; `None` when the system names no place for it.
    pub dir: Option<PathBuf>,
}

impl Default for DaySettings {
    fn default() -> Self {
        Self {
            allowance: Allowance::default(),
            time_zone: TimeZone::UTC,
            dir: None,
        }
    }
}
