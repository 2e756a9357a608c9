//! Figures that are computed from cells: recomputed by us, in decimal, from what the text names. What is not named
//! may only take part where the rows' order says which is meant: neighbours, the first and the last, a whole column.
//! A large table has so many pairs of cells that any figure would come out of one of them by chance.

use rust_decimal::Decimal;

use super::cells::FigureSource;
use super::figure::DerivationOperation;
use super::known::KnownFigures;
use super::operand::{
    MOST_GROUPS, MOST_LISTED, Operand, StatedOperand, joined, listed, operand, singles, stated, total,
};
use super::scope::{Entailment, FigureContext};
use super::tolerance::Tolerance;

/// Most values of different results that are held against each other.
const MOST_OTHERS: usize = 24;

/// Looks for derivations that come to the figure.
pub(super) fn derive(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    known: &KnownFigures,
) -> Vec<FigureSource> {
    let found = derive_scaled(seat, wanted, known, None);
    if !found.is_empty() || wanted.percent {
        return found;
    }
    let mut scales: Vec<f64> = Vec::new();
    for (.., scale) in &seat.context.index.scales {
        if !scales.contains(scale) {
            scales.push(*scale);
        }
    }
    let of_scale = |scale: f64| derive_scaled(seat, &wanted.scaled(1.0 / scale), known, Some(scale));
    scales.into_iter().flat_map(of_scale).collect()
}

/// The same, of columns whose values are multiplied by so much alone, if a scale is given.
fn derive_scaled(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    known: &KnownFigures,
    scale: Option<f64>,
) -> Vec<FigureSource> {
    let near = stated(seat, known);
    let mut search = Search {
        seat,
        wanted,
        apposed: super::from_stated::apposed(seat, &near),
        scale,
        found: Vec::new(),
    };
    for material in 0..seat.context.index.materials.len() {
        search.within(material, &near);
    }
    let operands: Vec<Operand> = near.iter().map(|told| told.operand.clone()).collect();
    search.across(&operands);
    let list = search.wants_lists().then(|| listed(seat, known, MOST_LISTED));
    search.among_stated(&near, &list.unwrap_or_default());
    search.in_another_unit(&near);
    search.times_stated(&near);
    search.against_asked(&near, &known.set);
    search.together_in_line(known);
    search.found
}

/// A search for derivations of one figure.
pub(super) struct Search<'s, 'c, 'a, 'i> {
    pub(super) seat: &'s FigureContext<'c, 'a, 'i>,
    pub(super) wanted: &'s Tolerance,
    /// The figure that the one looked for only says in other words, as `(30%)` does behind it.
    pub(super) apposed: Option<Operand>,
    /// By what the columns' values are multiplied, if only such columns count.
    pub(super) scale: Option<f64>,
    pub(super) found: Vec<FigureSource>,
}

