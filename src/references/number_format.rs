//! How a number is written: as the reference asks, else as its column is, and in the marks of the answer's language.

use rust_decimal::{Decimal, RoundingStrategy};

use super::format::FigureFormat;
use super::units::WrittenUnit;
use crate::grounding::Notation;
use crate::result::{CalculatedUnit, Column, ColumnKind, ColumnMeaning, NumberStyle, for_reading};

/// Significant digits of a figure in thousands, millions or billions.
const SCALED_DIGITS: u32 = 3;
const PERCENT_DECIMALS: u32 = 1;
/// Significant digits of a percentage or ratio that is nearly nothing.
const SMALL_DIGITS: u32 = 2;
/// Significant digits of a ratio.
const RATIO_DIGITS: u32 = 3;
pub(super) const CENTS: u32 = 2;
/// What is so many digits long behind the point was worked out, and is no price of a unit.
const WORKED_OUT: u32 = 5;

/// How the figures of a column, or of a calculation, are written when nothing else is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct NumberFormat {
    /// What it is multiplied by first.
    scale: Option<Decimal>,
    /// Digits behind the point, if they are always so many.
    decimals: Option<u32>,
    /// What an analyst set up to stand around the digits.
    prefix: Option<String>,
    suffix: Option<String>,
    currency: Option<String>,
    unit: NumberUnit,
    /// Whether a sign says that it is percent.
    percent_sign: bool,
    /// Whether thousands are marked off: not in an id.
    grouped: bool,
    /// Whether it may be a year, in which they are not marked off either.
    years: bool,
    /// The marks that an analyst set up, whatever the language.
    marks: Option<Notation>,
    /// How exact the values are.
    exactness: Exactness,
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

/// Decimals that are written in every figure of a column, because some of its values have them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Exactness {
    #[default]
    Open,
    Cents,
    /// Of a percentage.
    Tenths,
}

