//! Days, months, quarters, years and ranges of them, as a text names them.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::calendar::{code, fiscal_year, month, ordinal, weekday};
use super::words::{Span, TextWord, holder};
use crate::grounding::number::{Kind, Number};

/// Days from the first up to, not including, the second.
pub(in crate::grounding) type Days = (Date, Date);

/// What part of a year is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum PeriodPart {
    Year,
    Half(i8),
    Quarter(i8),
    Month(i8),
    Day(i8, i8),
    /// A day of any week.
    Weekday(Weekday),
}

/// A date as far as it is written: a part of a year, whose year may be left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PartialDate {
    pub(super) year: Option<i16>,
    pub(super) part: PeriodPart,
}

impl PartialDate {
    /// The year of a later half or quarter that is named right after this one without a year: `the first half of 2023 had 80, the
    /// second half 127`.
    fn year_of_later(self, part: PeriodPart) -> Option<i16> {
        let later = match (self.part, part) {
            (PeriodPart::Half(first), PeriodPart::Half(second))
            | (PeriodPart::Quarter(first), PeriodPart::Quarter(second)) => first < second,
            _ => false,
        };
        self.year.filter(|_| later)
    }

    pub(super) fn days(self, year: i16) -> Option<Days> {
        let year = self.year.unwrap_or(year);
        let months = |first: i8, count: i32| -> Option<Days> {
            let from = Date::new(year, first, 1).ok()?;
            Some((from, from.checked_add(count.months()).ok()?))
        };
        match self.part {
            PeriodPart::Year => months(1, 12),
            PeriodPart::Half(half) => months(half * 6 - 5, 6),
            PeriodPart::Quarter(quarter) => months(quarter * 3 - 2, 3),
            PeriodPart::Month(month) => months(month, 1),
            PeriodPart::Day(month, day) => {
                let from = Date::new(year, month, day).ok()?;
                Some((from, from.tomorrow().ok()?))
            }
            PeriodPart::Weekday(_) => None,
        }
    }
}

/// A period that a text names, from the beginning of one part to the end of another or the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::grounding) struct TextPeriod {
    pub(in crate::grounding) span: Span,
    pub(super) from: PartialDate,
    to: PartialDate,
    /// Whether nothing but a year was written.
    pub(in crate::grounding) bare_year: bool,
}

/// How a named period and the days of a row lie to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::grounding) enum Relation {
    Same,
    /// The named period holds the row's days.
    Holds,
    /// The row's days hold the named period.
    Within,
    Apart,
}

impl TextPeriod {
    /// The two ends of a range, as periods of their own.
    pub(in crate::grounding) fn ends(&self) -> Option<[Self; 2]> {
        let of = |when: PartialDate| Self {
            from: when,
            to: when,
            ..*self
        };
        (self.from != self.to).then(|| [of(self.from), of(self.to)])
    }

    /// The same period, wherever it is named.
    pub(in crate::grounding) fn without_place(self) -> Self {
        Self {
            span: Span::new(0, 0),
            ..self
        }
    }

    /// Whether its years are known.
    pub(in crate::grounding) fn dated(&self) -> bool {
        self.from.year.is_some() && self.to.year.is_some()
    }

    /// Its days; an open year is taken to be `year`.
    pub(in crate::grounding) fn days(&self, year: i16) -> Option<Days> {
        Some((self.from.days(year)?.0, self.to.days(year)?.1))
    }

    /// How it lies to `row`. An open year is the row's.
    pub(in crate::grounding) fn relation(&self, row: Days) -> Relation {
        if let PeriodPart::Weekday(weekday) = self.from.part {
            return match row.0.tomorrow() {
                Ok(next) if next == row.1 && row.0.weekday() == weekday => Relation::Same,
                Ok(next) if next == row.1 => Relation::Apart,
                _ => Relation::Within,
            };
        }
        let fits = |year| {
            let (from, to) = self.days(year)?;
            Some(if (from, to) == row {
                Relation::Same
            } else if from <= row.0 && row.1 <= to {
                Relation::Holds
            } else if row.0 <= from && to <= row.1 {
                Relation::Within
            } else if from < row.1 && row.0 < to {
                // Weeks across the end of a month belong to both.
                Relation::Holds
            } else {
                Relation::Apart
            })
        };
        let last = row.1.yesterday().map_or(row.0.year(), Date::year);
        let first = fits(row.0.year()).unwrap_or(Relation::Apart);
        if self.dated() || last == row.0.year() || first != Relation::Apart {
            return first;
        }
        (row.0.year()..=last)
            .filter_map(fits)
            .find(|relation| *relation != Relation::Apart)
            .unwrap_or(Relation::Apart)
    }
}

