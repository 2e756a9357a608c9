//! Whether a written figure is a gold one.

use rust_decimal::prelude::ToPrimitive;

use super::written::Written;
use crate::eval::gold::{GoldScalar, Locale, Unit};
use crate::grounding::{Number, Separators, Sign};

/// Fewest significant digits of a rounded figure.
const MIN_DIGITS: u32 = 3;
/// The same where two are as much as people write.
const MIN_DIGITS_OF_SHARES: u32 = 2;
/// Noise of binary fractions, as a share of the value.
const NOISE: f64 = 1e-11;
/// Noise of numbers kept with 24 binary digits, as a share of the value.
const NOISE_OF_SINGLES: f64 = 1e-7;
/// Decimals from which on a number was computed with binary fractions, not written by a person.
const LONG: usize = 7;

/// A figure as it was written, or a cell.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure {
    pub(super) value: f64,
    /// Half of it is what rounding can take away.
    pub(super) last_place: f64,
    pub(super) digits: u32,
}

impl Figure {
    /// A cell as a figure.
    pub(super) fn of_cell(cell: Written) -> Option<Self> {
        let decimals = i32::try_from(cell.value.scale()).ok()?;
        Some(Self {
            value: cell.value.to_f64()?,
            last_place: cell
                .place
                .map_or(Some(10_f64.powi(-decimals)), |place| place.to_f64())?,
            digits: cell.digits,
        })
    }

    fn scaled(self, by: f64) -> Self {
        Self {
            value: self.value * by,
            last_place: self.last_place * by.abs(),
            ..self
        }
    }
}

impl From<Locale> for Separators {
    fn from(locale: Locale) -> Self {
        match locale {
            Locale::En => Self::English,
            Locale::De => Self::German,
            Locale::Fr => Self::French,
            Locale::Ch => Self::Swiss,
        }
    }
}

/// Whether a figure is the gold one as it stands.
pub(super) fn near(gold: &GoldScalar, figure: Figure) -> bool {
    let apart = (figure.value - gold.value).abs();
    let noise = gold.value.abs() * noise(gold.value);
    if gold.absolute.is_some() || gold.relative.is_some() {
        let share = gold.relative.unwrap_or(0.0) * gold.value.abs();
        return apart <= gold.absolute.unwrap_or(0.0).max(share) + noise;
    }
    if apart <= noise {
        return true;
    }
    let least = gold.min_digits.unwrap_or(match gold.unit {
        Unit::Percent | Unit::Fraction => MIN_DIGITS_OF_SHARES,
        _ => MIN_DIGITS,
    });
    gold.unit != Unit::Count
        && figure.digits >= least
        && apart <= figure.last_place / 2.0 * (1.0 + 1e-9) + noise
}

fn noise(value: f64) -> f64 {
    let long = value
        .to_string()
        .split_once('.')
        .is_some_and(|(_, decimals)| decimals.len() >= LONG);
    if long { NOISE_OF_SINGLES } else { NOISE }
}

/// Whether a cell is the gold figure. Where its unit is not written, both ways of a share count.
pub(super) fn cell_is(gold: &GoldScalar, cell: Written) -> bool {
    let Some(figure) = Figure::of_cell(cell) else {
        return false;
    };
    match (gold.unit, cell.percent) {
        (Unit::Percent, true) => near(gold, figure),
        (Unit::Percent, false) => near(gold, figure) || near(gold, figure.scaled(100.0)),
        (Unit::Fraction, true) => near(gold, figure.scaled(0.01)),
        (Unit::Fraction, false) => near(gold, figure) || near(gold, figure.scaled(0.01)),
        (Unit::Number | Unit::Count | Unit::Money, percent) => !percent && near(gold, figure),
    }
}

/// Whether a number in a text is the gold figure. `down` says that the words around it make it a decrease.
pub(super) fn number_is(gold: &GoldScalar, number: &Number, down: bool) -> bool {
    let other_currency = match (&gold.currency, number.currency) {
        (Some(wanted), Some(written)) => code(wanted) != written,
        _ => false,
    };
    if other_currency || (number.currency.is_some() && !matches!(gold.unit, Unit::Number | Unit::Money)) {
        return false;
    }
    let mut readings: Vec<Figure> = readings(number).collect();
    if gold.change && down && number.value > 0.0 {
        readings = readings
            .into_iter()
            .map(|figure| figure.scaled(-1.0))
            .filter(|figure| figure.value < 0.0)
            .collect();
    }
    readings
        .into_iter()
        .any(|figure| match (gold.unit, number.percent) {
            (Unit::Percent, true) => near(gold, figure),
            (Unit::Percent, false) => near(gold, figure) || near(gold, figure.scaled(100.0)),
            (Unit::Fraction, true) => near(gold, figure.scaled(0.01)),
            (_, true) => false,
            (_, false) => near(gold, figure),
        })
}

/// What a number in a text may be: one in brackets is an aside in prose and a minus in accounting.
pub(super) fn readings(number: &Number) -> impl Iterator<Item = Figure> {
    let bracketed = (number.sign == Sign::Bracketed).then_some(-number.value);
    std::iter::once(number.value)
        .chain(bracketed)
        .map(|value| Figure {
            value,
            last_place: number.last_place,
            digits: number.digits,
        })
}

/// A currency's code, from its sign or code.
fn code(currency: &str) -> &str {
    match currency {
        "$" => "USD",
        "€" => "EUR",
        "£" => "GBP",
        "¥" => "JPY",
        other => other,
    }
}
