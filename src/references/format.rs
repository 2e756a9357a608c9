//! How a figure is written: as the reference asks, or else as its column is.

use jiff::civil::{Date, DateTime, Time};
use rust_decimal::{Decimal, RoundingStrategy};

use super::units::WrittenUnit;
use crate::result::{CalculatedUnit, Column, ColumnKind, ColumnMeaning, NumberStyle, for_reading};

/// Significant digits of a figure in thousands, millions or billions.
const SCALED_DIGITS: u32 = 3;
const PERCENT_DECIMALS: u32 = 1;
/// Significant digits of a percentage or ratio that is nearly nothing.
const SMALL_DIGITS: u32 = 2;
/// Significant digits of a ratio.
const RATIO_DIGITS: u32 = 3;
/// Bytes of a day: `2025-03-01`.
const DAY_BYTES: usize = 10;

/// How a reference wants its figure written. What it leaves open is the column's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FigureFormat {
    pub(super) scale: Option<NumberScale>,
    /// In percent: of a fraction the hundredfold.
    pub(super) percent: bool,
    pub(super) decimals: Option<u32>,
    pub(super) significant: Option<u32>,
    pub(super) absolute: bool,
    /// With a plus where it is above zero.
    pub(super) signed: bool,
}

/// What a figure is told in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberScale {
    Thousand,
    Million,
    Billion,
}

impl NumberScale {
    fn parts(self) -> (Decimal, &'static str) {
        match self {
            Self::Thousand => (Decimal::ONE_THOUSAND, "K"),
            Self::Million => (Decimal::from(1_000_000), "M"),
            Self::Billion => (Decimal::from(1_000_000_000), "B"),
        }
    }
}

/// How the figures of a column, or of a calculation, are written when nothing else is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NumberFormat {
    /// What it is multiplied by first.
    scale: Option<Decimal>,
    /// Digits behind the point, if they are always so many.
    pub(super) decimals: Option<u32>,
    prefix: String,
    suffix: String,
    currency: Option<String>,
    unit: NumberUnit,
    /// Whether thousands are marked off: not in a year or an id.
    grouped: bool,
}

/// What a number counts, as far as it decides how it is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum NumberUnit {
    #[default]
    Plain,
    /// A part of one: 0.125 is 12.5 %.
    Fraction,
    /// Percent already: 12.5 is 12.5 %.
    Percent,
    Ratio,
}

impl NumberFormat {
    /// The format of a column. `percentages` says that its values are percentages as they are read: 12.5 for 12.5 %.
    pub(super) fn of_column(column: &Column, percentages: bool) -> Self {
        let meaning = column.meaning();
        let named = matches!(
            meaning,
            ColumnMeaning::Identifier | ColumnMeaning::Position | ColumnMeaning::TimePart
        );
        let format = &column.format;
        let money = format.currency.is_some() || format.style == Some(NumberStyle::Currency);
        let fraction = format.style == Some(NumberStyle::Percent);
        let decimals = match (money, column.kind) {
            (true, ColumnKind::Integer) => Some(0),
            (true, _) => Some(currency_decimals(format.currency.as_deref())),
            (false, _) => None,
        };
        let sign = format.currency.as_deref().map(currency_sign);
        Self {
            scale: format.scale,
            decimals: format.decimals.or(decimals),
            prefix: format.prefix.clone().or(sign).unwrap_or_default(),
            suffix: match &format.suffix {
                Some(suffix) => suffix.clone(),
                None if percentages => "%".to_owned(),
                None => String::new(),
            },
            currency: format.currency.clone(),
            unit: match (fraction, column.says_percent()) {
                (true, _) => NumberUnit::Fraction,
                (false, true) => NumberUnit::Percent,
                (false, false) => NumberUnit::Plain,
            },
            grouped: !named && !column.names_rows(),
        }
    }

    /// Whether every figure is written with its unit.
    pub(super) fn shows_unit(&self) -> bool {
        !self.prefix.is_empty() || !self.suffix.is_empty() || self.unit == NumberUnit::Fraction
    }

    /// Whether its numbers are percentages as they are read.
    pub(super) fn counts_percent(&self) -> bool {
        self.unit == NumberUnit::Percent
    }

    /// The format of a figure that was worked out.
    pub(super) fn of_unit(unit: Option<CalculatedUnit>) -> Self {
        Self {
            unit: match unit {
                Some(CalculatedUnit::Percent) => NumberUnit::Percent,
                Some(CalculatedUnit::PercentagePoints) | None => NumberUnit::Plain,
            },
            suffix: match unit {
                Some(CalculatedUnit::Percent) => "%".to_owned(),
                Some(CalculatedUnit::PercentagePoints) | None => String::new(),
            },
            grouped: true,
            ..Self::default()
        }
    }

    /// The format of one figure by another.
    pub(super) fn of_ratio() -> Self {
        Self {
            unit: NumberUnit::Ratio,
            grouped: true,
            ..Self::default()
        }
    }

    pub(super) fn of_count() -> Self {
        Self {
            grouped: true,
            ..Self::default()
        }
    }

