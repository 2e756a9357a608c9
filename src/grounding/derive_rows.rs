//! Derivations within one result: sums and means of the rows named, a row against its neighbours, the ends of a column, the
//! columns of one row.

use rust_decimal::Decimal;

use super::derive::{Search, percent};
use super::figure::DerivationOperation;
use super::operand::{Operand, StatedOperand, joined, operand};
use crate::result::ColumnKind;

/// Most rows of one period that are set against those of the period before.
const MOST_OF_PERIOD: usize = 50;
/// Most columns of one row that a stated figure is set against.
const MOST_COLUMNS: usize = 24;

impl Search<'_, '_, '_, '_> {
    /// Sums and means of the rows named, and sums from the first row to a named one.
    pub(super) fn sums(&mut self, named: &[Operand], at: usize, column: usize, groups: &[Vec<usize>]) {
        let cues = self.wanted.cues;
        let part = self.seat.is_part_of() && self.wanted.digits >= 3;
        let summing = cues.sum || part || (!cues.mean && (self.wanted.digits >= 4 || named.len() == 1));
        let own = self.seat.named_rows(at);
        for one in named.iter().filter(|one| one.input.rows.len() > 1) {
            // `the second half 127`: its rows are all that is named with it.
            let alone = !cues.mean && one.input.rows.iter().map(|row| row - 1).eq(own.iter().copied());
            if summing || alone {
                self.check(DerivationOperation::Sum, one.value, 1, std::slice::from_ref(one));
            }
            if cues.mean {
                let mean = one.value.checked_div(Decimal::from(one.input.rows.len()));
                self.check(DerivationOperation::Mean, mean, 1, std::slice::from_ref(one));
            }
        }
        if let Some(all) = joined(named).filter(|_| named.len() > 1) {
            if summing {
                self.check(DerivationOperation::Sum, all.value, 1, named);
            }
            if cues.mean && !(self.wanted.count && self.seat.is_of_one_row(at)) {
                let mean = all.value.checked_div(Decimal::from(all.input.rows.len()));
                self.check(DerivationOperation::Mean, mean, 1, named);
            }
        }
        if cues.running {
            for last in groups.iter().filter_map(|rows| rows.iter().max()) {
                let rows: Vec<usize> = (0..=*last).collect();
                if let Some(run) = operand(self.seat, at, column, &rows).filter(|_| rows.len() > 1) {
                    self.check(
                        DerivationOperation::RunningTotal,
                        run.value,
                        1,
                        std::slice::from_ref(&run),
                    );
                }
            }
        }
    }

    /// Rows of one period against those of the same names a period and a year before: `1,232 in the week of May 25, 5.0 % more
    /// than the week before`, of all channels.
    pub(super) fn before(&mut self, one: &Operand, at: usize, column: usize) {
        let cues = self.wanted.cues;
        if !(cues.change || cues.gap) || one.input.total.is_some() || one.input.rows.len() > MOST_OF_PERIOD {
            return;
        }
        let rows: Vec<usize> = one.input.rows.iter().map(|row| row - 1).collect();
        for earlier in self.seat.context.index.rows_before(at, &rows) {
            self.seat.context.work.spend(rows.len());
            if let Some(earlier) = operand(self.seat, at, column, &earlier) {
                self.pair(one, &earlier, 1);
            }
        }
    }

    /// A named row against the one before, the one after, and the same part of the year before.
    pub(super) fn neighbours(&mut self, one: &Operand, at: usize, column: usize) {
        let [row] = one.input.rows.as_slice() else { return };
        let cues = self.wanted.cues;
        // `Dockers: 40:38 (+10)`: in a result with a column of changes, a sign alone tells of no other row.
        let shape = self.seat.context.index.shapes.get(at);
        let of_changes =
            || shape.is_some_and(|shape| shape.times.is_empty() && self.seat.context.index.has_changes(at));
        if !(cues.change || cues.gap) || (cues.by_sign && !cues.gap && of_changes()) {
            return;
        }
        let row = row - 1;
        let near = [
            row.checked_sub(1),
            Some(row + 1),
            row.checked_sub(12),
            row.checked_sub(4),
        ];
        for (other, tier) in near.into_iter().zip([1, 1, 2, 2]) {
            if let Some(other) = other.and_then(|other| operand(self.seat, at, column, &[other])) {
                self.pair(one, &other, tier);
            }
        }
    }

