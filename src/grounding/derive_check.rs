//! Which derivations are kept: those that come to the figure, and mean something.

use rust_decimal::Decimal;

use super::cells::FigureSource;
use super::derive::Search;
use super::figure::{DerivationOperation, Trace};
use super::operand::Operand;
use crate::result::{ColumnMeaning, ColumnSummary};

impl Search<'_, '_, '_, '_> {
    /// Whether an operand counts things, beside another column with amounts.
    pub(super) fn is_count(&self, one: &Operand) -> bool {
        let shape = self.seat.context.index.shapes.get(one.material);
        shape.is_some_and(|shape| shape.counts.contains(&one.column))
    }

    /// Whether an operand is of a column that has nothing above nought.
    fn is_below(&self, one: &Operand) -> bool {
        let summary = self.seat.context.index.summary(one.material, one.column);
        matches!(summary, Some(ColumnSummary::Numbers { max, .. }) if max.as_f64() <= 0.0)
    }

    /// Whether an operand is of a column of parts of one.
    fn is_fraction(&self, one: &Operand) -> bool {
        let index = self.seat.context.index;
        let rate = index
            .shapes
            .get(one.material)
            .is_some_and(|shape| shape.rates.contains(&one.column));
        let summary = index.summary(one.material, one.column);
        rate && matches!(summary, Some(ColumnSummary::Numbers { min, max, .. }) if max.as_f64() <= 1.0 && min.as_f64() >= -1.0)
    }

    /// Whether an operand is of a column whose values are multiplied by so much: of `Spent (€M)`.
    fn has_scale(&self, one: &Operand, scale: f64) -> bool {
        self.seat
            .context
            .index
            .scales
            .contains(&(one.material, one.column, scale))
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

    /// The same of how far two values lie apart, whichever way the words tell it.
    pub(super) fn check_gap(&mut self, one: &Operand, other: &Operand) {
        let gap = one.value.checked_sub(other.value);
        let inputs = [one.clone(), other.clone()];
        self.check(DerivationOperation::Difference, gap, 1, &inputs);
        let back = gap.map(|gap| -gap);
        let inputs = [other.clone(), one.clone()];
        self.check(DerivationOperation::Difference, back, 1, &inputs);
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
        // `2.7 percentage points` of fractions
        let of_fractions = self.wanted.points
            && operation == DerivationOperation::Difference
            && inputs.iter().all(|one| self.is_fraction(one));
        let number = if of_fractions { number * 100.0 } else { number };
        let fits = match operation {
            DerivationOperation::PercentChange | DerivationOperation::Difference => {
                self.wanted.admits_change(number)
            }
            // `Relative to opening MRR churn was 3.5 %`, of a column that has nothing above nought
            DerivationOperation::Share | DerivationOperation::Ratio
                if number < 0.0
                    && self.seat.sign_written().is_none()
                    && inputs.iter().any(|one| self.is_below(one)) =>
            {
                self.wanted.admits(-number)
            }
            _ => self.wanted.admits(number),
        };
        // A difference that was stated is a part or a whole, and nothing to take from another.
        let of_parts = matches!(operation, DerivationOperation::Share | DerivationOperation::Ratio);
        if !of_parts && inputs.iter().any(|one| one.also.is_some()) {
            return;
        }
        if self
            .scale
            .is_some_and(|scale| !inputs.iter().all(|one| self.has_scale(one, scale)))
        {
            return;
        }
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
            inputs: inputs
                .iter()
                .flat_map(|operand| [Some(operand.input.clone()), operand.also.clone()])
                .flatten()
                .collect(),
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
