//! Figures that are computed from cells: recomputed by us, in decimal, from what the text names. What is not named
//! may only take part where the rows' order says which is meant: neighbours, the first and the last, a whole column.
//! A large table has so many pairs of cells that any figure would come out of one of them by chance.

use rust_decimal::Decimal;

use super::cells::FigureSource;
use super::figure::{DerivationOperation, Trace};
use super::known::KnownFigures;
use super::operand::{MOST_GROUPS, MOST_LISTED, Operand, joined, listed, operand, singles, stated, total};
use super::scope::{FigureContext, Says};
use super::tolerance::Tolerance;
use crate::result::ColumnMeaning;

/// Most values of different results that are held against each other.
const MOST_OTHERS: usize = 24;

/// Looks for derivations that come to the figure.
pub(super) fn derive(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    known: &KnownFigures,
) -> Vec<FigureSource> {
    let near = stated(seat, known);
    let mut search = Search {
        seat,
        wanted,
        apposed: super::from_stated::apposed(seat, &near),
        found: Vec::new(),
    };
    for material in 0..seat.context.index.materials.len() {
        search.within(material);
    }
    let operands: Vec<Operand> = near.iter().map(|told| told.operand.clone()).collect();
    search.across(&operands);
    let list = search.wants_lists().then(|| listed(seat, known, MOST_LISTED));
    let alone = list
        .as_ref()
        .map_or_else(|| listed(seat, known, 1).is_empty(), Vec::is_empty);
    search.among_stated(&near, &list.unwrap_or_default(), alone);
    search.found
}

/// A search for derivations of one figure.
pub(super) struct Search<'s, 'c, 'a, 'i> {
    pub(super) seat: &'s FigureContext<'c, 'a, 'i>,
    pub(super) wanted: &'s Tolerance,
    /// The figure that the one looked for only says in other words, as `(30%)` does behind it.
    pub(super) apposed: Option<Operand>,
    found: Vec<FigureSource>,
}

impl Search<'_, '_, '_, '_> {
    /// Derivations from one result.
    fn within(&mut self, at: usize) {
        let index = self.seat.context.index;
        let (Some(material), Some(shape)) = (index.materials.get(at), index.shapes.get(at)) else {
            return;
        };
        if !self.may_use(at) {
            return;
        }
        if material.table.rows.is_empty() || self.seat.says_filters(at, shape.times.is_empty()) == Says::No {
            return;
        }
        let groups = self.seat.groups(at);
        let groups = groups.get(..MOST_GROUPS.min(groups.len())).unwrap_or_default();
        let own_rows = self.seat.named_rows(at);
        let mut by_row: Vec<Vec<Operand>> = vec![Vec::new(); groups.len()];
        for column in shape.numeric.iter().copied() {
            if self.seat.context.work.is_over() {
                return;
            }
            let named: Vec<Operand> = groups
                .iter()
                .filter_map(|rows| operand(self.seat, at, column, rows))
                .collect();
            let whole = total(self.seat, at, column);
            self.sums(&named, at, column, groups);
            for (place, one) in named.iter().enumerate() {
                for other in named.iter().skip(place + 1) {
                    self.pair(one, other, 1);
                    self.pair(other, one, 1);
                }
                if let Some(whole) = &whole {
                    self.part(one, whole);
                }
                let own = one
                    .input
                    .rows
                    .iter()
                    .map(|row| row - 1)
                    .eq(own_rows.iter().copied());
                if named.len() == 1 || own || (named.len() <= 3 && self.seat.says_before()) {
                    self.neighbours(one, at, column);
                }
            }
            if let (Some(whole), true) = (&whole, named.len() > 1)
                && let Some(both) = joined(&named)
            {
                self.part(&both, whole);
            }
            self.ends(at, column);
            self.median(at, column);
            self.leading(at, column, whole.as_ref());
            for (rows, one) in by_row.iter_mut().zip(named) {
                rows.push(one);
            }
        }
        for row in by_row {
            self.columns(&row);
        }
        self.row_before(at, groups);
        let totals: Vec<Operand> = shape
            .numeric
            .iter()
            .filter_map(|column| total(self.seat, at, *column))
            .collect();
        self.columns(&totals);
        self.parts_of_parts(at, groups);
        super::count::counts(self.seat, self.wanted, at, groups, &mut self.found);
    }

    /// Columns of the row before the one named, where the sentence speaks of that: `against 25.3 % the year before`.
    fn row_before(&mut self, at: usize, groups: &[Vec<usize>]) {
        let ([rows], true) = (groups, self.seat.says_before()) else {
            return;
        };
        let before = rows
            .first()
            .filter(|_| rows.len() == 1)
            .and_then(|row| row.checked_sub(1));
        let numeric = self
            .seat
            .context
            .index
            .shapes
            .get(at)
            .map(|shape| shape.numeric.clone());
        let row: Vec<Operand> = numeric
            .into_iter()
            .flatten()
            .filter_map(|column| operand(self.seat, at, column, &[before?]))
            .collect();
        self.columns(&row);
    }

