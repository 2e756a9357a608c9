//! Which derivations are kept: those that come to the figure, and mean something.

use rust_decimal::Decimal;

use super::cells::FigureSource;
use super::derive::Search;
use super::figure::{DerivationOperation, Trace};
use super::operand::Operand;
use crate::result::ColumnMeaning;

impl Search<'_, '_, '_, '_> {
    /// Whether an operand counts things, beside another column with amounts.
    pub(super) fn is_count(&self, one: &Operand) -> bool {
        let shape = self.seat.context.index.shapes.get(one.material);
        shape.is_some_and(|shape| shape.counts.contains(&one.column))
    }

    /// Whether averages or shares are added, or set in relation as parts are: that says nothing.
    fn is_of_rates(&self, operation: DerivationOperation, inputs: &[Operand]) -> bool {
        let index = self.seat.context.index;
        let rate = |one: &Operand| {
            let shape = index.shapes.get(one.material);
            let table = index.materials.get(one.material).map(|material| material.table);
            let column = table.and_then(|table| table.columns.get(one.column));
            column.is_some_and(|column| column.meaning() == ColumnMeaning::Rate)
                || shape.is_some_and(|shape| shape.rates.contains(&one.column))
        };
        match operation {
            DerivationOperation::Sum
            | DerivationOperation::RunningTotal
            | DerivationOperation::Share
            | DerivationOperation::ShareOfRest => inputs.iter().any(rate),
            DerivationOperation::PercentChange => {
                inputs.iter().any(rate) && !(self.wanted.cues.change || self.wanted.cues.gap)
            }
            DerivationOperation::Difference => inputs.iter().any(rate) && !inputs.iter().all(rate),
            _ => false,
        }
    }

    /// Whether a sum or mean is looked for where a table has the figure of one row.
    fn is_of_one_row(&self, operation: DerivationOperation, inputs: &[Operand]) -> bool {
        let summing = matches!(operation, DerivationOperation::Sum | DerivationOperation::Mean);
        let Some(first) = inputs
            .first()
            .filter(|_| summing && self.seat.place.row.is_some())
        else {
            return false;
        };
        let headed = self.seat.header_columns(first.material).contains(&first.column);
        headed && self.seat.named_rows(first.material).len() == 1
    }

    /// Keeps a derivation that comes to the figure. What the text names less plainly needs more digits.
    pub(super) fn check(
        &mut self,
        operation: DerivationOperation,
        value: impl Into<Option<Decimal>>,
        tier: u32,
        inputs: &[Operand],
    ) {
        use rust_decimal::prelude::ToPrimitive as _;
        self.seat.context.work.spend(1);
        let Some(value) = value.into() else { return };
        let Some(number) = value.to_f64().filter(|_| self.wanted.digits >= 2 * tier - 1) else {
            return;
        };
        let fits = match operation {
            DerivationOperation::PercentChange | DerivationOperation::Difference => {
                self.wanted.admits_change(number)
            }
            _ => self.wanted.admits(number),
        };
        let added = matches!(
            operation,
            DerivationOperation::Sum | DerivationOperation::Mean | DerivationOperation::Difference
        );
        let counted = self.wanted.money && added && inputs.iter().all(|one| self.is_count(one));
        let points = self.wanted.points && operation != DerivationOperation::Difference;
        if self.is_of_rates(operation, inputs) || self.is_of_one_row(operation, inputs) {
            return;
        }
        // Less than one to one digit is a ratio upside down, unless the words ask for one.
        let upside = operation == DerivationOperation::Ratio
            && self.wanted.digits < 2
            && number.abs() < 1.0
            && !self.wanted.cues.ratio;
        if !fits || points || upside || counted {
            return;
        }
        if operation == DerivationOperation::Difference && self.seat.is_where_it_went() {
            return;
        }
        let trace = Trace::Derivation {
            operation,
            inputs: inputs.iter().map(|operand| operand.input.clone()).collect(),
            value: value.normalize().to_string(),
        };
        let material = inputs.first().map_or(0, |operand| operand.material);
        let source = FigureSource {
            trace,
            material,
            cell: None,
        };
        if !self.found.contains(&source) {
            self.found.push(source);
        }
    }
}