    /// The last row against the first, and the greatest against the least.
    pub(super) fn ends(&mut self, at: usize, column: usize) {
        let index = self.seat.context.index;
        let seen = index.shapes.get(at).map_or(0, |shape| shape.seen);
        let cues = self.wanted.cues;
        if seen < 2 || !(cues.change || cues.gap || cues.ratio) {
            return;
        }
        self.first_and_last(at, column, [Some(0), Some(1), seen.checked_sub(1)]);
        let rows = index.greatest_first(at, column);
        let ends = [rows.first(), rows.get(1), rows.last()];
        self.first_and_last(at, column, ends.map(Option::<&usize>::copied));
    }

    /// The last of some rows against the first, and the first against the second.
    fn first_and_last(&mut self, at: usize, column: usize, [first, second, last]: [Option<usize>; 3]) {
        let of = |row: Option<usize>| operand(self.seat, at, column, &[row?]);
        let (first, second, last) = (of(first), of(second), of(last));
        if let (Some(first), Some(last)) = (&first, &last) {
            self.pair(last, first, 2);
            self.pair(first, last, 2);
        }
        if let (Some(first), Some(second)) = (&first, &second) {
            self.pair(first, second, 2);
        }
    }

    /// The value in the middle of a whole column, if the sentence speaks of one.
    pub(super) fn median(&mut self, at: usize, column: usize) {
        let index = self.seat.context.index;
        let seen = index.shapes.get(at).map_or(0, |shape| shape.seen);
        let whole = index
            .materials
            .get(at)
            .is_some_and(|material| material.table.rows.len() == seen && self.seat.may_total(at));
        if !self.wanted.cues.median || !whole {
            return;
        }
        let row = |row| operand(self.seat, at, column, &[row]);
        let mut rows: Vec<Operand> = (0..seen).filter_map(row).collect();
        rows.sort_by_key(|one| one.value);
        let middle: Vec<Operand> = rows
            .iter()
            .skip((seen.saturating_sub(1)) / 2)
            .take(if seen.is_multiple_of(2) { 2 } else { 1 })
            .cloned()
            .collect();
        if let Some(both) = joined(&middle) {
            let median = both.value.checked_div(Decimal::from(middle.len()));
            self.check(DerivationOperation::Median, median, 1, &middle);
        }
    }

    /// The first rows, as many as the sentence says: their sum, their share, and what is left without them.
    pub(super) fn leading(&mut self, at: usize, column: usize, whole: Option<&Operand>) {
        let seen = self
            .seat
            .context
            .index
            .shapes
            .get(at)
            .map_or(0, |shape| shape.seen);
        let cues = self.wanted.cues;
        if !(cues.sum || cues.share || cues.mean) {
            return;
        }
        for count in super::count::said(self.seat)
            .into_iter()
            .filter(|count| (2..seen).contains(count))
        {
            let ends = [(0..count).collect::<Vec<_>>(), (seen - count..seen).collect()];
            for rows in ends {
                let Some(run) = operand(self.seat, at, column, &rows) else {
                    continue;
                };
                self.check(DerivationOperation::Sum, run.value, 1, std::slice::from_ref(&run));
                let mean = run.value.checked_div(Decimal::from(count));
                if cues.mean {
                    self.check(DerivationOperation::Mean, mean, 1, std::slice::from_ref(&run));
                }
                if let Some(whole) = whole {
                    self.part(&run, whole);
                }
            }
        }
    }

