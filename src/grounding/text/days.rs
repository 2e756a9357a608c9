//! Days, and the texts of data that name them: `2026-03-05`, `Q1 2026`, `FY2025`.

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::calendar::{code, fiscal_year, month};
use super::period::{Days, PartialDate, PeriodPart, TextPeriod};

/// The days of `2026`, `2026-03`, `2026-Q1`, `Q1-2026` or `2026-03-05`, with or without a time behind.
pub(in crate::grounding) fn days_of_iso(text: &str) -> Option<Days> {
    let when = |part| {
        let year = text.get(..4)?.parse().ok()?;
        (1900..=2100).contains(&year).then_some(PartialDate {
            year: Some(year),
            part,
        })
    };
    let bytes = text.as_bytes();
    let part = match (bytes.len(), bytes.get(4)) {
        (4, _) if fiscal_year(&text.to_lowercase()).is_none() => when(PeriodPart::Year),
        (4 | 6, _) if fiscal_year(&text.to_lowercase()).is_some() => Some(PartialDate {
            year: fiscal_year(&text.to_lowercase()),
            part: PeriodPart::Year,
        }),
        (7, Some(b' ' | b'/')) => {
            let quarter = code(&text.get(5..)?.to_lowercase(), 'q', 4)?;
            when(PeriodPart::Quarter(quarter))
        }
        (7, Some(b'-')) => match code(&text.get(5..)?.to_lowercase(), 'q', 4) {
            Some(quarter) => when(PeriodPart::Quarter(quarter)),
            None => when(PeriodPart::Month(text.get(5..)?.parse().ok()?)),
        },
        (7, _) => {
            let year = text.get(3..)?.parse().ok()?;
            let quarter = code(&text.get(..2)?.to_lowercase(), 'q', 4)?;
            let part = PeriodPart::Quarter(quarter);
            matches!(text.get(2..3)?, "-" | " " | "/").then_some(PartialDate {
                year: Some(year),
                part,
            })
        }
        (10.., Some(b'-')) => {
            let day = text.get(..10)?.parse::<Date>().ok()?;
            when(PeriodPart::Day(day.month(), day.day()))
        }
        // `March 2025`
        (8.., _) => text.split_once(' ').and_then(|(name, year)| {
            // The year first: hardly any text has one there, and names of months take longer to look up.
            let year: i16 = year.parse().ok().filter(|year| (1900..=2100).contains(year))?;
            let month = month(&name.to_lowercase(), true)?;
            Some(PartialDate {
                year: Some(year),
                part: PeriodPart::Month(month),
            })
        }),
        _ => None,
    };
    part?.days(0)
}

/// Whether some days are a week that a period names by its first day: `the week of August 25`.
pub(in crate::grounding) fn begins_week(period: &TextPeriod, days: Days) -> bool {
    let week = days.0.checked_add(7.days()).is_ok_and(|end| end == days.1);
    week && period.days(days.0.year()).is_some_and(|named| named.0 == days.0)
}

/// Whether a period is as long as some days: both months, or both quarters.
pub(in crate::grounding) fn same_length(period: &TextPeriod, days: Days) -> bool {
    let length = |(from, to): Days| from.until(to).map_or(0, |span| span.get_days());
    let class = |days: i32| match days {
        ..=1 => 0,
        2..=7 => 1,
        8..=31 => 2,
        32..=92 => 3,
        93..=184 => 4,
        _ => 5,
    };
    let weekday = matches!(period.from.part, PeriodPart::Weekday(_)) && length(days) == 1;
    weekday
        || period
            .days(days.0.year())
            .is_some_and(|own| class(length(own)) == class(length(days)))
}
