//! Days, months, quarters, years and ranges of them, as a text names them.

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};

use super::period_reader::PeriodReader;
use super::words::{Span, TextWord};
use crate::grounding::number::Number;

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
    pub(super) to: PartialDate,
    /// Whether nothing but a year was written.
    pub(in crate::grounding) bare_year: bool,
    /// Whether it is said by the period before it: `the month before`.
    pub(in crate::grounding) relative: bool,
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

    /// The one month that it is.
    pub(in crate::grounding) fn month(&self) -> Option<i8> {
        match self.from.part {
            PeriodPart::Month(month) if self.from == self.to => Some(month),
            _ => None,
        }
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
            let relative = reader.relative(at, &found);
            at = relative.map_or(at + 1, |(_, next)| next);
            found.extend(relative.map(|(period, _)| period));
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
            relative: false,
        };
        match found.last_mut().filter(|before| reader.continues(before, &this)) {
            Some(before) => before.extend(&this),
            None => found.push(this),
        }
        at = next;
    }
    let mut dated: Option<PartialDate> = None;
    for period in found.iter_mut().filter(|period| !period.relative) {
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