    /// Two columns of a row as parts of each other, as times of the same, and what is left of one without the other.
    fn parts_and_changes(&mut self, one: &Operand, other: &Operand) {
        self.ratio(one, other, 1);
        self.ratio(other, one, 1);
        self.left_of(one, other);
        if self.wanted.percent && self.wanted.cues.change && Self::same_measure(one, other) {
            for (a, b) in self.in_time(one, other) {
                let gap = a.value.checked_sub(b.value);
                let change = gap.and_then(|gap| percent(gap, b.value));
                let inputs = [a.clone(), b.clone()];
                self.check(DerivationOperation::PercentChange, change, 1, &inputs);
            }
        }
    }

    /// Columns of the same row against each other.
    pub(super) fn columns(&mut self, row: &[Operand]) {
        for (place, one) in row.iter().enumerate() {
            for other in row.iter().skip(place + 1) {
                self.parts_and_changes(one, other);
                let cues = self.wanted.cues;
                // `Reiter lost 25 points`, of one year and the next.
                let earlier = self
                    .seat
                    .is_of_earlier_year(one.material, one.column, other.column);
                let moved = cues.change && !self.wanted.percent && Self::same_measure(one, other);
                if let Some(earlier) = earlier.filter(|_| moved) {
                    let (from, to) = if earlier { (one, other) } else { (other, one) };
                    let gap = to.value.checked_sub(from.value);
                    let inputs = [to.clone(), from.clone()];
                    self.check(DerivationOperation::Difference, gap, 1, &inputs);
                    continue;
                }
                if !self.wanted.percent
                    && (((cues.gap || cues.change)
                        && self.wanted.digits >= if one.input.total.is_some() { 4 } else { 3 })
                        || (cues.rest && self.wanted.digits >= 3))
                    && self.is_count(one) == self.is_count(other)
                {
                    for (a, b) in self.in_time(one, other) {
                        let gap = a.value.checked_sub(b.value);
                        self.check(DerivationOperation::Difference, gap, 2, &[a.clone(), b.clone()]);
                    }
                }
            }
        }
    }

    /// What was stated near by against the other columns of its row, and a sum that was stated against the sums of the rows named:
    /// `27.6 million, so 130 dollars per subscriber`, `4.42 million, 14.6 % more than in the third quarter`.
    pub(super) fn beside_stated(&mut self, near: &[StatedOperand], at: usize, groups: &[Vec<usize>]) {
        let Some(shape) = self.seat.context.index.shapes.get(at) else {
            return;
        };
        let cues = self.wanted.cues;
        let of_result = near.iter().map(|told| &told.operand);
        for one in of_result.filter(|one| one.material == at && one.also.is_none()) {
            if let [row] = one.input.rows.as_slice() {
                // `12.05 million over 1,290 customers`: what is stated of another row is what it is set against.
                let stated_elsewhere = |column: usize| {
                    let stated = near.iter().map(|told| &told.operand);
                    let mut stated = stated
                        .filter(|told| told.material == at && told.column == column)
                        .peekable();
                    stated.peek().is_some() && stated.all(|told| told.input.rows != [*row])
                };
                let columns = shape.numeric.iter().filter(|column| **column != one.column);
                for column in columns
                    .filter(|column| !stated_elsewhere(**column))
                    .take(MOST_COLUMNS)
                {
                    if let Some(other) = operand(self.seat, at, *column, &[row - 1]) {
                        self.parts_and_changes(one, &other);
                    }
                }
            }
            if (cues.change || cues.gap) && one.input.rows.len() > 1 {
                for rows in groups.iter().filter(|rows| rows.len() > 1) {
                    if let Some(other) = operand(self.seat, at, one.column, rows) {
                        self.pair(one, &other, 1);
                    }
                }
            }
        }
    }

