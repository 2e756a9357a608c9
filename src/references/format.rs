//! How a figure is written: as the reference asks, or else as its column is.

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
