//! Reads the words of a text as periods: `March 2026`, `1 to 7 March`, `3Q25`, `the month before`.

use super::calendar::{code, fiscal_year, month, ordinal, weekday};
use super::period::{PartialDate, PeriodPart, TextPeriod};
use super::words::{Span, TextWord, holder};
use crate::grounding::number::{Kind, Number};

/// The quarter and the year of a code that begins with the quarter: `3q25`, `3q2025`, `3q`.
fn quarter_first(low: &str) -> Option<(i8, Option<i16>)> {
    let (number, year) = low.split_once('q')?;
    let quarter = number.parse().ok().filter(|number| (1..=4).contains(number))?;
    let year = match (year.len(), year.parse::<i16>()) {
        (0, _) => None,
        (2, Ok(year)) => Some(2000 + year),
        (4, Ok(year)) => Some(year).filter(|year| (1900..=2100).contains(year)),
        _ => return None,
    };
    Some((quarter, year))
}

/// The part of a year that an ordinal in digits is of: `1. Quartal`.
fn part_in_german(number: i8, low: &str) -> Option<PeriodPart> {
    match low {
        "quartal" => Some(PeriodPart::Quarter(number)),
        "halbjahr" if number <= 2 => Some(PeriodPart::Half(number)),
        _ => None,
    }
}

/// What stands before a range whose parts `and` joins.
const BETWEEN: &[u8] = b"between";
/// Words over which a noun that is left out reaches.
const REACH: usize = 40;

pub(super) struct PeriodReader<'a, 't> {
    pub(super) text: &'t str,
    pub(super) words: &'a [TextWord<'t>],
    pub(super) numbers: &'a [Number],
    pub(super) years: &'a [i16],
}

