//! Arithmetic on figures in decimal, never in binary floating point: 28 significant digits, halves away from zero.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// Significant digits a figure is shown with where it has a fraction.
const SHOWN_DIGITS: u32 = 6;
/// Decimals that are always shown if they are there: money has two.
const SHOWN_DECIMALS: u32 = 2;

/// What can be done with figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FigureOperation {
    /// The sum of two or more.
    Add,
    /// The first less the second.
    Subtract,
    /// The product of two or more.
    Multiply,
    /// The first by the second.
    Divide,
    /// By how many percent of itself the first changed to become the second.
    PercentChange,
    /// How many percent of the second the first is.
    SharePercent,
    /// The mean of two or more.
    Mean,
    /// The least of two or more.
    Min,
    /// The greatest of two or more.
    Max,
}

/// What a figure counts, as far as arithmetic decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalculatedUnit {
    /// Percent: 12.5 means 12.5 %.
    Percent,
    /// The difference of two percentages.
    PercentagePoints,
}

/// Why an operation came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// A division, change or share whose base is zero.
    #[error("it would divide by zero")]
    DivisionByZero,
    /// The result has more digits before the point than decimals of 28 digits hold.
    #[error("the result is too large to be held exactly")]
    Overflow,
    /// The operation does not go with so many figures.
    #[error("{operation} takes {}, not {given}", operation.takes())]
    Count {
        operation: FigureOperation,
        /// How many figures it was given.
        given: usize,
    },
}

impl FigureOperation {
    /// All of them, in the order they are told.
    pub const ALL: [Self; 9] = [
        Self::Add,
        Self::Subtract,
        Self::Multiply,
        Self::Divide,
        Self::PercentChange,
        Self::SharePercent,
        Self::Mean,
        Self::Min,
        Self::Max,
    ];

    /// Its name in arguments.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
            Self::PercentChange => "percent_change",
            Self::SharePercent => "share_percent",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// How many figures it takes, in words.
    pub fn takes(self) -> &'static str {
        match self {
            Self::Add | Self::Multiply | Self::Mean | Self::Min | Self::Max => "two or more figures",
            Self::Subtract => "exactly two figures: what is taken from, then what is taken away",
            Self::Divide => "exactly two figures: what is divided, then what by",
            Self::PercentChange => "exactly two figures: the earlier, then the later",
            Self::SharePercent => "exactly two figures: the part, then the whole",
        }
    }

    fn takes_many(self) -> bool {
        matches!(
            self,
            Self::Add | Self::Multiply | Self::Mean | Self::Min | Self::Max
        )
    }

    /// Whether it goes with so many figures.
    pub(crate) fn check_count(self, given: usize) -> Result<(), ArithmeticError> {
        if given == 2 || (given > 2 && self.takes_many()) {
            Ok(())
        } else {
            Err(ArithmeticError::Count {
                operation: self,
                given,
            })
        }
    }

    pub fn apply(self, figures: &[Decimal]) -> Result<Decimal, ArithmeticError> {
        self.check_count(figures.len())?;
        let (Some(first), Some(second)) = (figures.first().copied(), figures.get(1).copied()) else {
            return Err(ArithmeticError::Count {
                operation: self,
                given: figures.len(),
            });
        };
        match self {
            Self::Add => sum(figures),
            Self::Subtract => difference(first, second),
            Self::Multiply => figures.iter().try_fold(Decimal::ONE, |product, figure| {
                product.checked_mul(*figure).ok_or(ArithmeticError::Overflow)
            }),
            Self::Divide => quotient(first, second),
            // Against the size of what it started from, so that a loss that shrinks is a rise.
            Self::PercentChange => percent(quotient(difference(second, first)?, first.abs())?),
            Self::SharePercent => percent(quotient(first, second)?),
            Self::Mean => quotient(sum(figures)?, Decimal::from(figures.len())),
            Self::Min => Ok(figures.iter().copied().fold(first, Decimal::min)),
            Self::Max => Ok(figures.iter().copied().fold(first, Decimal::max)),
        }
    }

    /// What its result counts, from what its figures count.
    pub fn unit(self, of: &[Option<CalculatedUnit>]) -> Option<CalculatedUnit> {
        let first = of.first().copied().flatten();
        let alike = of.iter().all(|unit| *unit == first);
        match self {
            Self::PercentChange | Self::SharePercent => Some(CalculatedUnit::Percent),
            Self::Subtract if alike => first.map(|_| CalculatedUnit::PercentagePoints),
            Self::Add | Self::Mean | Self::Min | Self::Max if alike => first,
            _ => None,
        }
    }
}

impl fmt::Display for FigureOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl CalculatedUnit {
    /// Its name where people and models read it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::PercentagePoints => "percentage points",
        }
    }
}

/// The sum of any number of figures.
pub fn sum(figures: &[Decimal]) -> Result<Decimal, ArithmeticError> {
    figures.iter().try_fold(Decimal::ZERO, |total, figure| {
        total.checked_add(*figure).ok_or(ArithmeticError::Overflow)
    })
}

fn difference(from: Decimal, less: Decimal) -> Result<Decimal, ArithmeticError> {
    from.checked_sub(less).ok_or(ArithmeticError::Overflow)
}

/// The first figure divided by the second.
pub(crate) fn quotient(figure: Decimal, by: Decimal) -> Result<Decimal, ArithmeticError> {
    if by.is_zero() {
        return Err(ArithmeticError::DivisionByZero);
    }
    figure.checked_div(by).ok_or(ArithmeticError::Overflow)
}

fn percent(fraction: Decimal) -> Result<Decimal, ArithmeticError> {
    fraction
        .checked_mul(Decimal::ONE_HUNDRED)
        .ok_or(ArithmeticError::Overflow)
}

/// A figure as it is shown: digits before the point untouched, at least two decimals kept, and no more than six
/// significant digits beyond that.
pub fn for_reading(figure: Decimal) -> Decimal {
    let by_digits = figure
        .round_sf_with_strategy(SHOWN_DIGITS, RoundingStrategy::MidpointAwayFromZero)
        .unwrap_or(figure);
    let decimals = by_digits.scale().max(SHOWN_DECIMALS);
    figure
        .round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
        .normalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn figures_are_shown_short_without_losing_money() {
        for (exact, shown) in [
            ("12.345678901", "12.3457"),
            ("0.3333333333333333", "0.333333"),
            ("0.000012345678", "0.0000123457"),
            ("1234567.895", "1234567.9"),
            ("1234567.891", "1234567.89"),
            ("-98765432.125", "-98765432.13"),
            ("25.000", "25"),
            ("1500", "1500"),
            ("1234567890", "1234567890"),
            ("0", "0"),
        ] {
            assert_eq!(for_reading(decimal(exact)).to_string(), shown, "{exact}");
        }
    }
}
