//! Figures in cells, however they are written: 12.5, "12.50", "$1.2M", "45 %", "(3)".

use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive;
use serde_json::Value;

use super::cell;
use crate::grounding::{Kind, Number, Separators, Sign, numbers};

/// Fewest significant digits of a rounded figure.
const MIN_DIGITS: u32 = 3;
/// The same of a percentage, where two are as much as people write.
const MIN_DIGITS_OF_PERCENT: u32 = 2;

/// A cell that is a figure and nothing else.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct WrittenFigure {
    pub(super) value: Decimal,
    /// What one unit of the last digit is worth, where it is a text: a number in JSON has lost the zeros at its end.
    pub(super) place: Option<Decimal>,
    pub(super) digits: u32,
    pub(super) percent: bool,
}

impl WrittenFigure {
    /// Reads a cell; a boolean is 0 or 1.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let plain = cell::number(value);
        let Value::String(text) = value else {
            let value = plain?;
            return Some(Self {
                value,
                place: None,
                digits: digits(value),
                percent: false,
            });
        };
        let text = text.trim();
        if let Some(value) = plain {
            let point = text.split_once('.').map(|(_, decimals)| decimals);
            let decimals = point.map_or(Some(0), |decimals| {
                decimals
                    .bytes()
                    .all(|byte| byte.is_ascii_digit())
                    .then_some(decimals.len())
            });
            return Some(Self {
                value,
                place: decimals.and_then(|decimals| Decimal::try_new(1, u32::try_from(decimals).ok()?).ok()),
                digits: u32::try_from(text.trim_start_matches(['-', '+', '0', '.']).len())
                    .unwrap_or(u32::MAX),
                percent: false,
            });
        }
        Self::formatted(text)
    }

    /// A figure with anything that figures are written with, in English.
    fn formatted(text: &str) -> Option<Self> {
        let found = numbers(text, Separators::English);
        let [number] = found.as_slice() else { return None };
        let whole = number.start == 0 && number.end == text.len();
        if !whole || !matches!(number.kind, Kind::Quantity | Kind::Year) {
            return None;
        }
        Some(Self {
            value: exact(text, number)?,
            place: Decimal::from_f64(number.last_place),
            digits: number.digits,
            percent: number.percent,
        })
    }

    /// What rounding may have taken away, if enough digits are left to tell. Whole numbers are only rounded to thousands
    /// and more.
    pub(super) fn rounding(self, whole: bool) -> Decimal {
        let least = if self.percent {
            MIN_DIGITS_OF_PERCENT
        } else {
            MIN_DIGITS
        };
        match self.place {
            Some(place) if self.digits >= least && (!whole || self.percent || place > Decimal::ONE) => {
                place / Decimal::TWO
            }
            _ => Decimal::ZERO,
        }
    }
}

/// The value with every digit that was written.
fn exact(text: &str, number: &Number) -> Option<Decimal> {
    let digits: String = text
        .chars()
        .filter(|c| !matches!(c, ',' | '$' | '€' | '£' | '(' | ')' | ' '))
        .collect();
    let magnitude = match digits.parse::<Decimal>() {
        Ok(value) => value.abs(),
        Err(_) => Decimal::from_f64(number.value)?.abs(),
    };
    let negative = number.value < 0.0 || number.sign == Sign::Bracketed;
    Some(if negative { -magnitude } else { magnitude }.normalize())
}

fn digits(value: Decimal) -> u32 {
    value
        .mantissa()
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |digits| digits + 1)
}
