//! Figures computed from what the text has just stated: the share of the figure before, the sum of a list; and from
//! parts of a result that are not the whole and not a row: what one label comes to over all periods.

use super::derive::Search;
use super::figure::DerivationOperation;
use super::figure_context::once;
use super::operand::{MOST_GROUPS, Operand, StatedOperand, joined, operand, total};
use super::scope::MentionTarget;
use super::text::Span;

/// Most bytes between a figure and another that says the same in other words: `535 (48.1%)`.
const APPOSED: usize = 40;

impl Search<'_, '_, '_, '_> {
    /// Looks among the figures stated near by, and those of a list beside.
    pub(super) fn among_stated(&mut self, near: &[StatedOperand], list: &[StatedOperand]) {
        match (self.apposed.clone(), near) {
            (Some(one), _) => self.share_of_column(&one),
            (None, [only]) if self.wanted.cues.share => self.share_of_column(&only.operand),
            _ => {}
        }
        self.together(near);
        self.summed_behind(near);
        self.listed(list);
        self.between_listed(list);
        self.alike_elsewhere();
    }

    /// The sum of the figures that the brackets behind it add: `$211,000 ($189,000 + $22,000)`.
    fn summed_behind(&mut self, near: &[StatedOperand]) {
        let right = self
            .seat
            .context
            .text
            .get(self.seat.span.end..)
            .unwrap_or_default();
        let Some((inner, _)) = right.strip_prefix(" (").and_then(|inside| inside.split_once(')')) else {
            return;
        };
        let behind = Span::new(self.seat.span.end, self.seat.span.end + inner.len() + 2);
        let added: Vec<Operand> = near
            .iter()
            .filter(|told| inner.contains(" + ") && behind.holds(told.span))
            .map(|told| told.operand.clone())
            .collect();
        if let Some(all) = joined(&added).filter(|_| added.len() > 1) {
            self.check(DerivationOperation::Sum, all.value, 1, &added);
        }
    }

    fn share_of_column(&mut self, one: &Operand) {
        if let Some(whole) = total(self.seat, one.material, one.column)
            && whole.input != one.input
        {
            self.part(one, &whole);
        }
    }

    /// What was stated before and what is named now, as one: `Together with Office it makes up 55.5%`.
    fn together(&mut self, near: &[StatedOperand]) {
        if !self.wanted.cues.sum {
            return;
        }
        for told in near {
            let (at, column) = (told.operand.material, told.operand.column);
            let groups = self.seat.groups(at);
            for rows in groups.iter().take(MOST_GROUPS) {
                let Some(other) = operand(self.seat, at, column, rows) else {
                    continue;
                };
                if other.input == told.operand.input {
                    continue;
                }
                let inputs = [told.operand.clone(), other];
                if let Some(both) = joined(&inputs) {
                    self.check(DerivationOperation::Sum, both.value, 1, &inputs);
                    self.share_of_column(&both);
                }
            }
        }
    }

    /// The share of a row that is named with what the paragraph stated first: `Together with Line 2 it makes 63 %`.
    pub(super) fn together_in_line(&mut self, known: &super::known::KnownFigures) {
        let words = self.seat.context.words_in(self.seat.place.sentence);
        let with = words.windows(2).any(|pair| {
            matches!(pair, [word, next] if matches!((word.low.as_str(), next.low.as_str()), ("together" | "combined", "with") | ("zusammen", "mit")))
        });
        if !with || self.seat.place.row.is_some() {
            return;
        }
        let before = Span::new(self.seat.place.line.start, self.seat.place.sentence.start);
        let stated = super::operand::stated_within(self.seat, known, (before, MOST_GROUPS), |_| true);
        for told in stated {
            let one = &told.operand;
            let groups = self.seat.groups(one.material);
            for rows in groups.iter().take(MOST_GROUPS).filter(|rows| rows.len() == 1) {
                let other = operand(self.seat, one.material, one.column, rows);
                let Some(other) = other.filter(|other| other.input != one.input && one.input.rows.len() == 1)
                else {
                    continue;
                };
                let inputs = [one.clone(), other];
                if let Some(both) = joined(&inputs) {
                    self.check(DerivationOperation::Sum, both.value, 1, &inputs);
                    self.share_of_column(&both);
                }
            }
        }
    }

    /// Whether the figure may be of all figures of a list together.
    pub(super) fn wants_lists(&self) -> bool {
        let cues = self.wanted.cues;
        cues.sum
            || cues.mean
            || cues.running
            || cues.change
            || cues.gap
            || cues.share
            || self.wanted.digits >= if self.stands_alone() { 3 } else { 4 }
    }

    /// Whether the figure stands in no table and no list, as the sum below one does: `That is 208 in the year.`
    fn stands_alone(&self) -> bool {
        self.seat.place.row.is_none() && !self.seat.place.item
    }

    /// The sum or mean of the figures of a list, by column.
    fn listed(&mut self, list: &[StatedOperand]) {
        let cues = self.wanted.cues;
        let mut columns: Vec<(usize, usize)> = list
            .iter()
            .map(|told| (told.operand.material, told.operand.column))
            .collect();
        columns.sort_unstable();
        columns.dedup();
        for (material, column) in columns {
            let of = list.iter().map(|told| &told.operand);
            let inputs: Vec<Operand> = of
                .filter(|one| (one.material, one.column) == (material, column))
                .cloned()
                .collect();
            let Some(all) = joined(&inputs).filter(|_| inputs.len() > 1) else {
                continue;
            };
            self.check(DerivationOperation::Sum, all.value, 1, &inputs);
            if cues.mean {
                let mean = all.value.checked_div(rust_decimal::Decimal::from(inputs.len()));
                self.check(DerivationOperation::Mean, mean, 1, &inputs);
            }
            if cues.share {
                self.share_of_column(&all);
                // `Basic makes up 54.4 %`, of what the list has together.
                let rows = self.seat.named_rows(material);
                for one in inputs
                    .iter()
                    .filter(|one| one.input.rows.iter().any(|row| rows.contains(&(row - 1))))
                {
                    self.part(one, &all);
                }
            }
        }
    }