/// A number as it is written, and the unit beside its digits.
#[derive(Debug, Clone)]
pub(super) struct WrittenNumber {
    pub(super) text: String,
    pub(super) unit: WrittenUnit,
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
        Self {
            scale: format.scale,
            decimals: format.decimals.or(decimals),
            prefix: format.prefix.clone(),
            suffix: format.suffix.clone(),
            currency: format.currency.clone(),
            unit: match (fraction, column.says_percent()) {
                (true, _) => NumberUnit::Fraction,
                (false, true) => NumberUnit::Percent,
                (false, false) => NumberUnit::Plain,
            },
            percent_sign: percentages && format.suffix.is_none(),
            grouped: !named && !column.names_rows(),
            years: column.may_hold_years(),
            marks: format.separators.as_deref().and_then(marks_set_up),
            exactness: Exactness::Open,
        }
    }

    /// The same for a column that holds these values: if some have cents or tenths of a percent, all are written with them.
    pub(super) fn even(mut self, money: bool, values: impl Iterator<Item = Decimal>) -> Self {
        let exact: Vec<u32> = match self.unit {
            NumberUnit::Plain if money && self.decimals.is_none() => {
                values.map(|value| value.normalize().scale()).collect()
            }
            NumberUnit::Fraction | NumberUnit::Percent if self.decimals.is_none() => {
                let by = if self.unit == NumberUnit::Fraction {
                    Decimal::ONE_HUNDRED
                } else {
                    Decimal::ONE
                };
                values
                    .map(|value| rounded(times(value, by), PERCENT_DECIMALS).normalize().scale())
                    .collect()
            }
            _ => return self,
        };
        let any = exact.iter().any(|decimals| *decimals > 0);
        let price_of_unit = |decimals: &u32| (CENTS + 1..WORKED_OUT).contains(decimals);
        self.exactness = match self.unit {
            NumberUnit::Plain if any && !exact.iter().any(price_of_unit) => Exactness::Cents,
            NumberUnit::Fraction | NumberUnit::Percent if any => Exactness::Tenths,
            _ => Exactness::Open,
        };
        self
    }

    /// The same for numbers that only say which one is meant: their thousands are not marked off.
    pub(super) fn naming(mut self) -> Self {
        self.grouped = false;
        self
    }

    /// Whether every figure is written with its unit.
    pub(super) fn shows_unit(&self) -> bool {
        let shown = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.is_empty());
        let around = shown(&self.prefix) || shown(&self.suffix) || shown(&self.currency);
        around || self.percent_sign || self.unit == NumberUnit::Fraction
    }

    /// Whether its numbers are percentages as they are read.
    pub(super) fn counts_percent(&self) -> bool {
        self.unit == NumberUnit::Percent
    }

    /// The format of a difference of two figures that count the same; `None` where they do not.
    pub(super) fn of_difference(&self, other: &Self) -> Option<Self> {
        let plain = |one: &Self| Self {
            exactness: Exactness::Open,
            ..one.clone()
        };
        let exacter = |one: &Self| one.exactness != Exactness::Open;
        (plain(self) == plain(other)).then(|| {
            if exacter(self) {
                self.clone()
            } else {
                other.clone()
            }
        })
    }

    /// The format of a figure that was worked out.
    pub(super) fn of_unit(unit: Option<CalculatedUnit>) -> Self {
        let percent = unit == Some(CalculatedUnit::Percent);
        Self {
            unit: if percent {
                NumberUnit::Percent
            } else {
                NumberUnit::Plain
            },
            percent_sign: percent,
            grouped: true,
            ..Self::default()
        }
    }

    /// The same for a figure with a name: that of a mean year is no amount.
    pub(super) fn called(mut self, name: &str) -> Self {
        self.years = Column::named(name, ColumnKind::Number).may_hold_years();
        self
    }

    /// The format of this figure by another: money for each thing is money with cents.
    pub(super) fn of_ratio(&self, by: &Self) -> Self {
        let money = |one: &Self| one.currency.is_some() || one.exactness == Exactness::Cents;
        Self {
            unit: NumberUnit::Ratio,
            grouped: true,
            exactness: if money(self) && !money(by) {
                Exactness::Cents
            } else {
                Exactness::Open
            },
            ..Self::default()
        }
    }

    pub(super) fn of_count() -> Self {
        Self {
            grouped: true,
            ..Self::default()
        }
    }

    /// The marks that its figures are written with in an answer of this notation.
    pub(super) fn marks_in(&self, notation: Notation) -> Notation {
        self.marks.unwrap_or(notation)
    }

    /// The figure with its unit: `$1,234.50`, `12.5%`, `1.23M`; in German `1.234,50 $`, `12,5 %`, `1,23 Mio`.
    pub(super) fn write(&self, value: Decimal, wanted: &FigureFormat, notation: Notation) -> WrittenNumber {
        let mut value = self.scale.map_or(value, |scale| times(value, scale));
        let hundredfold =
            self.unit == NumberUnit::Fraction || (wanted.percent && self.unit != NumberUnit::Percent);
        let unit = if hundredfold {
            value = times(value, Decimal::ONE_HUNDRED);
            NumberUnit::Percent
        } else {
            self.unit
        };
        let scale = wanted.scale.map(|scale| notation.scale(scale));
        if let Some(scale) = &scale {
            value = value.checked_div(scale.by).unwrap_or(value);
        }
        let digits = self.digits(value, unit, wanted);
        let negative = value.is_sign_negative() && digits.contains(|c: char| matches!(c, '1'..='9'));
        let sign = match (wanted.absolute, negative) {
            (false, true) => "-",
            (false, false) if wanted.signed && !value.is_zero() => "+",
            _ => "",
        };
        let digits = self
            .marks_in(notation)
            .digits(&digits, self.grouped && !self.is_year(value));
        let percent = hundredfold || wanted.percent || self.percent_sign;
        let (prefix, suffix) = self.around(hundredfold, percent, notation);
        let scale = scale.map(|scale| (scale.mark, scale.names));
        let (mark, scales) = scale.unwrap_or_default();
        let text = format!("{sign}{prefix}{digits}{mark}{suffix}");
        let names: Vec<&str> = if percent {
            vec![
                "%",
                "percent",
                "per cent",
                "pct",
                "Prozent",
                "pour cent",
                "por ciento",
                "per cento",
                "por cento",
                "procent",
            ]
        } else {
            let currency = self.currency.as_deref();
            let sign = currency.map(currency_sign);
            let spelled = match currency {
                Some("EUR") => Some("Euro"),
                Some("CHF") => Some("Franken"),
                _ => None,
            };
            let around = [
                self.prefix.as_deref(),
                self.suffix.as_deref(),
                sign,
                currency,
                spelled,
            ];
            let names = around.into_iter().flatten().map(str::trim);
            names.chain(scales.iter().copied()).collect()
        };
        WrittenNumber {
            text,
            unit: WrittenUnit {
                prefix: if percent { String::new() } else { prefix },
                suffix: if percent { String::new() } else { suffix },
                names: names
                    .into_iter()
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect(),
            },
        }
    }

    /// What stands before and behind the digits.
    fn around(&self, hundredfold: bool, percent: bool, notation: Notation) -> (String, String) {
        let own = |text: &Option<String>| text.clone().unwrap_or_default();
        if hundredfold {
            return (String::new(), notation.percent().to_owned());
        }
        if percent {
            return (own(&self.prefix), notation.percent().to_owned());
        }
        match &self.currency {
            Some(code) if self.prefix.is_none() => {
                let (before, behind) = notation.around_money(currency_sign(code));
                (before, format!("{}{behind}", own(&self.suffix)))
            }
            _ => (own(&self.prefix), own(&self.suffix)),
        }
    }

    fn is_year(&self, value: Decimal) -> bool {
        self.years && (Decimal::ONE_THOUSAND..Decimal::from(3_000)).contains(&value)
    }

    /// The digits, without a sign and without marks but a point.
    fn digits(&self, value: Decimal, unit: NumberUnit, wanted: &FigureFormat) -> String {
        let value = value.abs();
        let significant = |digits: u32| {
            let found = value.round_sf_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
            // No digit before the point is ever rounded away.
            found
                .filter(|found| found.scale() > 0)
                .unwrap_or_else(|| rounded(value, 0))
        };
        // A zero at the end says that there was more: 67.0 of 66.98, and 67 of 67.
        let short = |found: Decimal| if found == value { found.normalize() } else { found };
        let small = !value.is_zero() && value < Decimal::ONE;
        let nothing_or_all = value.is_zero() || value == Decimal::ONE_HUNDRED;
        match (wanted.decimals, wanted.significant) {
            (Some(decimals), _) => fixed(value, decimals),
            (None, Some(digits)) => {
                let found = value.round_sf_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
                found.unwrap_or(value).to_string()
            }
            (None, None) if wanted.scale.is_some() && small => {
                significant(SCALED_DIGITS).normalize().to_string()
            }
            (None, None) if wanted.scale.is_some() => short(significant(SCALED_DIGITS)).to_string(),
            (None, None) => match (self.decimals, unit) {
                (Some(decimals), _) => fixed(value, decimals),
                (None, NumberUnit::Percent) if small => significant(SMALL_DIGITS).normalize().to_string(),
                (None, NumberUnit::Percent | NumberUnit::Fraction)
                    if (self.exactness == Exactness::Tenths && !nothing_or_all)
                        || rounded(value, PERCENT_DECIMALS) != value =>
                {
                    fixed(value, PERCENT_DECIMALS)
                }
                (None, NumberUnit::Percent | NumberUnit::Fraction) => value.normalize().to_string(),
                (None, NumberUnit::Ratio) if small => significant(RATIO_DIGITS).normalize().to_string(),
                (None, NumberUnit::Ratio | NumberUnit::Plain)
                    if self.exactness == Exactness::Cents
                        && (!small || value.normalize().scale() <= CENTS) =>
                {
                    fixed(value, CENTS)
                }
                (None, NumberUnit::Ratio) => rounded(value, 2).normalize().to_string(),
                (None, NumberUnit::Plain) => for_reading(value).to_string(),
            },
        }
    }
}

