//! Days of the week as servers count them: from the day that their weeks begin on, where a clause cannot say otherwise.
//! Questions count from Monday, so 1 for Monday becomes 2 where weeks begin on Sunday.

use serde_json::{Value, json};

use crate::result::WEEKDAYS;

/// The numbers of days on a server whose weeks begin on a certain day.
#[derive(Debug, Clone, Copy)]
pub(super) struct WeekdayNumbers {
    /// The day that weeks begin on, counted from Monday = 0.
    first_day: u64,
}

impl WeekdayNumbers {
    /// `week_starts_on` is a day's name, such as `sunday`.
    pub(super) fn new(week_starts_on: &str) -> Self {
        let mut days = WEEKDAYS.iter();
        let first = days.position(|day| day.eq_ignore_ascii_case(week_starts_on));
        Self {
            first_day: first.unwrap_or(WEEKDAYS.len() - 1) as u64,
        }
    }

    /// The number of a day that is counted from Monday; what is not a day stays what it is.
    pub(super) fn of(self, iso: &Value) -> Value {
        match iso.as_u64() {
            Some(iso @ 1..=7) => json!((iso - 1 + 7 - self.first_day) % 7 + 1),
            _ => iso.clone(),
        }
    }
}