    /// A change between two figures of a list: below one, `So 11 am has 38.8 % more`.
    fn between_listed(&mut self, list: &[StatedOperand]) {
        const FEW: usize = 12;
        let cues = self.wanted.cues;
        if self.seat.place.row.is_some() || !(cues.change || cues.gap) || list.len() > FEW {
            return;
        }
        for (place, one) in list.iter().enumerate() {
            for other in list.iter().skip(place + 1) {
                let named = [one, other].into_iter().any(|told| {
                    let rows = self.seat.named_rows(told.operand.material);
                    told.operand
                        .input
                        .rows
                        .iter()
                        .any(|row| rows.contains(&(row - 1)))
                });
                if named && one.operand.column == other.operand.column {
                    self.pair(&other.operand, &one.operand, 2);
                    self.pair(&one.operand, &other.operand, 2);
                }
            }
        }
    }

    /// Wholes that are named by one kind of name only, where a result has several: all of October, all of one source.
    pub(super) fn parts_of_parts(&mut self, at: usize, groups: &[Vec<usize>]) {
        let wholes: Vec<Vec<usize>> = self.seat.wholes(at);
        if wholes.is_empty() {
            return;
        }
        let cues = self.wanted.cues;
        let columns = self.seat.context.index.shapes.get(at);
        let columns = columns.map(|shape| shape.numeric.clone()).unwrap_or_default();
        for column in columns {
            for rows in &wholes {
                let Some(whole) = operand(self.seat, at, column, rows) else {
                    continue;
                };
                if cues.whole || cues.sum {
                    self.check(
                        DerivationOperation::Sum,
                        whole.value,
                        1,
                        std::slice::from_ref(&whole),
                    );
                }
                let parts = groups.iter().filter(|part| part.len() < rows.len());
                for part in parts.filter(|part| part.iter().all(|row| rows.contains(row))) {
                    if let Some(part) = operand(self.seat, at, column, part) {
                        self.ratio(&part, &whole, 1);
                    }
                }
            }
        }
    }

    /// The same thing in two results: revenue of a channel in one, its orders in the other.
    fn alike_elsewhere(&mut self) {
        let cues = self.wanted.cues;
        if !(cues.mean || cues.ratio || cues.share) {
            return;
        }
        let count = self.seat.context.index.materials.len();
        let usable: Vec<usize> = (0..count).filter(|at| self.may_use(*at)).collect();
        for at in usable {
            let around = self.seat.rows_around(at);
            for other in (0..count).filter(|other| *other != at) {
                for row in around.iter().take(MOST_GROUPS) {
                    let context = self.seat.context;
                    let same = once(&context.memo.same, (at, *row, other), || {
                        context
                            .work
                            .spend(context.index.shapes.get(other).map_or(0, |shape| shape.seen));
                        context.index.same_row(at, *row, other)
                    });
                    if let Some(same) = same.filter(|_| !context.work.is_over()) {
                        self.between((at, *row), (other, same));
                    }
                }
            }
        }
    }

    /// The numbers of one row to those of another.
    fn between(&mut self, (at, row): (usize, usize), (other, same): (usize, usize)) {
        let numeric = |at: usize| {
            let shape = self.seat.context.index.shapes.get(at);
            shape.map(|shape| shape.numeric.clone()).unwrap_or_default()
        };
        // `refunds came to 2.8 % of revenue`
        let only = numeric(at).len() == 1 && numeric(other).len() == 1;
        let tier = if only && self.seat.is_part_of() { 1 } else { 2 };
        for column in numeric(at) {
            for beside in numeric(other) {
                let one = operand(self.seat, at, column, &[row]);
                let two = operand(self.seat, other, beside, &[same]);
                if let (Some(one), Some(two)) = (one, two) {
                    self.ratio(&one, &two, tier);
                    self.ratio(&two, &one, tier);
                }
            }
        }
    }
}

/// The figure that this one only says in other words.
pub(super) fn apposed(
    seat: &super::scope::FigureContext<'_, '_, '_>,
    near: &[StatedOperand],
) -> Option<Operand> {
    let before = near.iter().filter(|told| told.span.end <= seat.span.start);
    let last = before.max_by_key(|told| told.span.end)?;
    let gap = Span::new(last.span.end, seat.span.start).of(seat.context.text);
    let named = |at: usize| {
        let mut mentions = seat.context.mentions_over(Span::new(at, at + 1));
        mentions.any(|mention| matches!(mention.what, MentionTarget::Label(_)))
    };
    let between = Span::new(last.span.end, seat.span.start);
    let mut words = seat.context.words_in(between).iter();
    let plain = words.all(|word| {
        [
            "or", "i", "e", "about", "roughly", "just", "are", "is", "were", "was",
        ]
        .contains(&word.low.as_str())
            || named(word.span.start)
    });
    (gap.len() <= APPOSED && plain && seat.place.row.is_none()).then(|| last.operand.clone())
}