/// Every period that a text names, in order. Of four digits that may as well be a figure, those of `years` are years.
pub(in crate::grounding) fn periods(
    text: &str,
    words: &[TextWord<'_>],
    numbers: &[Number],
    years: &[i16],
) -> Vec<TextPeriod> {
    let reader = PeriodReader {
        text,
        words,
        numbers,
        years,
    };
    let mut found: Vec<TextPeriod> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let Some((when, next)) = reader.when(at) else {
            at += 1;
            continue;
        };
        let (Some(first), Some(last)) = (words.get(at), words.get(next - 1)) else {
            break;
        };
        let span = Span::new(first.span.start, last.span.end);
        let this = TextPeriod {
            span,
            from: when,
            to: when,
            bare_year: matches!(when.part, PeriodPart::Year | PeriodPart::Weekday(_)),
        };
        match found.last_mut().filter(|before| reader.continues(before, &this)) {
            Some(before) => before.extend(&this),
            None => found.push(this),
        }
        at = next;
    }
    let mut dated: Option<PartialDate> = None;
    for period in &mut found {
        if period.from == period.to
            && period.from.year.is_none()
            && let Some(year) = dated.and_then(|before| before.year_of_later(period.from.part))
        {
            period.from.year = Some(year);
            period.to.year = Some(year);
        }
        dated = Some(period.to);
    }
    found
}

impl TextPeriod {
    /// Makes a range of this and a later one. An open year at its start is the one at its end.
    fn extend(&mut self, later: &Self) {
        if self.from.year.is_none() {
            self.from.year = later.to.year;
        }
        self.to = later.to;
        if self.to.year.is_none() {
            self.to.year = self.from.year;
        }
        self.span.end = later.span.end;
        self.bare_year &= later.bare_year;
    }
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

struct PeriodReader<'a, 't> {
    text: &'t str,
    words: &'a [TextWord<'t>],
    numbers: &'a [Number],
    years: &'a [i16],
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
        let skip = usize::from(matches!(self.low(at), "of" | "in") && self.gap(at) == " ");
        match self.year(at + skip).filter(|_| self.close(at + skip)) {
            Some(year) => (Some(year), at + skip + 1),
            None => (None, at),
        }
    }

    /// A part of a year that begins with this word, and the word after it.
    fn when(&self, at: usize) -> Option<(PartialDate, usize)> {
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
            && let Some(month) = self.month(at + usize::from(self.low(at + 1) == "of") + 1)
            && matches!(self.gap(at + 1), " " | ". ")
        {
            let next = at + 2 + usize::from(self.low(at + 1) == "of");
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

    /// Whether an ordinal is of a quarter that a word before it names: `106 in the second quarter, 103 in the third`.
    fn is_quarter_left_out(&self, at: usize) -> bool {
        const NO_THING: [&str; 12] = [
            "and", "but", "before", "after", "while", "with", "to", "when", "as", "than", "by", "from",
        ];
        let earlier = self.words.iter().take(at).rev().take(REACH);
        let quarters = earlier
            .filter(|word| matches!(word.low.as_str(), "quarter" | "quarters"))
            .count();
        let alone = !matches!(self.gap(at + 1), " " | "-") || NO_THING.contains(&self.low(at + 1));
        quarters > 0 && alone && at.checked_sub(1).is_some_and(|at| self.low(at) == "the")
    }

    /// Whether `this` ends a range that `before` begins.
    fn continues(&self, before: &TextPeriod, this: &TextPeriod) -> bool {
        if before.from != before.to {
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