    /// What is left of one column of a row without another, where the words name both, or what they are both of, and say that
    /// it is left: `13 of the 151 randomized did not complete`.
    fn left_of(&mut self, one: &Operand, other: &Operand) {
        let cues = self.wanted.cues;
        let both = self.seat.names_around(one.material, one.column)
            && self.seat.names_around(other.material, other.column);
        if self.wanted.percent {
            // `The approval rate is 79.9 %`, of what was approved and what was rejected
            let counted = self.counts_things(one) && self.counts_things(other);
            if counted && (self.wanted.digits >= 3 || both) && self.seat.names_a_rate_around() {
                for (part, rest) in [(one, other), (other, one)] {
                    let whole = Operand {
                        value: part.value + rest.value,
                        also: Some(rest.input.clone()),
                        ..part.clone()
                    };
                    let share = percent(part.value, whole.value);
                    self.check(DerivationOperation::Share, share, 1, &[part.clone(), whole]);
                }
            }
            // `Gross margin, revenue minus COGS`
            if both && (cues.rest || self.seat.names_a_rate_around()) {
                for (part, whole) in [(one, other), (other, one)] {
                    let rest = whole.value.checked_sub(part.value);
                    let left = rest.and_then(|rest| percent(rest, whole.value));
                    // Where the rest has a column of its own, it is a part of the whole itself.
                    let has_column = rest.is_some_and(|rest| self.has_in_row(one, rest));
                    let left = left.filter(|left| left.is_sign_positive() && !has_column);
                    let inputs = [part.clone(), whole.clone()];
                    self.check(DerivationOperation::ShareOfRest, left, 1, &inputs);
                }
            }
            return;
        }
        let told = both || Self::same_measure(one, other);
        if told
            && self.wanted.digits >= 2
            && self.seat.says_left()
            && self.is_count(one) == self.is_count(other)
        {
            self.check_gap(one, other);
        }
    }

    /// Whether an operand is of a column of whole numbers.
    fn counts_things(&self, one: &Operand) -> bool {
        let table = self
            .seat
            .context
            .index
            .materials
            .get(one.material)
            .map(|of| of.table);
        let column = table.and_then(|table| table.columns.get(one.column));
        column.is_some_and(|column| column.kind == ColumnKind::Integer)
    }

    /// Whether the one row of an operand has a cell with this value.
    fn has_in_row(&self, one: &Operand, value: Decimal) -> bool {
        let index = self.seat.context.index;
        let [row] = one.input.rows.as_slice() else {
            return false;
        };
        let numeric = index
            .shapes
            .get(one.material)
            .map(|shape| shape.numeric.as_slice());
        let mut columns = numeric.unwrap_or_default().iter();
        columns.any(|column| index.exact(one.material, *column, row - 1) == Some(value))
    }

    /// Two columns of a row each less the other, but for a change that would run from a later year to an earlier one.
    fn in_time<'o>(&self, one: &'o Operand, other: &'o Operand) -> Vec<(&'o Operand, &'o Operand)> {
        let mut both = vec![(one, other), (other, one)];
        both.retain(|(a, b)| !self.seat.is_from_later_year(a.material, a.column, b.column));
        both
    }

    /// Whether two columns of a result are of the same thing at different times: `revenue_2025` and `revenue_2026`.
    pub(super) fn same_measure(one: &Operand, other: &Operand) -> bool {
        let of = |operand: &Operand| -> Vec<String> {
            let name = operand.input.column.replace('_', " ");
            let words = super::text::words(&name);
            words.into_iter().map(|word| word.low).collect()
        };
        // `open` and `close`
        let ends = [one, other].map(|operand| super::order::end_of_change(&operand.input.column));
        if let [Some((first, start)), Some((second, end))] = &ends
            && first == second
            && start != end
        {
            return true;
        }
        let (one, other) = (of(one), of(other));
        one.iter()
            .any(|word| other.contains(word) && !word.starts_with(|c: char| c.is_ascii_digit()))
    }
}
