//! Which calculated figures may bear out an answer. The calculator takes numbers that the model typed, so a figure of
//! it is a source only if these are the person's own, or turn one unit into another; else an invented figure, or an
//! average by a count that the model counted itself, would come out of it looking like a result.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::grounding::{Separators, numbers, of_word};
use crate::result::{Cell, Derivation, DerivationInput, FigureOperation, Handle, ResultTable};

/// By what one unit becomes another, besides powers of ten: days of a week, months of a year, hours, minutes, weeks,
/// quarters, days of a year, seconds of an hour and of a day.
const UNITS: [u32; 10] = [7, 12, 24, 60, 52, 4, 365, 366, 3_600, 86_400];
/// How far two readings of one number may lie apart, relatively.
const SAME: f64 = 1e-9;

/// What is known of the calculated results of a conversation.
pub(super) struct CalculatedSources {
    /// Numbers the person wrote, percentages also as fractions and factors.
    said: Vec<f64>,
    /// For each calculated result, whether its figures have a foundation, in the order of its rows.
    known: BTreeMap<Handle, Vec<bool>>,
}

impl CalculatedSources {
    /// With the questions of the conversation.
    pub(super) fn new<'a>(questions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut said = Vec::new();
        for question in questions {
            for number in numbers(question, Separators::English) {
                let part = number.value / 100.0;
                let factors = [part, 1.0 + part, 1.0 - part];
                said.push(number.value);
                said.extend(factors.into_iter().filter(|_| number.percent));
            }
            let words = question.split(|c: char| !c.is_alphabetic());
            said.extend(words.filter_map(|word| number_of_word(&word.to_lowercase())));
        }
        Self {
            said,
            known: BTreeMap::new(),
        }
    }

    /// Which figures of a calculated result have a foundation, in the order of its rows. Results are taken in the order
    /// they came.
    pub(super) fn judge(&mut self, handle: Handle, derivations: &[Derivation]) {
        let mut founded: Vec<bool> = Vec::with_capacity(derivations.len());
        for derivation in derivations {
            let all = derivation
                .of
                .iter()
                .all(|input| self.holds(input, derivation.operation, (derivations, &founded)));
            founded.push(all);
        }
        self.known.insert(handle, founded);
    }

    /// The table of a result that was judged, with only the figures that have a foundation.
    pub(super) fn table(&self, handle: Handle, mut table: Arc<ResultTable>) -> Arc<ResultTable> {
        let Some(founded) = self.known.get(&handle).filter(|founded| founded.contains(&false)) else {
            return table;
        };
        let kept = Arc::make_mut(&mut table);
        for (row, _) in kept
            .rows
            .iter_mut()
            .zip(founded)
            .filter(|(_, founded)| !**founded)
        {
            row.fill(Cell::Null);
        }
        table
    }

    /// The rows of a result that was judged, counted from 0, whose figures have no foundation.
    pub(super) fn unfounded(&self, handle: Handle) -> BTreeSet<usize> {
        let founded = self.known.get(&handle).into_iter().flatten();
        let rows = founded.enumerate().filter(|(_, founded)| !**founded);
        rows.map(|(row, _)| row).collect()
    }

    fn holds(
        &self,
        input: &DerivationInput,
        operation: FigureOperation,
        (derivations, founded): (&[Derivation], &[bool]),
    ) -> bool {
        match input {
            DerivationInput::Cell { result, row, .. } => self.known.get(result).is_none_or(|rows| {
                let at = usize::try_from(row.saturating_sub(1)).unwrap_or(usize::MAX);
                rows.get(at).copied().unwrap_or(false)
            }),
            DerivationInput::Total { result, .. } => {
                let rows = self.known.get(result);
                rows.is_none_or(|rows| !rows.contains(&false))
            }
            DerivationInput::Step { name, .. } => {
                let steps = derivations.iter().zip(founded);
                steps
                    .filter(|(step, _)| step.name == *name)
                    .any(|(_, founded)| *founded)
            }
            DerivationInput::Given { value } => is_unit(*value, operation) || self.is_said(*value),
        }
    }

    fn is_said(&self, value: Decimal) -> bool {
        let Some(value) = value.to_f64() else {
            return false;
        };
        let near = |said: &f64| (said.abs() - value.abs()).abs() <= SAME * value.abs();
        self.said.iter().any(near)
    }
}

/// The number that a word of a question says: `three`, `half` of something.
fn number_of_word(low: &str) -> Option<f64> {
    match low {
        "half" | "halves" | "twice" | "double" | "both" => Some(2.0),
        "third" | "thirds" | "triple" => Some(3.0),
        _ => of_word(low)
            .and_then(|number| u32::try_from(number).ok())
            .map(f64::from),
    }
}

/// Whether a typed number only turns one unit into another. Nothing is added to or compared with such a number.
fn is_unit(value: Decimal, operation: FigureOperation) -> bool {
    let value = value.abs().normalize();
    let converts = matches!(operation, FigureOperation::Multiply | FigureOperation::Divide);
    let power_of_ten = value.mantissa().unsigned_abs().to_string().trim_end_matches('0') == "1";
    converts && (power_of_ten || UNITS.iter().any(|unit| value == Decimal::from(*unit)))
}
