//! Whether a written figure is a gold one.

use rust_decimal::prelude::ToPrimitive;

use super::written::WrittenFigure;
use crate::eval::gold::{FigureUnit, GoldScalar, Locale};
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
pub(super) struct FigureReading {
    pub(super) value: f64,
    /// Half of it is what rounding can take away.
    pub(super) last_place: f64,
    pub(super) digits: u32,
}

impl FigureReading {
    pub(super) fn of_cell(cell: WrittenFigure) -> Option<Self> {
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
pub(super) fn near(gold: &GoldScalar, figure: FigureReading) -> bool {
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
        FigureUnit::Percent | FigureUnit::Fraction => MIN_DIGITS_OF_SHARES,
        _ => MIN_DIGITS,
    });
    gold.unit != FigureUnit::Count
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
pub(super) fn cell_is(gold: &GoldScalar, cell: WrittenFigure) -> bool {
    let Some(figure) = FigureReading::of_cell(cell) else {
        return false;
    };
    match (gold.unit, cell.percent) {
        (FigureUnit::Percent, true) => near(gold, figure),
        (FigureUnit::Percent, false) => near(gold, figure) || near(gold, figure.scaled(100.0)),
        (FigureUnit::Fraction, true) => near(gold, figure.scaled(0.01)),
        (FigureUnit::Fraction, false) => near(gold, figure) || near(gold, figure.scaled(0.01)),
        (FigureUnit::Number | FigureUnit::Count | FigureUnit::Money, percent) => {
            !percent && near(gold, figure)
        }
    }
}

/// Whether a number in a text is the gold figure. `down` says that the words around it make it a decrease.
pub(super) fn number_is(gold: &GoldScalar, number: &Number, down: bool) -> bool {
    let other_currency = match (&gold.currency, number.currency) {
        (Some(wanted), Some(written)) => code(wanted) != written,
        _ => false,
    };
    if other_currency
        || (number.currency.is_some() && !matches!(gold.unit, FigureUnit::Number | FigureUnit::Money))
    {
        return false;
    }
    let mut readings: Vec<FigureReading> = readings(number).collect();
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
            (FigureUnit::Percent, true) => near(gold, figure),
            (FigureUnit::Percent, false) => near(gold, figure) || near(gold, figure.scaled(100.0)),
            (FigureUnit::Fraction, true) => near(gold, figure.scaled(0.01)),
            (_, true) => false,
            (_, false) => near(gold, figure),
        })
}

/// What a number in a text may be: one in brackets is an aside in prose and a minus in accounting.
pub(super) fn readings(number: &Number) -> impl Iterator<Item = FigureReading> {
    let bracketed = (number.sign == Sign::Bracketed).then_some(-number.value);
    std::iter::once(number.value)
        .chain(bracketed)
        .map(|value| FigureReading {
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
