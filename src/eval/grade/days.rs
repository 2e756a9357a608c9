//! Days, months and quarters as a text writes them: `2025-11-03`, `3 November 2025`, `Nov 3, 2025`, `Q1 2025`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::cell;
use crate::text::built_in_pattern;

static WRITTEN: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?ix)\b(?:
            \d{4}-\d{2}-\d{2} | \d{4}-\d{2} | \d{4}[-\x20]q[1-4] | q[1-4][-\x20]\d{4}
            | (?:\d{1,2}(?:st|nd|rd|th|\.)?\x20(?:of\x20)?)?
              (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?
              (?:\x20\d{1,2}(?:st|nd|rd|th)?)?,?\x20\d{4}
        )\b",
    )
});
/// Spans whose first day leaves out what it shares with the last: "2 to 20 March 2026", "March 2–20, 2026".
static SPANS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let month = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
    let day = r"\d{1,2}";
    let ending = r"(?:st|nd|rd|th|\.)?";
    let to = r"\s*(?:-|–|—|\bto\b|\buntil\b|\bthrough\b|\band\b|\bbis\b)\s*";
    [
        built_in_pattern(&format!(
            r"(?i)\b(?P<one>{day}){ending}(?:\s(?P<ones_month>{month})\.?)?{to}(?P<other>{day}){ending}\s(?:of\s)?(?P<others_month>{month})\.?,?\s(?P<year>\d{{4}})\b"
        )),
        built_in_pattern(&format!(
            r"(?i)\b(?P<ones_month>{month})\.?\s(?P<one>{day}){ending}{to}(?:(?P<others_month>{month})\.?\s)?(?P<other>{day}){ending},?\s(?P<year>\d{{4}})\b"
        )),
    ]
});
static BARE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"\b(?:Q[1-4]|January|February|March|April|May|June|July|August|September|October|November|December|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b",
    )
});
static TO: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)^[^\d.;:]{0,12}?(-|–|—|\bto\b|\buntil\b|\bthrough\b|\bbis\b)\s*([a-z]{3,9}\.?\s)?$",
    )
});
static ENDINGS: LazyLock<Regex> = LazyLock::new(|| built_in_pattern(r"(?i)(\d)(st|nd|rd|th)\b|\bof\b"));

/// The day that a cell is, or that the period which it names begins on; `None` for other cells, and for years.
pub(super) fn of_cell(cell: &Value) -> Option<i128> {
    cell::moment(cell).or_else(|| cell::is_period(cell).then(|| cell::period(cell))?)
}

/// The days and periods that a text names, each with its place, in order. "2–20 March 2026" names two days.
pub(super) fn said(text: &str) -> Vec<(Range<usize>, i128)> {
    let read = |found: regex::Match<'_>| {
        let plain = ENDINGS.replace_all(found.as_str(), "$1").into_owned();
        let value = Value::String(plain);
        let moment = cell::moment(&value).or_else(|| cell::period(&value))?;
        Some((found.range(), moment))
    };
    let mut found: Vec<(Range<usize>, i128)> = WRITTEN.find_iter(text).filter_map(read).collect();
    for span in SPANS.iter().flat_map(|span| span.captures_iter(text)) {
        let ends = ["one", "other"].into_iter().filter_map(|end| {
            let day = span.name(end)?;
            let own = span.name(&format!("{end}s_month"));
            let month = own
                .or_else(|| span.name("ones_month"))
                .or_else(|| span.name("others_month"))?;
            let value = Value::String(format!(
                "{} {} {}",
                month.as_str(),
                day.as_str(),
                span.name("year")?.as_str()
            ));
            Some((day.range(), cell::period(&value)?))
        });
        for (place, moment) in ends {
            let known = found
                .iter()
                .any(|(other, _)| other.start <= place.start && place.end <= other.end);
            if !known {
                found.push((place, moment));
            }
        }
    }
    found.sort_by_key(|(place, _)| place.start);
    found
}

/// A day without its year: "4 March", "March 4".
static WITHOUT_YEAR: LazyLock<Regex> = LazyLock::new(|| {
    let month = "(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*";
    let day = r"\d{1,2}(?:st|nd|rd|th|\.)?";
    built_in_pattern(&format!(
        r"(?i)\b(?:(?P<day>{day})\s(?:of\s)?(?P<month>{month})|(?P<month_first>{month})\s(?P<day_behind>{day}))\b"
    ))
});

