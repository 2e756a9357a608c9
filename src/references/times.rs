//! How days and times are written: as exactly as their column tells them, and in its style where that is clear.

use jiff::civil::{Date, DateTime, Time};

use crate::result::{Column, ColumnKind};

/// Bytes of a day: `2025-03-01`.
const DAY_BYTES: usize = 10;

/// A day of a column as its own style writes it, where it has one that is clear. A bucket of days is none.
pub(crate) fn styled_day(day: Date, column: &Column) -> Option<String> {
    let is_bucket = matches!(
        column.unit.as_deref(),
        Some("year" | "quarter" | "month" | "week")
    );
    styled(day, column.format.date_style.as_deref().filter(|_| !is_bucket)?)
}

/// A column's style for days, where it is one that is followed.
pub(crate) fn clear_date_style(column: &Column) -> Option<&str> {
    let style = column.format.date_style.as_deref()?;
    styled(Date::MIN, style).map(|_| style)
}

/// A day as a column's style writes it: `D MMMM, YYYY` is `1 March, 2025`. `None` for a style in which day and month could be
/// taken for each other.
fn styled(day: Date, style: &str) -> Option<String> {
    let is_clear = style.contains("MMMM") || style.starts_with("YYYY");
    let parts = [
        ("dddd", "%A"),
        ("YYYY", "%Y"),
        ("MMMM", "%B"),
        ("M", "%-m"),
        ("D", "%-d"),
    ];
    let mut pattern = String::new();
    let mut rest = style;
    while let Some(first) = rest.chars().next() {
        let part = parts
            .iter()
            .find_map(|(name, to)| Some((*to, rest.strip_prefix(name)?)));
        if let Some((to, after)) = part {
            pattern.push_str(to);
            rest = after;
        } else if first.is_alphanumeric() || first == '%' {
            return None;
        } else {
            pattern.push(first);
            rest = rest.get(first.len_utf8()..)?;
        }
    }
    is_clear.then(|| day.strftime(&pattern).to_string())
}

/// How exactly a column's times are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimePrecision {
    Year,
    Quarter,
    Month,
    Other,
}