fn times(value: Decimal, by: Decimal) -> Decimal {
    value.checked_mul(by).unwrap_or(value)
}

fn rounded(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

fn fixed(value: Decimal, decimals: u32) -> String {
    format!(
        "{:.*}",
        usize::try_from(decimals).unwrap_or(0),
        rounded(value, decimals)
    )
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
    let written = || {
        let format = NumberFormat::of_column(column, false);
        format
            .write(value, &FigureFormat::default(), Notation::English)
            .text
    };
    is_set_up.then(written)
}

/// The marks that a column is set up with in Metabase, the one for decimals first: `,.` is `1.234,5`.
fn marks_set_up(separators: &str) -> Option<Notation> {
    match separators {
        ".," => Some(Notation::English),
        ",." => Some(Notation::German),
        ", " => Some(Notation::French),
        ".’" | ".'" => Some(Notation::Swiss),
        _ => None,
    }
}

/// What stands beside an amount of a currency.
fn currency_sign(code: &str) -> &str {
    match code {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "INR" => "₹",
        "CAD" => "CA$",
        "AUD" => "A$",
        "CNY" => "CN¥",
        code => code,
    }
}

/// Digits behind the point of an amount of a currency.
fn currency_decimals(code: Option<&str>) -> u32 {
    match code {
        Some("JPY" | "KRW" | "VND" | "CLP" | "ISK") => 0,
        _ => CENTS,
    }
}