/// Whether a cell is a day, as ISO 8601 writes it.
pub(super) fn is_day(cell: &Value) -> bool {
    let day = cell.as_str().filter(|text| text.len() == 10);
    day.is_some_and(|text| text.parse::<jiff::civil::Date>().is_ok())
}

/// A text in which days are written as ISO 8601 writes them; those without a year are of `year`.
pub(super) fn in_iso(text: &str, year: Option<i16>) -> String {
    let day = |moment: i128| {
        let instant = jiff::Timestamp::from_nanosecond(moment).ok()?;
        Some(instant.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    let mut found = said(text);
    for one in WITHOUT_YEAR.captures_iter(text) {
        let part = |name: &str, other: &str| one.name(name).or(one.name(other)).map(|part| part.as_str());
        let (Some(whole), Some(year), Some(month), Some(own)) = (
            one.get(0),
            year,
            part("month", "month_first"),
            part("day", "day_behind"),
        ) else {
            continue;
        };
        let known = found
            .iter()
            .any(|(other, _)| other.start < whole.end() && whole.start() < other.end);
        let own: String = own.chars().take_while(char::is_ascii_digit).collect();
        let value = Value::String(format!("{month} {own} {year}"));
        if let Some(moment) = cell::moment(&value)
            .or_else(|| cell::period(&value))
            .filter(|_| !known)
        {
            found.push((whole.range(), moment));
        }
    }
    found.sort_by_key(|(place, _)| place.start);
    let mut out = String::new();
    let mut from = 0;
    for (place, moment) in found {
        if let (Some(before), Some(day)) = (text.get(from..place.start), day(moment)) {
            out.push_str(before);
            out.push_str(&day);
            from = place.end;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// The months and quarters that a text names without a year, each with its place and its beginning in this year.
pub(super) fn months(text: &str, year: i16) -> Vec<(Range<usize>, i128)> {
    let known = said(text);
    let bare = |found: regex::Match<'_>| {
        let inside =
            |(place, _): &(Range<usize>, i128)| place.start <= found.start() && found.end() <= place.end;
        let value = Value::String(found.as_str().to_owned());
        let moment = cell::part_of(&value, year)?;
        (!known.iter().any(inside)).then_some((found.range(), moment))
    };
    BARE.find_iter(text).filter_map(bare).collect()
}

/// The first and the last day of a span, as `2026-03-02`, where a text is that and nothing else.
pub(super) fn span(text: &str) -> Option<(String, String)> {
    let said = said(text);
    let [(one, from), (other, to)] = said.as_slice() else {
        return None;
    };
    let between = text.get(one.end..other.start)?;
    let outside = |part: Option<&str>| part.is_some_and(|part| part.chars().any(char::is_alphanumeric));
    // A day without its month ends before the words that belong to both.
    let whole = !outside(text.get(..one.start)) || text.get(..one.start).is_some_and(is_month);
    let ends = !outside(text.get(other.end..)) || SPANS.iter().any(|span| span.is_match(text));
    let day = |moment: i128| -> Option<String> {
        let instant = jiff::Timestamp::from_nanosecond(moment).ok()?;
        Some(instant.to_zoned(jiff::tz::TimeZone::UTC).date().to_string())
    };
    (joins(between) && whole && ends).then(|| Some((day(*from)?, day(*to)?)))?
}

fn is_month(word: &str) -> bool {
    crate::text::month(&word.trim().trim_end_matches('.').to_lowercase()).is_some()
}

/// Whether what stands between two days makes them the ends of a span.
fn joins(between: &str) -> bool {
    TO.is_match(between)
}

/// Whether a text has a span of two of these days in another order than theirs: "from the 14th to the 11th".
pub(super) fn spans_backwards(text: &str, days: &[i128]) -> bool {
    said(text).windows(2).any(|pair| {
        let [(one, from), (other, to)] = pair else {
            return false;
        };
        let place = |moment: &i128| days.iter().position(|day| day == moment);
        let is_span = text.get(one.end..other.start).is_some_and(joins);
        matches!((place(from), place(to)), (Some(from), Some(to)) if is_span && from > to)
    })
}