impl Search<'_, '_, '_, '_> {
    /// Derivations from one result.
    fn within(&mut self, at: usize, near: &[StatedOperand]) {
        let index = self.seat.context.index;
        let (Some(material), Some(shape)) = (index.materials.get(at), index.shapes.get(at)) else {
            return;
        };
        if !self.may_use(at) {
            return;
        }
        if material.table.rows.is_empty()
            || self.seat.says_filters(at, shape.times.is_empty()) == Entailment::No
        {
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
                if !shape.labels.is_empty() {
                    self.before(one, at, column);
                }
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
        let totals: Vec<Operand> = shape
            .numeric
            .iter()
            .filter_map(|column| total(self.seat, at, *column))
            .collect();
        // In a table the row that is named says of which rows a figure is.
        let of_some = self.seat.place.row.is_some() && !own_rows.is_empty() && own_rows.len() < shape.seen;
        if !(of_some || (self.wanted.cues.each && own_rows.len() == 1)) {
            self.columns(&totals);
        }
        self.beside_stated(near, at, groups);
        self.parts_of_parts(at, groups);
        super::count::counts(self.seat, self.wanted, at, groups, &mut self.found);
    }

    /// Whether a result may be meant: it is of this turn, or there is none of this turn, or the sentence looks back.
    pub(super) fn may_use(&self, at: usize) -> bool {
        let materials = self.seat.context.index.materials;
        let current = |at: usize| materials.get(at).is_some_and(|material| material.current);
        current(at)
            || !(0..materials.len()).any(current)
            || self.seat.says_filters(at, true) == Entailment::Yes
            || (self.wanted.cues.change && self.seat.names_period_before(at))
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
                    // `Old Town was down 1.1 %`, of the same entry for another year
                    let same = self.wanted.cues.change && self.is_same_elsewhere(one, other);
                    let tier = if same { 1 } else { 2 };
                    self.pair(one, other, tier);
                    self.pair(other, one, tier);
                }
            }
        }
        let cues = self.wanted.cues;
        for (place, one) in near.iter().enumerate() {
            for other in near.iter().skip(place + 1) {
                self.pair(one, other, 1);
                self.pair(other, one, 1);
                // `7,901 were opened and 7,757 closed: 144 more`
                // `79.7 MWh of the 1,910.7 stayed here, 1,831.0 were exported`
                let left = self.wanted.digits >= 3
                    && one.input.rows == other.input.rows
                    && self.seat.is_part_of_stated();
                let told = (cues.gap || cues.change || left)
                    && self.seat.sign_written().is_none()
                    && !self.wanted.percent
                    && (one.material == other.material || (cues.gap && near.len() == 2));
                if told && self.is_count(one) == self.is_count(other) {
                    let gap = one.value.checked_sub(other.value).map(|gap| gap.abs());
                    self.check(
                        DerivationOperation::Difference,
                        gap,
                        2,
                        &[one.clone(), other.clone()],
                    );
                }
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
        let alike = self.alike(one, other) && !self.runs_backwards(one, other);
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

    /// Whether a change that has a sign, or that a verb tells, would be from later days to earlier ones: `rose 1.6 % in Q3` is
    /// of the second quarter against the third.
    fn runs_backwards(&self, one: &Operand, other: &Operand) -> bool {
        if one.material == other.material
            && self
                .seat
                .is_from_later_year(one.material, one.column, other.column)
        {
            return true;
        }
        let shape = self.seat.context.index.shapes.get(one.material);
        let Some([(_, days)]) = shape.map(|shape| shape.times.as_slice()) else {
            return false;
        };
        let of = |operand: &Operand| match operand.input.rows.as_slice() {
            [row] if operand.material == one.material => *days.get(row.checked_sub(1)?)?,
            _ => None,
        };
        let backwards = matches!((of(one), of(other)), (Some(one), Some(other)) if one < other);
        backwards && self.seat.tells_of_time()
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
            if self.seat.is_amount_of_change(self.wanted) {
                return;
            }
            let share = percent(one.value, other.value);
            let more = share.is_some_and(|share| share.abs() > Decimal::ONE_HUNDRED);
            if more && !self.seat.is_part_of() {
                return;
            }
            let in_row = one.material == other.material && one.input.rows == other.input.rows;
            let asked = only.is_some()
                || cues.share
                || self.seat.sentence_names_a_rate()
                || (in_row && self.wanted.digits >= if self.seat.sentence_moves() { 3 } else { 2 })
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
        } else if cues.ratio || cues.mean || self.is_fraction_of_whole() {
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
            || (cues.each && (self.wanted.money || self.wanted.decimals) && self.wanted.digits >= 2)
    }

    /// Whether two values are of the same column and row of one entry, asked for twice.
    fn is_same_elsewhere(&self, one: &Operand, other: &Operand) -> bool {
        let index = self.seat.context.index;
        let title = |at: usize| index.materials.get(at).map(|material| material.title);
        let row = match one.input.rows.as_slice() {
            [row] => row.checked_sub(1),
            _ => None,
        };
        let same = row.and_then(|row| index.same_row(one.material, row, other.material));
        title(one.material) == title(other.material)
            && one.input.column == other.input.column
            && same.is_some_and(|same| other.input.rows == [same + 1])
    }

    /// Whether two values measure the same, so that their difference means something.
    fn alike(&self, one: &Operand, other: &Operand) -> bool {
        if one.material == other.material {
            return one.column == other.column || Self::same_measure(one, other);
        }
        let materials = self.seat.context.index.materials;
        match (materials.get(one.material), materials.get(other.material)) {
            (Some(a), Some(b)) => {
                let same = one.input.column == other.input.column;
                let has = b
                    .table
                    .columns
                    .iter()
                    .any(|column| column.name == one.input.column);
                same || (a.title == b.title && !has)
            }
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
}

/// `100 * part / whole`.
pub(super) fn percent(part: Decimal, whole: Decimal) -> Option<Decimal> {
    part.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(whole)
}
