//! Days, moments, ranges and relative dates, as Metabase writes them.

use jiff::civil;

const UNITS: &[&str] = &["minute", "hour", "day", "week", "month", "quarter", "year"];

/// `2024-05-31`, a day that exists.
pub(super) fn day(text: &str) -> Option<civil::Date> {
    let shaped = text.len() == 10
        && text.char_indices().all(|(at, c)| match at {
            4 | 7 => c == '-',
            _ => c.is_ascii_digit(),
        });
    shaped.then(|| text.parse().ok()).flatten()
}

/// `2024-05-31T14:00`, with or without seconds and offset.
pub(super) fn is_moment(text: &str) -> bool {
    let Some((date, time)) = text.split_once('T') else {
        return false;
    };
    let (time, offset) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, ""),
    };
    day(date).is_some() && is_time(time) && is_offset(offset)
}

/// `14:00`, `14:00:30` or `14:00:30.250`.
pub(super) fn is_time(text: &str) -> bool {
    let plain = text.len() >= 5 && text.chars().all(|c| c.is_ascii_digit() || matches!(c, ':' | '.'));
    plain && text.parse::<civil::Time>().is_ok()
}

fn is_offset(text: &str) -> bool {
    match text.strip_prefix(['+', '-']) {
        None => text.is_empty() || text == "Z",
        Some(rest) => rest.len() == 5 && is_time(rest),
    }
}

/// `2024-05`.
pub(super) fn is_month(text: &str) -> bool {
    text.len() == 7 && day(&format!("{text}-01")).is_some()
}

/// `2024-Q1` or `Q1-2024`, as year and quarter.
pub(super) fn quarter(text: &str) -> Option<(i16, i8)> {
    let (year, quarter) = match text.split_once('-')? {
        (year, quarter) if quarter.starts_with('Q') => (year, quarter),
        (quarter, year) => (year, quarter),
    };
    let number: i8 = quarter.strip_prefix('Q')?.parse().ok()?;
    let digits = year.len() == 4 && year.chars().all(|c| c.is_ascii_digit()) && quarter.len() == 2;
    (digits && (1..=4).contains(&number)).then_some((year.parse().ok()?, number))
}

/// The first and last day of a quarter, as a range.
pub(super) fn quarter_range(year: i16, quarter: i8) -> Option<String> {
    let first = civil::Date::new(year, (quarter - 1) * 3 + 1, 1).ok()?;
    let last = civil::Date::new(year, quarter * 3, 1).ok()?.last_of_month();
    Some(format!("{first}~{last}"))
}

/// `2024-01-01~2024-03-31` in order; with `open`, one side may be missing.
pub(super) fn is_range(text: &str, open: bool) -> bool {
    let Some((from, to)) = text.split_once('~') else {
        return false;
    };
    let end = |text: &str| day(text).is_some() || is_moment(text);
    match (from.is_empty(), to.is_empty()) {
        (false, false) => end(from) && end(to) && from <= to,
        (false, true) => open && end(from),
        (true, false) => open && end(to),
        (true, true) => false,
    }
}

/// `past30days`, `next2weeks`, `past12months~` (with the current one), `past7days-from-1months`, `thismonth`,
/// `lastyear`, `today`, `yesterday`.
pub(super) fn is_relative(text: &str) -> bool {
    if matches!(text, "today" | "yesterday" | "tomorrow") {
        return true;
    }
    if let Some(unit) = text.strip_prefix("this").or_else(|| text.strip_prefix("last")) {
        return UNITS.contains(&unit);
    }
    let Some(span) = text.strip_prefix("past").or_else(|| text.strip_prefix("next")) else {
        return false;
    };
    match span.split_once("-from-") {
        Some((span, offset)) => is_count(span) && is_count(offset),
        None => is_count(span.strip_suffix('~').unwrap_or(span)),
    }
}

/// `30days`.
fn is_count(text: &str) -> bool {
    let Some(at) = text.find(|c: char| !c.is_ascii_digit()) else {
        return false;
    };
    let (digits, unit) = text.split_at(at);
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    (1..=4).contains(&digits.len()) && digits.starts_with(|c| c != '0') && UNITS.contains(&unit)
}
