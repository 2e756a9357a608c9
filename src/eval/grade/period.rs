//! Whether a figure is said of another period than the one that was asked about: "1,100 in 2024" is no answer about 2025.

use std::sync::LazyLock;

use regex::Regex;

use crate::grounding::{Kind, Number};
use crate::text::built_in_pattern;

/// Bytes that may stand between a figure and the period after it.
const AFTER: usize = 32;

static PERIOD: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?ix)\b (?: q(?P<quarter>[1-4]) (?: \s+ (?: of \s+ )? (?P<quarters_year> 19\d\d | 20\d\d ) )?
        | (?: (?P<month> jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec ) [a-z]* \.? \s+ (?: \d{1,2},? \s+ )? )?
        (?P<year> 19\d\d | 20\d\d ) ) \b",
    )
});
/// What a figure is said of, after it: "1,100 orders were placed in 2024", "1,100 (2024)".
static OF_AFTER: LazyLock<Regex> =
    LazyLock::new(|| built_in_pattern(r"(?i)^[^,;|]*(\b(in|for|during|of)\s+|\()$"));
/// Words that make a period one to compare with, or a bound.
static BESIDE: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)\b(than|from|since|vs|versus|compared|against|over|after|before|until|to|and|between|through)\b",
    )
});

/// A month, a quarter or a year that a text names.
#[derive(Debug, PartialEq)]
struct NamedPeriod {
    start: usize,
    end: usize,
    /// Its first three letters.
    month: Option<String>,
    quarter: Option<String>,
    /// `None` where a quarter stands alone.
    year: Option<String>,
}

impl NamedPeriod {
    /// Whether a figure of this period is none of the other.
    fn is_apart(&self, other: &Self) -> bool {
        let differ = |own: &Option<String>, other: &Option<String>| matches!((own, other), (Some(own), Some(other)) if own != other);
        differ(&self.year, &other.year)
            || differ(&self.month, &other.month)
            || differ(&self.quarter, &other.quarter)
    }
}

/// Whether what stands around a figure says that it is of another period than the question's. Only where the question
/// names one period, and the sentence leaves no doubt.
pub(super) fn is_of_another(question: &str, text: &str, number: &Number, all: &[Number]) -> bool {
    let asked = named(question, 0);
    let [asked] = asked.as_slice() else { return false };
    if header_above(text, number).is_some_and(|header| is_header_of_another(question, header)) {
        return true;
    }
    let attached = attached(text, number, all);
    !attached.is_empty() && attached.iter().all(|period| period.is_apart(asked))
}

/// Whether a header is of another period than the question's: `Revenue 2024` for a question about 2025.
pub(super) fn is_header_of_another(question: &str, header: &str) -> bool {
    let (asked, named) = (named(question, 0), named(header, 0));
    let [asked] = asked.as_slice() else { return false };
    !named.is_empty() && named.iter().all(|period| period.is_apart(asked))
}

/// The header above a figure in a printed table.
fn header_above<'t>(text: &'t str, number: &Number) -> Option<&'t str> {
    let start = text.get(..number.start)?.rfind('\n').map_or(0, |at| at + 1);
    let place = text.get(start..number.start)?.matches('|').count();
    let row = |line: &&str| line.trim_start().starts_with('|');
    let above: Vec<&str> = text.get(..start)?.lines().rev().take_while(row).collect();
    above
        .last()?
        .trim_start()
        .split('|')
        .nth(place)
        .filter(|_| place > 0)
}

/// The periods that a figure is said of: the one right after it, or else those before it, back to the figure before.
fn attached(text: &str, number: &Number, all: &[Number]) -> Vec<NamedPeriod> {
    let (from, to) = clause(text, number);
    let quantities = || {
        all.iter()
            .filter(|other| other.kind == Kind::Quantity && other.start != number.start)
            .filter(|other| !is_a_year(text, other))
    };
    let next = quantities()
        .map(|other| other.start)
        .filter(|start| *start >= number.end)
        .min();
    let to = to.min(next.unwrap_or(to));
    let after = text.get(number.end..to).unwrap_or_default();
    if let Some(period) = named(after, number.end).into_iter().next() {
        let between = text.get(number.end..period.start).unwrap_or_default();
        // "561 (2024: 498)" says what it was in 2024 behind it.
        let behind = text.get(period.end..).unwrap_or_default();
        let of_another = behind.trim_start().starts_with([':', '=']);
        if between.len() <= AFTER && is(&OF_AFTER, between) && !is(&BESIDE, between) && !of_another {
            return vec![period];
        }
    }
    let previous = quantities()
        .map(|other| other.end)
        .filter(|end| *end <= number.start)
        .max();
    let from = from.max(previous.unwrap_or(from));
    let before = text.get(from..number.start).unwrap_or_default();
    if is(&BESIDE, before) {
        return Vec::new();
    }
    named(before, from)
}

/// Whether a number is a period by itself: "Umsatz 2024".
fn is_a_year(text: &str, number: &Number) -> bool {
    let written = text.get(number.start..number.end).unwrap_or_default();
    named(written, 0)
        .first()
        .is_some_and(|period| period.end == written.len())
}

/// The bytes of the line, sentence or part of one that a figure stands in.
fn clause(text: &str, number: &Number) -> (usize, usize) {
    let before = text.get(..number.start).unwrap_or_default();
    let after = text.get(number.end..).unwrap_or_default();
    let ends = ['\n', ';'];
    let from = [
        before.rfind(ends).map(|at| at + 1),
        before.rfind(". ").map(|at| at + 2),
    ];
    let to = [after.find(ends), after.find(". ")];
    (
        from.into_iter().flatten().max().unwrap_or(0),
        number.end + to.into_iter().flatten().min().unwrap_or(after.len()),
    )
}

fn is(words: &LazyLock<Regex>, text: &str) -> bool {
    words.is_match(text)
}

/// The periods of a part of a text that begins at `from`.
fn named(part: &str, from: usize) -> Vec<NamedPeriod> {
    let read = |found: regex::Captures| {
        let whole = found.get(0)?;
        Some(NamedPeriod {
            start: from + whole.start(),
            end: from + whole.end(),
            month: found.name("month").map(|month| month.as_str().to_lowercase()),
            quarter: found.name("quarter").map(|quarter| quarter.as_str().to_owned()),
            year: found
                .name("year")
                .or(found.name("quarters_year"))
                .map(|year| year.as_str().to_owned()),
        })
    };
    PERIOD.captures_iter(part).filter_map(read).collect()
}
