//! Periods as people write them: `2025`, `last month`, `Q1 2025`, `between March and June 2025`, `since 2024`.

use jiff::civil::{Date, Weekday, date};
use jiff::{Span, ToSpan};

use super::lexicon::number;
use super::question::QuestionWord;
use crate::text::month;

/// Days from `from` up to, not including, `to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AskedPeriod {
    pub(super) from: Option<Date>,
    pub(super) to: Option<Date>,
    pub(super) unit: PeriodUnit,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PeriodUnit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl PeriodUnit {
    pub(super) fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "day" | "days" | "date" | "daily" => Self::Day,
            "week" | "weeks" | "weekly" => Self::Week,
            "month" | "months" | "monthly" => Self::Month,
            "quarter" | "quarters" | "quarterly" => Self::Quarter,
            "year" | "years" | "yearly" | "annual" | "annually" => Self::Year,
            _ => return None,
        })
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }

    fn span(self, n: i32) -> Span {
        let n = i64::from(n);
        match self {
            Self::Day => n.days(),
            Self::Week => n.weeks(),
            Self::Month => n.months(),
            Self::Quarter => n.saturating_mul(3).months(),
            Self::Year => n.years(),
        }
    }

    /// The first day of the unit that holds `day`. Weeks begin on Sunday, as Metabase's do unless told otherwise.
    pub(super) fn start(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let since = day.weekday().since(Weekday::Sunday);
                shift(day, Self::Day, -i32::from(since))
            }
            Self::Month => day.first_of_month(),
            Self::Quarter => {
                let month = (day.month() - 1) / 3 * 3 + 1;
                Date::new(day.year(), month, 1).unwrap_or(day)
            }
            Self::Year => day.first_of_year(),
        }
    }
}

fn shift(day: Date, unit: PeriodUnit, n: i32) -> Date {
    day.saturating_add(unit.span(n))
}

fn period(unit: PeriodUnit, from: Date, n: i32) -> AskedPeriod {
    AskedPeriod {
        from: Some(from),
        to: Some(shift(from, unit, n)),
        unit,
    }
}