    /// Whether a result may be meant: it is of this turn, or there is none of this turn, or the sentence looks back.
    pub(super) fn may_use(&self, at: usize) -> bool {
        let materials = self.seat.context.index.materials;
        let current = |at: usize| materials.get(at).is_some_and(|material| material.current);
        current(at) || !(0..materials.len()).any(current) || self.seat.says_filters(at, true) == Says::Yes
    }

    /// Derivations from several results, or from cells that the text has just named by their values.
    fn across(&mut self, near: &[Operand]) {
        let singles = singles(self.seat);
        let tier = if singles.len() <= 3 { 1 } else { 2 };
        for (place, one) in singles.iter().enumerate() {
            for other in singles
                .iter()
                .skip(place + 1)
                .filter(|other| other.material != one.material)
            {
                self.pair(one, other, tier);
                self.pair(other, one, tier);
            }
        }
        if singles.len() > 1
            && let Some(all) = joined(&singles)
        {
            self.check(DerivationOperation::Sum, all.value, tier, &singles);
        }
        let mut others = near.to_vec();
        let count = self.seat.context.index.materials.len();
        for material in (0..count).filter(|material| self.may_use(*material)) {
            if others.len() >= MOST_OTHERS {
                break;
            }
            let shape = self.seat.context.index.shapes.get(material);
            let groups = self.seat.groups(material);
            for column in shape.map(|shape| shape.numeric.as_slice()).unwrap_or_default() {
                if others.len() >= MOST_OTHERS {
                    break;
                }
                others.extend(
                    groups
                        .iter()
                        .take(4)
                        .filter_map(|rows| operand(self.seat, material, *column, rows)),
                );
                others.extend(total(self.seat, material, *column));
            }
        }
        others.truncate(MOST_OTHERS);
        for one in &others {
            for other in singles.iter().chain(&others) {
                if other.material != one.material {
                    self.pair(one, other, 2);
                    self.pair(other, one, 2);
                }
            }
        }
        for (place, one) in near.iter().enumerate() {
            for other in near.iter().skip(place + 1) {
                self.pair(one, other, 1);
                self.pair(other, one, 1);
            }
        }
        if near.len() > 1
            && let Some(all) = joined(near)
        {
            self.check(DerivationOperation::Sum, all.value, 1, near);
        }
    }

    /// All that two values of the same thing can be to each other.
    pub(super) fn pair(&mut self, one: &Operand, other: &Operand, tier: u32) {
        let alike = self.alike(one, other);
        let cues = self.wanted.cues;
        if alike {
            let difference = one.value.checked_sub(other.value);
            if self.wanted.percent {
                let change = difference.and_then(|gap| percent(gap, other.value));
                if cues.change || cues.gap || (!cues.share && self.wanted.digits >= 3) {
                    self.check(
                        DerivationOperation::PercentChange,
                        change,
                        tier,
                        &[one.clone(), other.clone()],
                    );
                }
                if self.wanted.points {
                    self.check(
                        DerivationOperation::Difference,
                        difference,
                        tier,
                        &[one.clone(), other.clone()],
                    );
                }
            } else if cues.gap || cues.change || self.wanted.digits >= 4 {
                self.check(
                    DerivationOperation::Difference,
                    difference,
                    tier,
                    &[one.clone(), other.clone()],
                );
            }
        }
        self.ratio(one, other, tier);
    }

    pub(super) fn ratio(&mut self, one: &Operand, other: &Operand, tier: u32) {
        let cues = self.wanted.cues;
        let only = self
            .apposed
            .as_ref()
            .filter(|_| self.wanted.percent && !cues.change);
        if only.is_some_and(|only| only.input != one.input && only.input != other.input) {
            return;
        }
        if self.wanted.percent {
            let share = percent(one.value, other.value);
            let more = share.is_some_and(|share| share.abs() > Decimal::ONE_HUNDRED);
            if more && !self.seat.is_part_of() {
                return;
            }
            let asked = only.is_some()
                || cues.share
                || self.seat.sentence_names_a_rate()
                || (!cues.change && self.wanted.digits >= 2);
            if asked && one.input != other.input {
                self.check(
                    DerivationOperation::Share,
                    share,
                    tier,
                    &[one.clone(), other.clone()],
                );
            }
        } else if self.seat.is_per_column(one.material, one.column) {
            // `units per order` is not orders by units.
        } else if cues.ratio || cues.mean || self.is_fraction_of_whole() || self.is_headed_by_none(one) {
            let ratio = one.value.checked_div(other.value);
            self.check(
                DerivationOperation::Ratio,
                ratio,
                tier,
                &[one.clone(), other.clone()],
            );
        }
    }

    /// Whether the figure may be a share that is written as a fraction, `0.31`, or is for one of something as another in
    /// its sentence is. 50 shares are neither.
    fn is_fraction_of_whole(&self) -> bool {
        let cues = self.wanted.cues;
        (cues.share && self.wanted.decimals && !self.wanted.money)
            || (cues.per && !self.wanted.count && self.wanted.digits >= 3)
    }