impl PeriodReader<'_, '_> {
    fn low(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| word.low.as_str())
    }

    /// What stands between a word and the one before it.
    fn gap(&self, at: usize) -> &str {
        let (Some(word), Some(before)) = (
            self.words.get(at),
            at.checked_sub(1).and_then(|at| self.words.get(at)),
        ) else {
            return "";
        };
        self.text
            .get(before.span.end..word.span.start)
            .unwrap_or_default()
    }

    fn close(&self, at: usize) -> bool {
        matches!(self.gap(at), " " | ", " | "\u{a0}" | "-" | "/" | ". ")
    }

    /// A run of digits that is no part of a larger number, within bounds.
    fn whole(&self, at: usize, least: i16, most: i16) -> Option<i16> {
        let word = self.words.get(at)?;
        let digits = word.low.trim_end_matches(char::is_alphabetic);
        let suffix = word.low.get(digits.len()..).unwrap_or_default();
        if !matches!(suffix, "" | "st" | "nd" | "rd" | "th") {
            return None;
        }
        let number: i16 = digits.parse().ok()?;
        let span_of = |number: &Number| Span::new(number.start, number.end);
        let around = holder(self.numbers, span_of, word.span).and_then(|at| self.numbers.get(at));
        let larger = around.is_some_and(|number| {
            number.kind == Kind::Quantity && (number.end - number.start > word.text.len() || number.percent)
        });
        ((least..=most).contains(&number) && !larger).then_some(number)
    }

    /// The number that begins at a byte.
    fn number_at(&self, start: usize) -> Option<&Number> {
        let at = self.numbers.partition_point(|number| number.start < start);
        self.numbers.get(at).filter(|number| number.start == start)
    }

    fn year(&self, at: usize) -> Option<i16> {
        let four = self.words.get(at).is_some_and(|word| word.text.len() == 4);
        self.whole(at, 1900, 2100).filter(|_| four)
    }

    /// The year at `at`, perhaps after `of` or `in`.
    fn year_after(&self, at: usize) -> (Option<i16>, usize) {
        // `Q3'25`
        let short = matches!(self.gap(at), "'" | "’" | " '" | " ’") && self.low(at).len() == 2;
        if let Some(year) = self.low(at).parse::<i16>().ok().filter(|_| short) {
            return (Some(2000 + year), at + 1);
        }
        let skip = usize::from(matches!(self.low(at), "of" | "in" | "de" | "del") && self.gap(at) == " ");
        match self.year(at + skip).filter(|_| self.close(at + skip)) {
            Some(year) => (Some(year), at + skip + 1),
            None => (None, at),
        }
    }

    /// A part of a year that begins with this word, and the word after it.
    pub(super) fn when(&self, at: usize) -> Option<(PartialDate, usize)> {
        let word = self.words.get(at)?;
        if let Some(weekday) = weekday(&word.low).filter(|_| word.capital()) {
            let part = PeriodPart::Weekday(weekday);
            return Some((PartialDate { year: None, part }, at + 1));
        }
        self.day_of_range(at)
            .or_else(|| self.digits_first(at))
            .or_else(|| self.month_first(at))
            .or_else(|| self.code_first(at))
    }

    /// The month or quarter before the last one named: `the month before`, `the previous quarter`; and the word after it.
    pub(super) fn relative(&self, at: usize, found: &[TextPeriod]) -> Option<(TextPeriod, usize)> {
        let before = |at: usize| matches!(self.low(at), "before" | "earlier" | "prior");
        let ahead = matches!(self.low(at + 1), "previous" | "prior" | "preceding");
        let unit = match (self.low(at), self.low(at + 1), self.low(at + 2)) {
            ("the", unit @ ("month" | "quarter"), _) if before(at + 2) => unit,
            ("a", unit @ ("month" | "quarter"), "earlier" | "before") => unit,
            ("the", _, unit @ ("month" | "quarter")) if ahead => unit,
            _ => return None,
        };
        let named = found
            .iter()
            .rfind(|period| !period.relative && period.from == period.to)?;
        let span = Span::new(self.words.get(at)?.span.start, self.words.get(at + 2)?.span.end);
        // `June, the month before, had 12` says when June was.
        let apposed = self.text.get(named.span.end..span.start)? == ", ";
        let year = named.from.year;
        let (part, wraps) = match (named.from.part, unit) {
            (PeriodPart::Month(1), "month") => (PeriodPart::Month(12), true),
            (PeriodPart::Month(month), "month") => (PeriodPart::Month(month - 1), false),
            (PeriodPart::Quarter(1), "quarter") => (PeriodPart::Quarter(4), true),
            (PeriodPart::Quarter(quarter), "quarter") => (PeriodPart::Quarter(quarter - 1), false),
            _ => return None,
        };
        let when = PartialDate {
            year: year.map(|year| year - i16::from(wraps)),
            part,
        };
        let period = TextPeriod {
            span,
            from: when,
            to: when,
            bare_year: false,
            relative: true,
        };
        (!apposed).then_some((period, at + 3))
    }

    /// The first day of `1 to 7 March`, and the later one of `March 1 to 7`.
    fn day_of_range(&self, at: usize) -> Option<(PartialDate, usize)> {
        let day = i8::try_from(self.whole(at, 1, 31)?).ok()?;
        let spoken = |at: usize| matches!(self.low(at), "to" | "through" | "until" | "till" | "bis");
        let dashed = |at: usize| matches!(self.gap(at), "–" | "—" | "-" | " – " | " - ");
        let next = match (spoken(at + 1), dashed(at + 1)) {
            (true, _) => at + 2,
            (_, true) => at + 1,
            _ => return self.day_behind(at, day),
        };
        let (PartialDate { year, part }, _) = self.digits_first(next)?;
        let PeriodPart::Day(month, last) = part else {
            return None;
        };
        let part = PeriodPart::Day(month, day);
        (day < last).then_some((PartialDate { year, part }, at + 1))
    }

    /// The last day of a range whose first one stands before it with the month.
    fn day_behind(&self, at: usize, day: i8) -> Option<(PartialDate, usize)> {
        let spoken = matches!(
            self.low(at.checked_sub(1)?),
            "to" | "through" | "until" | "till" | "bis"
        );
        let dashed = matches!(self.gap(at), "–" | "—" | "-" | " – " | " - ");
        let first = match (spoken, dashed) {
            (true, _) => at.checked_sub(2)?,
            (_, true) => at.checked_sub(1)?,
            _ => return None,
        };
        let month = self.month(first.checked_sub(1)?)?;
        let begins = self
            .whole(first, 1, 31)
            .is_some_and(|first| first < i16::from(day));
        let (year, next) = self.year_after(at + 1);
        let part = PeriodPart::Day(month, day);
        begins.then_some((PartialDate { year, part }, next))
    }

    fn digits_first(&self, at: usize) -> Option<(PartialDate, usize)> {
        if let Some(day) = self.whole(at, 1, 31)
            && let joined = usize::from(matches!(self.low(at + 1), "of" | "de"))
            && let Some(month) = self.month(at + joined + 1)
            && matches!(self.gap(at + 1), " " | ". ")
        {
            let next = at + 2 + joined;
            let (year, next) = self.year_after(next);
            let part = PeriodPart::Day(month, i8::try_from(day).ok()?);
            return Some((PartialDate { year, part }, next));
        }
        if let Some(number) = self.whole(at, 1, 4).and_then(|number| i8::try_from(number).ok())
            && self.gap(at + 1) == ". "
            && let Some(part) = part_in_german(number, self.low(at + 1))
        {
            let (year, next) = self.year_after(at + 2);
            return Some((PartialDate { year, part }, next));
        }
        let year = self.year(at)?;
        let when = |part| PartialDate {
            year: Some(year),
            part,
        };
        let second = self.low(at + 1);
        if matches!(self.gap(at + 1), "-" | "/" | " ")
            && let Some(quarter) = code(second, 'q', 4)
        {
            return Some((when(PeriodPart::Quarter(quarter)), at + 2));
        }
        if matches!(self.gap(at + 1), "-" | "/")
            && second.len() == 2
            && let Some(month) = second.parse::<i8>().ok().filter(|month| (1..=12).contains(month))
        {
            let third = self.low(at + 2).split('t').next().unwrap_or_default();
            return match third.parse::<i8>() {
                Ok(day) if third.len() == 2 && matches!(self.gap(at + 2), "-" | "/") => {
                    Some((when(PeriodPart::Day(month, day)), at + 3))
                }
                _ => Some((when(PeriodPart::Month(month)), at + 2)),
            };
        }
        let word = self.words.get(at)?;
        let named = self.number_at(word.span.start).is_some_and(|number| {
            let known = number.end == word.span.end && self.years.contains(&year);
            known || matches!(number.kind, Kind::Year | Kind::Date)
        });
        named.then_some((when(PeriodPart::Year), at + 1))
    }

    fn month(&self, at: usize) -> Option<i8> {
        self.words
            .get(at)
            .and_then(|word| month(&word.low, word.capital()))
    }

    fn month_first(&self, at: usize) -> Option<(PartialDate, usize)> {
        let month = self.month(at)?;
        let (year, next) = self.year_after(at + 1);
        if year.is_some() {
            let part = PeriodPart::Month(month);
            return Some((PartialDate { year, part }, next));
        }
        let day = self.whole(at + 1, 1, 31).filter(|_| self.gap(at + 1) == " ");
        let dated = day.filter(|_| {
            let start = self.words.get(at + 1).map_or(0, |word| word.span.start);
            self.number_at(start)
                .is_some_and(|number| number.kind != Kind::Quantity)
        });
        let (part, next) = match dated.and_then(|day| i8::try_from(day).ok()) {
            Some(day) => (PeriodPart::Day(month, day), at + 2),
            None => (PeriodPart::Month(month), at + 1),
        };
        let (year, next) = self.year_after(next);
        Some((PartialDate { year, part }, next))
    }

    fn code_first(&self, at: usize) -> Option<(PartialDate, usize)> {
        let low = self.low(at);
        if let Some(year) = fiscal_year(low) {
            let year = Some(year);
            let part = PeriodPart::Year;
            return Some((PartialDate { year, part }, at + 1));
        }
        if let Some((quarter, year)) = quarter_first(low) {
            let part = PeriodPart::Quarter(quarter);
            let (later, next) = self.year_after(at + 1);
            return Some((
                PartialDate {
                    year: year.or(later),
                    part,
                },
                next,
            ));
        }
        let (part, next) = if let Some(quarter) = code(low, 'q', 4) {
            (PeriodPart::Quarter(quarter), at + 1)
        } else if let Some(half) = code(low, 'h', 2) {
            (PeriodPart::Half(half), at + 1)
        } else {
            let number = ordinal(low)?;
            match self.low(at + 1) {
                "quarter" | "quartal" | "trimestre" => (PeriodPart::Quarter(number), at + 2),
                "half" | "halbjahr" if number <= 2 => (PeriodPart::Half(number), at + 2),
                _ if self.is_quarter_left_out(at) => (PeriodPart::Quarter(number), at + 1),
                _ => return None,
            }
        };
        let (year, next) = self.year_after(next);
        // `the last quarter` is the fourth only of a year that is named.
        if low == "last" && year.is_none() {
            return None;
        }
        Some((PartialDate { year, part }, next))
    }

    /// Whether an ordinal is of a quarter that a word before it names: `106 in the second quarter, 103 in the third`, `im ersten
    /// Quartal 41, im zweiten 88`.
    fn is_quarter_left_out(&self, at: usize) -> bool {
        const NO_THING: [&str; 16] = [
            "and", "but", "before", "after", "while", "with", "to", "when", "as", "than", "by", "from",
            "und", "auf", "bei", "nur",
        ];
        const QUARTERS: [&str; 6] = [
            "quarter",
            "quarters",
            "quartal",
            "quartals",
            "quartale",
            "quartalen",
        ];
        let earlier = self.words.iter().take(at).rev().take(REACH);
        let quarters = earlier
            .filter(|word| QUARTERS.contains(&word.low.as_str()))
            .count();
        let next = self.low(at + 1);
        let figure = next.starts_with(|c: char| c.is_ascii_digit());
        let alone = !matches!(self.gap(at + 1), " " | "-") || NO_THING.contains(&next) || figure;
        let article = at.checked_sub(1).map(|at| self.low(at));
        quarters > 0 && alone && article.is_some_and(|low| matches!(low, "the" | "im" | "dem" | "das"))
    }

    /// Whether `this` ends a range that `before` begins.
    pub(super) fn continues(&self, before: &TextPeriod, this: &TextPeriod) -> bool {
        if before.from != before.to || before.relative {
            return false;
        }
        let between = self
            .text
            .get(before.span.end..this.span.start)
            .unwrap_or_default()
            .trim_matches([' ', '\u{a0}']);
        let spoken = matches!(
            between,
            "to" | "through" | "until" | "till" | "bis" | "up to" | "–" | "—" | "-"
        );
        let paired = matches!(between, "and" | "und")
            && self.text.get(..before.span.start).is_some_and(|left| {
                let left = left.trim_end().as_bytes();
                let last = left.get(left.len().saturating_sub(BETWEEN.len())..);
                last.is_some_and(|last| last.eq_ignore_ascii_case(BETWEEN))
            });
        spoken || paired
    }
}