/// Finds every period in the question, in order, and marks its words as used.
pub(super) fn periods(words: &mut [QuestionWord], today: Date) -> Vec<AskedPeriod> {
    let texts: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
    let reader = QuestionPeriodReader { words: &texts, today };
    let mut found = Vec::new();
    let mut at = 0;
    while at < texts.len() {
        match reader.read(at) {
            Some((period, length)) => {
                found.extend(period);
                for word in words.iter_mut().skip(at).take(length) {
                    word.used = true;
                }
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

struct QuestionPeriodReader<'a> {
    words: &'a [String],
    today: Date,
}

/// A period and how many words it took.
type PeriodReading = Option<(AskedPeriod, usize)>;

impl QuestionPeriodReader<'_> {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// What begins at `at`: a period, or words about time that set no bound (`all time`).
    fn read(&self, at: usize) -> Option<(Option<AskedPeriod>, usize)> {
        if matches!(
            (self.word(at), self.word(at + 1)),
            ("all", "time") | ("to", "date")
        ) {
            return Some((None, 2));
        }
        self.range(at)
            .or_else(|| self.bound(at))
            .or_else(|| self.relative(at))
            .or_else(|| self.point(at, None, true))
            .map(|(period, length)| (Some(period), length))
    }

    /// `between A and B`, `from A to B`; B counts as a whole.
    fn range(&self, at: usize) -> PeriodReading {
        let joined: &[&str] = match self.word(at) {
            "between" => &["and"],
            "from" => &["to", "until", "till", "through", "thru"],
            _ => return None,
        };
        let (mut first, taken) = self.point(at + 1, None, true)?;
        let middle = at + 1 + taken;
        if !joined.contains(&self.word(middle)) {
            return None;
        }
        let (last, more) = self.point(middle + 1, None, true)?;
        // `between March and June 2024`: the year of the last is the year of the first.
        let year = last.from.map(Date::year);
        if let Some((same_year, same_length)) = self.point(at + 1, year, true)
            && same_length == taken
            && same_year.from <= last.from
        {
            first = same_year;
        }
        let unit = first.unit.min(last.unit);
        let whole = AskedPeriod {
            from: first.from,
            to: last.to,
            unit,
        };
        Some((whole, 1 + taken + 1 + more))
    }

    /// `since A`, `after A`, `before A`, `until A`, `from A on`.
    fn bound(&self, at: usize) -> PeriodReading {
        let (skip, kind) = match (self.word(at), self.word(at + 1)) {
            ("since" | "starting" | "from", "in" | "the" | "beginning") => (2, "since"),
            ("since" | "starting" | "from", _) => (1, "since"),
            ("after", _) => (1, "after"),
            ("before", _) => (1, "before"),
            ("until" | "till" | "through", _) => (1, "until"),
            ("up", "to" | "until") => (2, "until"),
            _ => return None,
        };
        let (point, taken) = self
            .point(at + skip, None, true)
            .or_else(|| self.relative(at + skip))?;
        let mut length = skip + taken;
        if matches!(self.word(at + length), "on" | "onward" | "onwards") {
            length += 1;
        } else if self.word(at) == "from" {
            // `orders from 2024` means in 2024.
            return Some((point, length));
        }
        let (from, to) = match kind {
            "since" => (point.from, None),
            "after" => (point.to, None),
            "before" => (None, point.from),
            _ => (None, point.to),
        };
        Some((AskedPeriod { from, to, ..point }, length))
    }

    /// `last month`, `past 3 weeks`, `this year`, `yesterday`, `ytd`.
    fn relative(&self, at: usize) -> PeriodReading {
        if self.word(at) == "the" {
            return self.relative(at + 1).map(|(period, length)| (period, length + 1));
        }
        let today = self.today;
        let to_date = |unit: PeriodUnit| AskedPeriod {
            from: Some(unit.start(today)),
            to: Some(shift(today, PeriodUnit::Day, 1)),
            unit,
        };
        match (self.word(at), self.word(at + 1), self.word(at + 2)) {
            ("year" | "month" | "quarter" | "week", "to", "date") => {
                return PeriodUnit::parse(self.word(at)).map(|unit| (to_date(unit), 3));
            }
            ("so", "far", "this") => {
                return PeriodUnit::parse(self.word(at + 3)).map(|unit| (to_date(unit), 4));
            }
            ("ytd", ..) => return Some((to_date(PeriodUnit::Year), 1)),
            ("mtd", ..) => return Some((to_date(PeriodUnit::Month), 1)),
            ("qtd", ..) => return Some((to_date(PeriodUnit::Quarter), 1)),
            ("today", ..) => return Some((period(PeriodUnit::Day, today, 1), 1)),
            ("yesterday", ..) => {
                return Some((period(PeriodUnit::Day, shift(today, PeriodUnit::Day, -1), 1), 1));
            }
            _ => {}
        }
        let direction = self.word(at);
        let (count, skip) = match number(self.word(at + 1)).and_then(|n| i32::try_from(n).ok()) {
            Some(n) => (n.clamp(1, 1000), 2),
            None => (1, 1),
        };
        let unit = PeriodUnit::parse(self.word(at + skip))?;
        let length = skip + 1;
        let start = unit.start(today);
        match direction {
            "this" | "current" => Some((period(unit, start, 1), length)),
            // Whole units before the one that is not over yet.
            "last" | "past" | "previous" | "prior" => {
                Some((period(unit, shift(start, unit, -count), count), length))
            }
            _ => None,
        }
    }

    /// A named period: a day, month, quarter, half or year. Without a year it is the latest one that has begun.
    fn point(&self, at: usize, year: Option<i16>, loose: bool) -> PeriodReading {
        if matches!(self.word(at), "the" | "calendar" | "year" | "fy") && !self.word(at + 1).is_empty() {
            return self
                .point(at + 1, year, false)
                .map(|(period, length)| (period, length + 1));
        }
        self.day(at)
            .or_else(|| self.part_of_year(at, year))
            .or_else(|| self.month(at, year, loose))
            .or_else(|| year_of(self.word(at)).map(|year| (period(PeriodUnit::Year, date(year, 1, 1), 1), 1)))
    }

    /// A day of this year, or of the last one if it is yet to come.
    fn begun(&self, day: Date) -> Date {
        if day > self.today {
            shift(day, PeriodUnit::Year, -1)
        } else {
            day
        }
    }

    /// `2025-03-15`, `2025-03`, `March 15, 2025`, `15 March 2025`.
    fn day(&self, at: usize) -> PeriodReading {
        let (a, b, c) = (self.word(at), self.word(at + 1), self.word(at + 2));
        if let (Some(year), Some(month)) = (year_of(a), two_digits(b)) {
            return match two_digits(c).and_then(|day| Date::new(year, month, day).ok()) {
                Some(day) => Some((period(PeriodUnit::Day, day, 1), 3)),
                None => Date::new(year, month, 1)
                    .ok()
                    .map(|first| (period(PeriodUnit::Month, first, 1), 2)),
            };
        }
        let (month, day) = match (month(a), month(b)) {
            (Some(month), _) => (month, day_of(b)?),
            (None, Some(month)) => (month, day_of(a)?),
            (None, None) => return None,
        };
        if let Some(year) = year_of(c) {
            let day = Date::new(year, month, day).ok()?;
            return Some((period(PeriodUnit::Day, day, 1), 3));
        }
        let day = self.begun(Date::new(self.today.year(), month, day).ok()?);
        Some((period(PeriodUnit::Day, day, 1), 2))
    }

    /// `Q1 2025`, `first quarter of 2025`, `H2 2024`, `second half of 2024`.
    fn part_of_year(&self, at: usize, year: Option<i16>) -> PeriodReading {
        let ordinal = |word: &str| match word {
            "first" | "1st" => Some(1),
            "second" | "2nd" => Some(2),
            "third" | "3rd" => Some(3),
            "fourth" | "4th" => Some(4),
            _ => None,
        };
        let word = self.word(at);
        let (n, months, mut length) = match word {
            "q1" | "q2" | "q3" | "q4" => (digit(word)?, 3, 1),
            "h1" | "h2" => (digit(word)?, 6, 1),
            _ => match (self.word(at + 1), self.word(at + 2)) {
                ("quarter", "of") if word == "last" => (4, 3, 2),
                ("quarter", _) => (ordinal(word)?, 3, 2),
                ("half", _) => (ordinal(word).filter(|n| *n <= 2)?, 6, 2),
                _ => return None,
            },
        };
        if matches!(self.word(at + length), "of" | "in") && year_of(self.word(at + length + 1)).is_some() {
            length += 1;
        }
        let written = year_of(self.word(at + length));
        if written.is_some() {
            length += 1;
        }
        let first = |year: i16| Date::new(year, (n - 1) * months + 1, 1).ok();
        let from = if let Some(year) = written.or(year) {
            first(year)?
        } else {
            self.begun(first(self.today.year())?)
        };
        let whole = AskedPeriod {
            from: Some(from),
            to: Some(shift(from, PeriodUnit::Month, i32::from(months))),
            unit: if months == 3 {
                PeriodUnit::Quarter
            } else {
                PeriodUnit::Month
            },
        };
        Some((whole, length))
    }

    /// `March 2025`, `March`, `in May`. Words that are also no month need a sign that they are one.
    fn month(&self, at: usize, year: Option<i16>, loose: bool) -> PeriodReading {
        let word = self.word(at);
        let month = month(word)?;
        let skip = usize::from(self.word(at + 1) == "of");
        if let Some(written) = year_of(self.word(at + 1 + skip)) {
            return Date::new(written, month, 1)
                .ok()
                .map(|first| (period(PeriodUnit::Month, first, 1), 2 + skip));
        }
        let before = at.checked_sub(1).map_or("", |before| self.word(before));
        let sign = matches!(
            before,
            "in" | "during"
                | "for"
                | "since"
                | "until"
                | "from"
                | "between"
                | "and"
                | "to"
                | "before"
                | "after"
        );
        if loose && !sign && matches!(word, "may" | "march" | "mar" | "sun" | "dec") {
            return None;
        }
        let mut first = Date::new(year.unwrap_or(self.today.year()), month, 1).ok()?;
        if year.is_none() {
            first = self.begun(first);
        }
        Some((period(PeriodUnit::Month, first, 1), 1))
    }
}

fn year_of(word: &str) -> Option<i16> {
    (word.len() == 4)
        .then(|| word.parse().ok())
        .flatten()
        .filter(|year| (1980..=2100).contains(year))
}

fn two_digits(word: &str) -> Option<i8> {
    (word.len() == 2).then(|| word.parse().ok()).flatten()
}

fn digit(word: &str) -> Option<i8> {
    word.chars().last()?.to_digit(10)?.try_into().ok()
}

fn day_of(word: &str) -> Option<i8> {
    let digits = word.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']);
    digits.parse().ok().filter(|day| (1..=31).contains(day))
}