    /// Whether the figure stands in a table under a header that no column has: a column that was computed.
    fn is_headed_by_none(&self, one: &Operand) -> bool {
        let header = self.seat.place.row.is_some_and(|cell| cell.header.is_some());
        header
            && !self.wanted.count
            && self.wanted.digits >= 3
            && self.seat.header_columns(one.material).is_empty()
    }

    /// Whether two values measure the same, so that their difference means something.
    fn alike(&self, one: &Operand, other: &Operand) -> bool {
        if one.material == other.material {
            return one.column == other.column || Self::same_measure(one, other);
        }
        let materials = self.seat.context.index.materials;
        match (materials.get(one.material), materials.get(other.material)) {
            (Some(a), Some(b)) => a.title == b.title || one.input.column == other.input.column,
            _ => false,
        }
    }

    /// What a part is to its whole.
    pub(super) fn part(&mut self, one: &Operand, whole: &Operand) {
        self.ratio(one, whole, 1);
        let inputs = [one.clone(), whole.clone()];
        let rest = whole.value.checked_sub(one.value);
        if self.wanted.percent {
            let left = rest.and_then(|rest| percent(rest, whole.value));
            if self.wanted.cues.rest {
                self.check(DerivationOperation::ShareOfRest, left, 1, &inputs);
            }
        } else if self.wanted.cues.rest {
            let inputs = [whole.clone(), one.clone()];
            self.check(DerivationOperation::Difference, rest, 1, &inputs);
        }
    }

    /// Sums and means of the rows named, and sums from the first row to a named one.
    fn sums(&mut self, named: &[Operand], at: usize, column: usize, groups: &[Vec<usize>]) {
        let cues = self.wanted.cues;
        let summing = cues.sum || (!cues.mean && (self.wanted.digits >= 4 || named.len() == 1));
        for one in named.iter().filter(|one| one.input.rows.len() > 1) {
            if summing {
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
            if cues.mean {
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

    /// A named row against the one before, the one after, and the same part of the year before.
    fn neighbours(&mut self, one: &Operand, at: usize, column: usize) {
        let [row] = one.input.rows.as_slice() else { return };
        let cues = self.wanted.cues;
        if !(cues.change || cues.gap) {
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
    fn ends(&mut self, at: usize, column: usize) {
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
    fn median(&mut self, at: usize, column: usize) {
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
    fn leading(&mut self, at: usize, column: usize, whole: Option<&Operand>) {
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

    /// Whether two columns of a result are of the same thing at different times: `revenue_2025` and `revenue_2026`.
    fn same_measure(one: &Operand, other: &Operand) -> bool {
        let of = |operand: &Operand| -> Vec<String> {
            let name = operand.input.column.replace('_', " ");
            let words = super::text::words(&name);
            words.into_iter().map(|word| word.low).collect()
        };
        let (one, other) = (of(one), of(other));
        one.iter()
            .any(|word| other.contains(word) && !word.starts_with(|c: char| c.is_ascii_digit()))
    }

    /// Columns of the same row against each other.
    fn columns(&mut self, row: &[Operand]) {
        for (place, one) in row.iter().enumerate() {
            for other in row.iter().skip(place + 1) {
                self.ratio(one, other, 1);
                self.ratio(other, one, 1);
                let cues = self.wanted.cues;
                if self.wanted.percent && cues.change && Self::same_measure(one, other) {
                    for (a, b) in [(one, other), (other, one)] {
                        let gap = a.value.checked_sub(b.value);
                        let change = gap.and_then(|gap| percent(gap, b.value));
                        self.check(
                            DerivationOperation::PercentChange,
                            change,
                            1,
                            &[a.clone(), b.clone()],
                        );
                    }
                }
                if !self.wanted.percent && (cues.gap || cues.change) && self.wanted.digits >= 4 {
                    for (a, b) in [(one, other), (other, one)] {
                        let gap = a.value.checked_sub(b.value);
                        self.check(DerivationOperation::Difference, gap, 2, &[a.clone(), b.clone()]);
                    }
                }
            }
        }
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
        let money = self.wanted.money
            && matches!(
                operation,
                DerivationOperation::Sum
                    | DerivationOperation::Mean
                    | DerivationOperation::Median
                    | DerivationOperation::RunningTotal
                    | DerivationOperation::Difference
            );
        let index = self.seat.context.index;
        let counts = |one: &Operand| {
            let shape = index.shapes.get(one.material);
            shape.is_some_and(|shape| shape.counts.contains(&one.column))
        };
        let points = self.wanted.points && operation != DerivationOperation::Difference;
        if self.is_of_rates(operation, inputs) || self.is_of_one_row(operation, inputs) {
            return;
        }
        // Less than one to one digit is a ratio upside down, unless the words ask for one.
        let upside = operation == DerivationOperation::Ratio
            && self.wanted.digits < 2
            && number.abs() < 1.0
            && !self.wanted.cues.ratio;
        if !fits || points || upside || (money && inputs.iter().all(counts)) {
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

/// `100 * part / whole`.
fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)
}