impl TimePrecision {
    /// As the column's bucket says. Where it has none, days that are all the first of a month may be named by their months.
    pub(super) fn of<'c>(column: &Column, mut values: impl Iterator<Item = &'c str>) -> Self {
        if let Some(precision) = Self::of_bucket(column) {
            return precision;
        }
        let firsts = |text: &str| day_of(text).is_some_and(|day| day.day() == 1);
        let first = values.next().is_some_and(firsts);
        let mut others = values.peekable();
        let several = others.peek().is_some();
        if first && several && others.all(firsts) {
            Self::Month
        } else {
            Self::Other
        }
    }

    /// How exactly its times are written. Contracts begin on the first of a month and are days all the same: without a bucket only
    /// a column that is called a month, or that has one row for each of several months in their order, is taken for months.
    pub(super) fn written<'c>(column: &Column, values: impl Iterator<Item = &'c str>) -> Self {
        if let Some(precision) = Self::of_bucket(column) {
            return precision;
        }
        let days: Option<Vec<Date>> = values
            .map(|text| day_of(text).filter(|day| day.day() == 1))
            .collect();
        let days = days.unwrap_or_default();
        let is_called_so = [&column.name, &column.label].iter().any(|name| {
            let name = name.to_lowercase();
            let mut words = name.split(|c: char| !c.is_alphanumeric());
            words.any(|word| MONTHS.contains(&word))
        });
        let numbers: Vec<i32> = days.iter().map(|day| month_number(*day)).collect();
        let steps = || {
            numbers
                .iter()
                .zip(numbers.iter().skip(1))
                .map(|(one, next)| next - one)
        };
        let is_row_of_months = numbers.len() >= FEWEST_MONTHS
            && (steps().all(|step| step == 1) || steps().all(|step| step == -1));
        if (is_called_so && !days.is_empty()) || is_row_of_months {
            Self::Month
        } else {
            Self::Other
        }
    }

    /// As the column's bucket says; `None` where it has none.
    fn of_bucket(column: &Column) -> Option<Self> {
        Some(match column.unit.as_deref()? {
            "year" => Self::Year,
            "quarter" => Self::Quarter,
            "month" => Self::Month,
            _ => Self::Other,
        })
    }

    /// A day or moment of a column as it is written for people: days in the column's own style, where it has one.
    pub(super) fn write_for(self, text: &str, column: &Column) -> String {
        let day = day_of(text).filter(|_| self == Self::Other && column.unit.as_deref() != Some("week"));
        let styled = day.and_then(|day| styled_day(day, column));
        styled.unwrap_or_else(|| self.write(text, column.kind))
    }

    /// A day or moment as it is written: `2025-03`, `Q1 2025`, `2025-03-01 14:30`.
    pub(super) fn write(self, text: &str, kind: ColumnKind) -> String {
        match (self, day_of(text)) {
            (Self::Year, Some(day)) => day.strftime("%Y").to_string(),
            (Self::Quarter, Some(day)) => format!("Q{} {}", quarter(day), day.year()),
            (Self::Month, Some(day)) => day.strftime("%Y-%m").to_string(),
            (Self::Other, Some(day)) => day.to_string(),
            (_, None) if kind == ColumnKind::Datetime => match moment_of(text) {
                Some(moment) if moment.second() == 0 => moment.strftime("%Y-%m-%d %H:%M").to_string(),
                Some(moment) => moment.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                None => text.to_owned(),
            },
            (_, None) if kind == ColumnKind::Time => match time_of(text) {
                Some(time) if time.second() == 0 => time.strftime("%H:%M").to_string(),
                Some(time) => time.strftime("%H:%M:%S").to_string(),
                None => text.to_owned(),
            },
            (_, None) => text.to_owned(),
        }
    }

    /// All ways in which a key may name a day or moment of a column, in lower case.
    pub(super) fn names(self, text: &str) -> Vec<String> {
        let mut names = vec![text.to_lowercase()];
        if let Some(day) = day_of(text) {
            names.push(day.to_string());
            let mut add = |pattern: &str| names.push(day.strftime(pattern).to_string().to_lowercase());
            match self {
                Self::Year => add("%Y"),
                Self::Month => {
                    for pattern in ["%Y-%m", "%B %Y", "%b %Y"] {
                        add(pattern);
                    }
                }
                Self::Quarter => {
                    let (quarter, year) = (quarter(day), day.year());
                    names.extend([
                        // Models shorten the first day, which is what a result shows.
                        day.strftime("%Y-%m").to_string(),
                        format!("q{quarter} {year}"),
                        format!("{year} q{quarter}"),
                        format!("{year}-q{quarter}"),
                    ]);
                }
                Self::Other => {}
            }
        } else if let Some(moment) = moment_of(text) {
            for pattern in ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dt%H:%M:%S"] {
                names.push(moment.strftime(pattern).to_string());
            }
            if moment.second() == 0 {
                for pattern in ["%Y-%m-%d %H:%M", "%Y-%m-%dt%H:%M"] {
                    names.push(moment.strftime(pattern).to_string());
                }
            }
        } else if let Some(time) = time_of(text) {
            names.push(time.strftime("%H:%M:%S").to_string());
            if time.second() == 0 {
                names.push(time.strftime("%H:%M").to_string());
            }
        }
        names
    }
}

/// What columns of months are called, in the languages that answers are written in.
const MONTHS: [&str; 6] = ["month", "months", "monat", "monate", "mois", "mes"];
/// So many months behind one another are no chance.
const FEWEST_MONTHS: usize = 3;

/// Counts months, so that neighbours differ by one.
fn month_number(day: Date) -> i32 {
    i32::from(day.year()) * 12 + i32::from(day.month())
}

fn quarter(day: Date) -> i8 {
    (day.month() - 1) / 3 + 1
}

/// The day of a text that is a day, or the midnight of one.
fn day_of(text: &str) -> Option<Date> {
    let (date, rest) = text.split_at_checked(DAY_BYTES)?;
    let midnight =
        rest.is_empty() || rest.get(1..6) == Some("00:00") && rest.get(6..9).is_none_or(|s| s == ":00");
    date.parse().ok().filter(|_| midnight)
}

/// The time of day of a text, without its zone: `14:30` of `14:30:00.000Z`.
fn time_of(text: &str) -> Option<Time> {
    text.get(..8).or(Some(text))?.parse().ok()
}

/// The moment of a text, without its zone: it is the reporting time zone's.
fn moment_of(text: &str) -> Option<DateTime> {
    text.get(..19).or(Some(text))?.parse().ok()
}