    /// The figure with its unit: `$1,234.50`, `12.5%`, `1.23M`.
    pub(super) fn write(&self, value: Decimal, wanted: &FigureFormat) -> String {
        let times = |value: Decimal, by: Decimal| value.checked_mul(by).unwrap_or(value);
        let mut value = self.scale.map_or(value, |scale| times(value, scale));
        let (mut prefix, mut suffix) = (self.prefix.as_str(), self.suffix.as_str());
        let mut unit = self.unit;
        if unit == NumberUnit::Fraction || (wanted.percent && unit != NumberUnit::Percent) {
            value = times(value, Decimal::ONE_HUNDRED);
            (prefix, suffix, unit) = ("", "%", NumberUnit::Percent);
        } else if wanted.percent {
            suffix = "%";
        }
        let scale = wanted.scale.map(NumberScale::parts);
        if let Some((by, _)) = scale {
            value = value.checked_div(by).unwrap_or(value);
        }
        let digits = self.digits(value, unit, wanted);
        let negative = value.is_sign_negative() && digits.contains(|c: char| matches!(c, '1'..='9'));
        let sign = match (wanted.absolute, negative) {
            (false, true) => "-",
            (false, false) if wanted.signed && !value.is_zero() => "+",
            _ => "",
        };
        let scale = scale.map_or("", |(_, letter)| letter);
        format!("{sign}{prefix}{digits}{scale}{suffix}")
    }

    /// The unit that [`write`](Self::write) puts beside the digits.
    pub(super) fn unit(&self, written: &str, wanted: &FigureFormat) -> WrittenUnit {
        if written.ends_with('%') {
            let names = ["%", "percent", "per cent", "pct"];
            return WrittenUnit {
                prefix: String::new(),
                names: names.map(str::to_owned).to_vec(),
            };
        }
        let scale: &[&str] = match wanted.scale {
            Some(NumberScale::Thousand) => &["K", "thousand"],
            Some(NumberScale::Million) => &["M", "million"],
            Some(NumberScale::Billion) => &["B", "billion"],
            None => &[],
        };
        let around = [self.prefix.trim(), self.suffix.trim()];
        let names = around.into_iter().chain(self.currency.as_deref());
        let names = names.chain(scale.iter().copied());
        WrittenUnit {
            prefix: self.prefix.clone(),
            names: names.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
        }
    }

    /// The digits, without a sign.
    fn digits(&self, value: Decimal, unit: NumberUnit, wanted: &FigureFormat) -> String {
        let value = value.abs();
        let rounded =
            |decimals: u32| value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        let significant = |digits: u32| {
            let found = value.round_sf_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
            // No digit before the point is ever rounded away.
            found
                .filter(|found| found.scale() > 0)
                .unwrap_or_else(|| rounded(0))
                .normalize()
        };
        let fixed =
            |decimals: u32| format!("{:.*}", usize::try_from(decimals).unwrap_or(0), rounded(decimals));
        let small = !value.is_zero() && value < Decimal::ONE;
        let text = match (wanted.decimals, wanted.significant) {
            (Some(decimals), _) => fixed(decimals),
            (None, Some(digits)) => {
                let found = value.round_sf_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
                found.unwrap_or(value).to_string()
            }
            (None, None) if wanted.scale.is_some() => significant(SCALED_DIGITS).to_string(),
            (None, None) => match (self.decimals, unit) {
                (Some(decimals), _) => fixed(decimals),
                (None, NumberUnit::Percent) if small => significant(SMALL_DIGITS).to_string(),
                (None, NumberUnit::Percent | NumberUnit::Fraction) => {
                    rounded(PERCENT_DECIMALS).normalize().to_string()
                }
                (None, NumberUnit::Ratio) if small => significant(RATIO_DIGITS).to_string(),
                (None, NumberUnit::Ratio) => rounded(2).normalize().to_string(),
                (None, NumberUnit::Plain) => for_reading(value).to_string(),
            },
        };
        if self.grouped { grouped(&text) } else { text }
    }
}

/// A number as its column is set up to be shown: `$1,234.50`, `42%`, `12.5 k`. `None` where nothing is set up for it.
pub(crate) fn as_set_up(value: Decimal, column: &Column) -> Option<String> {
    let format = &column.format;
    let is_set_up = format.currency.is_some()
        || format.style == Some(NumberStyle::Percent)
        || format.scale.is_some()
        || format.decimals.is_some()
        || format.prefix.is_some()
        || format.suffix.is_some();
    is_set_up.then(|| NumberFormat::of_column(column, false).write(value, &FigureFormat::default()))
}

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

/// What stands before an amount of a currency.
fn currency_sign(code: &str) -> String {
    let sign = match code {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        "CAD" => "CA$",
        "AUD" => "A$",
        "CNY" => "CN¥",
        code => return format!("{code} "),
    };
    sign.to_owned()
}

/// Digits behind the point of an amount of a currency.
fn currency_decimals(code: Option<&str>) -> u32 {
    match code {
        Some("JPY" | "KRW" | "VND" | "CLP" | "ISK") => 0,
        _ => 2,
    }
}

/// Digits with thousands marked off.
fn grouped(digits: &str) -> String {
    let (whole, rest) = match digits.find('.') {
        Some(point) => digits.split_at_checked(point).unwrap_or((digits, "")),
        None => (digits, ""),
    };
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out.push_str(rest);
    out
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
