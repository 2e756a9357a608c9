use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use regex::Regex;

use crate::query::{DateInterval, TemporalUnit, TimeLiteral, midnight, periods};

/// What a date parameter keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DateFilter {
    /// From the start up to, not including, the end; an absent side is open.
    Within(Option<DateTime>, Option<DateTime>),
    /// Everything but these days of the week, months, quarters or hours.
    Without(TemporalUnit, Vec<i64>),
}

impl From<DateInterval> for DateFilter {
    fn from(period: DateInterval) -> Self {
        Self::Within(Some(period.start), Some(period.end))
    }
}

static RELATIVE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"^(past|next)([0-9]{1,5})(day|week|month|quarter|year|hour|minute)s?(~)?(?:-from-([0-9]{1,5})(day|week|month|quarter|year|hour|minute)s?)?$").ok()
});

/// Reads a date parameter's text: `2024-05-01`, `2024-01-01~2024-03-31`, `~2024-03-31`, `2024-05`, `Q1-2024`,
/// `2024-Q1`, `past30days`, `past3months~`, `thisyear`, `lastmonth`, `today`, `exclude-days-Sat-Sun`.
pub(super) fn parse(text: &str, today: Date) -> Option<DateFilter> {
    let text = text.trim();
    if let Some((from, to)) = text.split_once('~')
        && !(text.ends_with('~') && text.starts_with(['p', 'n']))
    {
        return range(from, to);
    }
    named(text, today)
        .or_else(|| relative(text, today))
        .or_else(|| single(text))
        .or_else(|| month_or_quarter(text))
        .or_else(|| exclusion(text))
}

/// The end of a moment as written: a day's end is the next midnight, a minute's the next second.
fn end_of(moment: TimeLiteral) -> DateTime {
    TemporalUnit::add(
        if moment.whole_day {
            TemporalUnit::Day
        } else {
            TemporalUnit::Second
        },
        moment.at,
        1,
    )
}

fn range(from: &str, to: &str) -> Option<DateFilter> {
    let side = |text: &str| {
        if text.is_empty() {
            Some(None)
        } else {
            TimeLiteral::parse(text).map(Some)
        }
    };
    let (from, to) = (side(from)?, side(to)?);
    if from.is_none() && to.is_none() {
        return None;
    }
    Some(DateFilter::Within(from.map(|moment| moment.at), to.map(end_of)))
}

fn single(text: &str) -> Option<DateFilter> {
    let moment = TimeLiteral::parse(text)?;
    Some(DateFilter::Within(Some(moment.at), Some(end_of(moment))))
}

fn named(text: &str, today: Date) -> Option<DateFilter> {
    let (n, unit) = match text {
        "today" => (0, TemporalUnit::Day),
        "yesterday" => (-1, TemporalUnit::Day),
        "tomorrow" => (1, TemporalUnit::Day),
        _ => {
            let word = ["this", "last", "next"]
                .into_iter()
                .find(|word| text.starts_with(word))?;
            let n = match word {
                "this" => 0,
                "last" => -1,
                _ => 1,
            };
            let unit = text.strip_prefix(word).filter(|unit| !unit.ends_with('s'))?;
            (n, TemporalUnit::parse(unit).filter(|unit| unit.is_coarse())?)
        }
    };
    Some(periods(n, unit, false, today).into())
}

fn relative(text: &str, today: Date) -> Option<DateFilter> {
    let found = RELATIVE.as_ref()?.captures(text)?;
    let part = |at: usize| found.get(at).map(|part| part.as_str());
    let n: i64 = part(2)?.parse().ok()?;
    let n = if part(1)? == "past" { -n } else { n };
    let unit = TemporalUnit::parse(part(3)?)?;
    let mut period = periods(n, unit, part(4).is_some(), today);
    if let (Some(offset), Some(offset_unit)) = (part(5), part(6)) {
        let offset: i64 = offset.parse().ok()?;
        let offset = if n < 0 { -offset } else { offset };
        let by = TemporalUnit::parse(offset_unit)?;
        period = DateInterval {
            start: by.add(period.start, offset),
            end: by.add(period.end, offset),
        };
    }
    Some(period.into())
}

fn month_or_quarter(text: &str) -> Option<DateFilter> {
    let (left, right) = text.split_once('-')?;
    let quarter = |text: &str| {
        text.strip_prefix(['Q', 'q'])?
            .parse::<i8>()
            .ok()
            .filter(|q| (1..=4).contains(q))
    };
    let (year, first_month, unit) = match (quarter(left), quarter(right)) {
        (Some(quarter), None) => (right, quarter * 3 - 2, TemporalUnit::Quarter),
        (None, Some(quarter)) => (left, quarter * 3 - 2, TemporalUnit::Quarter),
        _ => (
            left,
            right.parse().ok().filter(|_| right.len() == 2)?,
            TemporalUnit::Month,
        ),
    };
    let year: i16 = year.parse().ok().filter(|_| year.len() == 4)?;
    let start = midnight(Date::new(year, first_month, 1).ok()?);
    Some(DateFilter::Within(Some(start), Some(unit.add(start, 1))))
}

/// Turns one part of an exclusion into the number that its unit extracts.
type NumberReader<'a> = &'a dyn Fn(&str) -> Option<i64>;

fn exclusion(text: &str) -> Option<DateFilter> {
    let (kind, list) = text.strip_prefix("exclude-")?.split_once('-')?;
    let place = |names: &[&str], name: &str| {
        names
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
            .and_then(|at| i64::try_from(at + 1).ok())
    };
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (unit, read): (TemporalUnit, NumberReader<'_>) = match kind {
        "days" => (TemporalUnit::DayOfWeek, &|name| place(&days, name)),
        "months" => (TemporalUnit::MonthOfYear, &|name| place(&months, name)),
        "quarters" => (TemporalUnit::QuarterOfYear, &|name| {
            name.parse().ok().filter(|q| (1..=4).contains(q))
        }),
        "hours" => (TemporalUnit::HourOfDay, &|name| {
            name.parse().ok().filter(|hour| (0..=23).contains(hour))
        }),
        _ => return None,
    };
    let values = list.split('-').map(read).collect::<Option<Vec<i64>>>()?;
    Some(DateFilter::Without(unit, values))
}
