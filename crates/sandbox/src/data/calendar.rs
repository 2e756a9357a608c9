use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::random::SeededRandom;

/// The first day with orders.
const FIRST: Date = date(2022, 1, 1);
/// The last day; `today` in the model file.
pub(super) const LAST: Date = date(2026, 6, 30);

/// How much a month buys, in percent of an ordinary one: quiet after New Year and in summer, busy before Christmas.
const MONTHS: [i64; 12] = [84, 86, 95, 97, 101, 98, 89, 91, 100, 107, 138, 159];
/// How much a day buys, Sunday first.
const WEEKDAYS: [i64; 7] = [88, 112, 106, 103, 101, 99, 79];
/// How much an hour buys, midnight first.
const HOURS: [i64; 24] = [
    9, 5, 3, 2, 2, 4, 9, 18, 30, 42, 48, 50, 52, 47, 45, 44, 46, 52, 60, 68, 70, 58, 36, 18,
];

/// The shop's days with how busy each is.
#[derive(Debug)]
pub(super) struct OrderCalendar {
    /// Each day with its weight.
    days: Vec<(Date, i64)>,
}

impl OrderCalendar {
    pub(super) fn new() -> Self {
        let mut days = Vec::new();
        let mut day = FIRST;
        let mut since = 0_i64;
        while day <= LAST {
            let pick = |list: &[i64], at: i8| {
                usize::try_from(at)
                    .ok()
                    .and_then(|at| list.get(at))
                    .copied()
                    .unwrap_or(100)
            };
            let month = pick(&MONTHS, day.month() - 1);
            let weekday = pick(&WEEKDAYS, day.weekday().to_sunday_zero_offset());
            // Three times the business over the four and a half years.
            let growth = 1000 + since * 2000 / 1642;
            days.push((day, growth * month * weekday / 10_000));
            day = day.saturating_add(1.day());
            since += 1;
        }
        Self { days }
    }

    /// Spreads about `count` events over the days, in order; fractions carry over, so the sum is nearly exact.
    pub(super) fn spread(&self, count: i64, chance: &mut SeededRandom) -> Vec<Date> {
        let total: i64 = self.days.iter().map(|(_, weight)| weight).sum();
        let mut carried = 0;
        let mut events = Vec::new();
        for (day, weight) in &self.days {
            // No two Mondays are the same.
            let weight = weight * chance.between(82, 118) / 100;
            carried += weight * count;
            let here = carried / total.max(1);
            carried -= here * total;
            events.extend((0..here).map(|_| *day));
        }
        events
    }
}

/// A time of day as the database stores it, more often in the evening than at night.
pub(super) fn time_of_day(chance: &mut SeededRandom) -> (i64, i64, i64) {
    let total: i64 = HOURS.iter().sum();
    let mut left = chance.between(1, total);
    let hour = HOURS.iter().position(|weight| {
        left -= weight;
        left <= 0
    });
    let hour = hour.and_then(|hour| i64::try_from(hour).ok()).unwrap_or(12);
    (hour, chance.between(0, 59), chance.between(0, 59))
}

pub(super) fn stamp(day: Date, (hour, minute, second): (i64, i64, i64)) -> String {
    format!("{day} {hour:02}:{minute:02}:{second:02}")
}

/// The days' moments in order: same-day events are sorted by time.
pub(super) fn stamps(days: &[Date], chance: &mut SeededRandom) -> Vec<String> {
    let mut stamps: Vec<String> = days.iter().map(|day| stamp(*day, time_of_day(chance))).collect();
    stamps.sort();
    stamps
}

/// A day some days later, or earlier when negative.
pub(super) fn shift(day: Date, days: i64) -> Date {
    day.saturating_add(days.days())
}
