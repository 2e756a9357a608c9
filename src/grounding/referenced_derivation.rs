//! Figures that the program worked out in place of a reference: a change, a difference, a share, a ratio. The words around such
//! a figure can name other rows or columns than it was worked out of, or say that it went the other way.

use super::cues::ChangeDirection;
use super::derivation_times::days_of_operand;
use super::figure::{DerivationOperation, DerivedFrom};
use super::index::CellIndex;
use super::other_column::is_led_by_another_result;
use super::referenced::column_of;
use super::scope::{Entailment, FigureContext, Mention, MentionTarget};
use super::text::{Days, Relation, Span, same_length};
use super::vocabulary::{Concept, said_by};

/// Where a figure was worked out of, and what it came to.
pub(super) struct ReferencedDerivation {
    pub(super) operation: DerivationOperation,
    /// In the order of the trace: of a change or difference the end stands before the beginning.
    pub(super) operands: Vec<OperandPlace>,
    value: f64,
}

/// A cell, or a whole column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OperandPlace {
    pub(super) material: usize,
    pub(super) column: usize,
    pub(super) row: Option<usize>,
}

impl ReferencedDerivation {
    pub(super) fn of(
        index: &CellIndex<'_>,
        operation: DerivationOperation,
        inputs: &[DerivedFrom],
        value: &str,
    ) -> Option<Self> {
        let place = |input: &DerivedFrom| {
            let (material, column) = column_of(index, &input.result, &input.column)?;
            let row = match input.rows.as_slice() {
                [row] => Some(row.checked_sub(1)?),
                _ => None,
            };
            Some(OperandPlace {
                material,
                column,
                row,
            })
        };
        Some(Self {
            operation,
            operands: inputs.iter().map(place).collect::<Option<_>>()?,
            value: value.parse().ok()?,
        })
    }

    /// Whether it is told from one thing to another.
    pub(super) fn is_change(&self) -> bool {
        matches!(
            self.operation,
            DerivationOperation::PercentChange | DerivationOperation::Difference
        )
    }

    /// Whether the words say that it went the other way, `rose by 5 %` of a fall; or it was worked out from a later time to an
    /// earlier one, and the sentence does not set the one against the other.
    pub(super) fn goes_another_way(&self, seat: &FigureContext<'_, '_, '_>) -> bool {
        let [end, beginning] = self.operands.as_slice() else {
            return false;
        };
        if !self.is_change() || self.value == 0.0 {
            return false;
        }
        if is_told_from(seat, end, beginning) || is_signed_twice(seat) {
            return true;
        }
        let backwards = is_later(seat, beginning, end);
        let difference = self.operation == DerivationOperation::Difference;
        let way = way_told(seat);
        let either = difference && (way == ChangeDirection::Down || is_gap(seat));
        if backwards && !sets_against(seat) && !either {
            return true;
        }
        let subject = subject(seat, end, beginning);
        // Of two things either may come first, unless the sentence says which is set against the other.
        if difference && subject.is_none() && !backwards && !is_later(seat, end, beginning) {
            return self.value < 0.0 && seat.sign_written() == Some('-') && is_gap(seat);
        }
        let turned = match subject {
            Some(subject) => subject == beginning,
            None => backwards,
        };
        let value = if turned { -self.value } else { self.value };
        match way {
            ChangeDirection::Up => value < 0.0,
            ChangeDirection::Down => value > 0.0,
            ChangeDirection::Open => self.value < 0.0 && seat.sign_written() == Some('-') && is_gap(seat),
        }
    }

    /// Whether the words are of other rows or columns than those that it was worked out of.
    pub(super) fn is_of_something_else(&self, seat: &FigureContext<'_, '_, '_>) -> bool {
        let says = |one: &OperandPlace| seat.says_column(one.material, one.column);
        if !self.operands.is_empty() && self.operands.iter().all(|one| says(one) == Entailment::No) {
            return true;
        }
        let of_another = match self.operation {
            DerivationOperation::Share => self.is_part_of_another_column(seat),
            _ => (self.is_change() || self.is_of_one_column()) && self.is_led_by_another_column(seat),
        };
        let columns: Vec<(usize, usize)> = self
            .operands
            .iter()
            .map(|one| (one.material, one.column))
            .collect();
        let of_another = of_another || (self.is_change() && is_led_by_another_result(seat, &columns));
        if of_another || self.mixes_times(seat) || self.is_between_others(seat) {
            return true;
        }
        let rows: Vec<&OperandPlace> = self.operands.iter().filter(|one| one.row.is_some()).collect();
        let reads = |one: &OperandPlace| {
            one.row.map_or(Entailment::Nothing, |row| {
                seat.reads_as(one.material, row, one.column)
            })
        };
        let is_denied = |one: &&OperandPlace| reads(one) == Entailment::No;
        let alone = rows.windows(2).all(
            |pair| matches!(pair, [one, other] if (one.material, one.row) == (other.material, other.row)),
        );
        match rows.as_slice() {
            [first, ..] if alone => is_denied(first),
            // Of two things either may be named, but of what changed by time its end: `In March it rose 12 %`.
            [end, beginning] => {
                is_denied(end)
                    && (reads(beginning) != Entailment::Yes
                        || (self.is_change()
                            && is_by_time(seat, beginning)
                            && names_of(seat, end).is_empty()
                            && !is_base(seat, beginning)))
            }
            rows => !rows.is_empty() && rows.iter().all(is_denied),
        }
    }
}

/// Words between a share and the whole that it is said to be of.
const WHOLE: usize = 3;

/// Whether nothing but days tells the rows of an operand's result apart.
fn is_by_time(seat: &FigureContext<'_, '_, '_>, operand: &OperandPlace) -> bool {
    let shape = seat.context.index.shapes.get(operand.material);
    shape.is_some_and(|shape| shape.labels.is_empty())
}

impl ReferencedDerivation {
    /// Whether all that it was worked out of is of one column.
    fn is_of_one_column(&self) -> bool {
        let mut operands = self.operands.iter();
        let first = operands.next();
        first.is_some_and(|first| {
            operands.all(|one| (one.material, one.column) == (first.material, first.column))
        })
    }

    /// Whether the clause has named only other columns of the result since the figure before: `Orders rose 12 %` of the revenue.
    fn is_led_by_another_column(&self, seat: &FigureContext<'_, '_, '_>) -> bool {
        let context = seat.context;
        let since = context
            .number_before(seat.span.start)
            .map_or(0, |number| number.end);
        let start = seat.place.clause.start.max(since).min(seat.span.start);
        let named = context.mentions_in(Span::new(start, seat.span.start));
        // `had 76 visits more and invoiced 16,926 more`: the visits are of the figure before.
        let columns = named.filter_map(|mention| match mention.what {
            MentionTarget::Column { material, column }
                if !seat.is_unit_of_another(mention.span) && !is_of_unsaid_mean(seat, material, column) =>
            {
                Some((material, column))
            }
            _ => None,
        });
        let columns: Vec<(usize, usize)> = columns.collect();
        let is_own = |named: &(usize, usize)| {
            let mut operands = self.operands.iter();
            operands.any(|one| (one.material, one.column) == *named)
        };
        let is_beside = |named: &(usize, usize)| self.operands.iter().all(|one| one.material == named.0);
        seat.place.row.is_none() && columns.iter().any(is_beside) && !columns.iter().any(is_own)
    }

    /// Whether the whole that a share is said to be of has the name of another column: `32 % of all orders` of the revenue.
    fn is_part_of_another_column(&self, seat: &FigureContext<'_, '_, '_>) -> bool {
        let context = seat.context;
        let behind = Span::new(seat.span.end, seat.place.clause.end.max(seat.span.end));
        let column = |mention: &&Mention<'_>| match mention.what {
            MentionTarget::Column { material, .. } => {
                let gap = Span::new(seat.span.end, mention.span.start).of(context.text);
                let words: Vec<&str> = gap.split_whitespace().collect();
                let plain = words.iter().all(|word| word.chars().all(char::is_alphabetic));
                // `of all settled costs`
                let of = words.first() == Some(&"of") && words.len() <= WHOLE && plain;
                of && self.operands.iter().all(|one| one.material == material)
            }
            _ => false,
        };
        let named: Vec<usize> = context
            .mentions_in(behind)
            .filter(column)
            .filter_map(|mention| match mention.what {
                MentionTarget::Column { column, .. } => Some(column),
                _ => None,
            })
            .collect();
        !named.is_empty() && !self.operands.iter().any(|one| named.contains(&one.column))
    }
}

/// Whether a column is of means, and the sentence speaks of none: `invoiced` says nothing of an average invoice.
fn is_of_unsaid_mean(seat: &FigureContext<'_, '_, '_>, material: usize, column: usize) -> bool {
    let shape = seat.context.index.shapes.get(material);
    let mean = shape.is_some_and(|shape| shape.extremes.get(&column) == Some(&Concept::Mean));
    let mut words = seat.context.words_in(seat.place.sentence).iter();
    mean && !words.any(|word| said_by(&word.low) & (Concept::Mean.bit() | Concept::Per.bit()) != 0)
}

/// Where the sentence, or the one before it, names the row of an operand and no other.
pub(super) fn names_of<'i>(seat: &FigureContext<'_, '_, 'i>, operand: &OperandPlace) -> Vec<Mention<'i>> {
    let (Some(shape), Some(row)) = (seat.context.index.shapes.get(operand.material), operand.row) else {
        return Vec::new();
    };
    let own = |mention: &&Mention<'_>| match mention.what {
        MentionTarget::Label(label) => {
            let mut columns = shape.labels.iter().zip(&shape.label_rows);
            let column = columns.find(|((column, _), _)| *column == label.column);
            label.material == operand.material
                && column.is_some_and(|(_, rows)| {
                    rows.get(label.value).is_some_and(|rows| rows.as_slice() == [row])
                })
        }
        MentionTarget::TextPeriod(period) => {
            let is = |days: Days| period.relation(days) == Relation::Same && same_length(&period, days);
            let alone = |at: usize| {
                let rows = seat.context.rows_of_period(operand.material, at, period);
                rows.as_slice() == [row]
            };
            let filtered = shape.period.filter(|_| shape.times.is_empty());
            filtered.is_some_and(is) || (0..shape.times.len()).any(alone)
        }
        MentionTarget::Column { .. } => false,
    };
    let places = seat.place.row.map_or(seat.place.sentence, |_| seat.place.line);
    let before = seat.place.before.into_iter();
    let before = before.flat_map(|before| seat.context.mentions_in(before));
    before
        .chain(seat.context.mentions_in(places))
        .filter(own)
        .copied()
        .collect()
}

/// The word before a name, without articles and the like.
pub(super) fn led_by<'c>(seat: &FigureContext<'c, '_, '_>, name: Span) -> &'c str {
    const ARTICLES: [&str; 8] = ["in", "the", "that", "of", "im", "dem", "der", "den"];
    let mut before = seat.context.word_before(name.start);
    for _ in 0..3 {
        let Some(word) = before.and_then(|at| seat.context.words.get(at)) else {
            return "";
        };
        if !ARTICLES.contains(&word.low.as_str()) {
            return word.low.as_str();
        }
        before = before.and_then(|at| at.checked_sub(1));
    }
    ""
}

/// Whether the sentence names an operand as what another is set against.
fn is_base(seat: &FigureContext<'_, '_, '_>, operand: &OperandPlace) -> bool {
    names_of(seat, operand).iter().any(|name| {
        let word = led_by(seat, name.span);
        Concept::Base.has(word) || matches!(word, "since" | "over" | "on" | "as" | "als" | "seit")
    })
}

/// Whether the sentence tells of it from its end to its beginning.
fn is_told_from(seat: &FigureContext<'_, '_, '_>, end: &OperandPlace, beginning: &OperandPlace) -> bool {
    let led = |operand: &OperandPlace, wanted: &str| {
        let names = names_of(seat, operand);
        names
            .iter()
            .find(|name| led_by(seat, name.span) == wanted)
            .map(|name| name.span)
    };
    match (led(end, "from"), led(beginning, "to")) {
        (Some(from), Some(to)) => from.end <= to.start,
        _ => false,
    }
}

/// Words that set one thing against another, whichever of the two is the later.
pub(super) const AGAINST: [&str; 10] = [
    "than", "behind", "ahead", "above", "below", "against", "short", "als", "versus", "vs",
];

/// Whether the sentence sets one thing against another, so that the later one may come first.
fn sets_against(seat: &FigureContext<'_, '_, '_>) -> bool {
    let mut words = seat.context.words_in(seat.place.sentence).iter();
    words.any(|word| AGAINST.contains(&word.low.as_str()))
}

/// Whether an operand is of a later time than another, by the days of its row, the year of its column or what its column is
/// called; or of the same column of a result that was filtered by a later period.
fn is_later(seat: &FigureContext<'_, '_, '_>, one: &OperandPlace, other: &OperandPlace) -> bool {
    let index = seat.context.index;
    let days = |operand: &OperandPlace| days_of_operand(seat, operand);
    if let (Some((of, name, days)), Some((of_other, other_name, other_days))) = (days(one), days(other))
        && (of, &name) == (of_other, &other_name)
    {
        return days > other_days;
    }
    let period = |operand: &OperandPlace| index.shapes.get(operand.material)?.period;
    let filtered = one.material != other.material && one.row == other.row && one.column == other.column;
    matches!((period(one), period(other)), (Some(days), Some(others)) if filtered && days > others)
}

/// Whether a figure below zero stands before a word that says which way: `-16 behind`, `-22 more`.
fn is_signed_twice(seat: &FigureContext<'_, '_, '_>) -> bool {
    let next = seat.context.words_from(seat.span.end).first();
    seat.sign_written() == Some('-')
        && next.is_some_and(|next| {
            let gap = Span::new(seat.span.end, next.span.start).of(seat.context.text);
            gap.trim_matches(['*', '_']) == " "
                && matches!(
                    next.low.as_str(),
                    "more"
                        | "less"
                        | "fewer"
                        | "higher"
                        | "lower"
                        | "behind"
                        | "ahead"
                        | "above"
                        | "below"
                        | "mehr"
                        | "weniger"
                )
        })
}

/// Whether the words before a figure call it a gap or what is left.
fn is_gap(seat: &FigureContext<'_, '_, '_>) -> bool {
    const REACH: usize = 4;
    let before = seat.context.words_in(Span::new(
        seat.place.clause.start,
        seat.span.start.max(seat.place.clause.start),
    ));
    let behind = seat.context.words_from(seat.span.end).iter().take(2);
    let close = before.iter().rev().take(REACH).chain(behind);
    close.into_iter().any(|word| {
        matches!(
            word.low.as_str(),
            "gap"
                | "difference"
                | "differ"
                | "range"
                | "margin"
                | "lead"
                | "left"
                | "leaving"
                | "leaves"
                | "free"
                | "remaining"
                | "apart"
                | "spread"
        )
    })
}

/// Which of two named things a sentence sets against the other: the one that it does not name behind a word like `than`.
fn subject<'o>(
    seat: &FigureContext<'_, '_, '_>,
    end: &'o OperandPlace,
    beginning: &'o OperandPlace,
) -> Option<&'o OperandPlace> {
    let is_base = |operand: &OperandPlace| {
        let names = names_of(seat, operand);
        names.iter().any(|name| {
            let word = led_by(seat, name.span);
            AGAINST.contains(&word) || word == "over"
        })
    };
    match (is_base(end), is_base(beginning)) {
        (true, false) => Some(beginning),
        (false, true) => Some(end),
        _ => None,
    }
}

/// Which way the words say that a figure went: the last one before it that says so, or else the first right behind it.
fn way_told(seat: &FigureContext<'_, '_, '_>) -> ChangeDirection {
    const BEHIND: usize = 3;
    let context = seat.context;
    let direction = |at: usize| {
        let (word, cues) = (context.words.get(at)?, context.cues.get(at)?);
        let both = said_by(&word.low) & cues;
        match (both & Concept::Up.bit() != 0, both & Concept::Down.bit() != 0) {
            (true, false) => Some(ChangeDirection::Up),
            (false, true) => Some(ChangeDirection::Down),
            _ => None,
        }
    };
    let place = seat.place;
    let around = match place.row {
        Some(_) => return ChangeDirection::Open,
        None => place.aside.unwrap_or(place.clause),
    };
    let before = context.word_range(Span::new(around.start, seat.span.start.max(around.start)));
    let behind = context.word_before(seat.span.end).map_or(0, |at| at + 1);
    let mut behind = (behind..behind + BEHIND).take_while(|at| {
        let word = context.words.get(*at);
        word.is_some_and(|word| around.holds(word.span))
    });
    // `although sales fell by 2.8 % there were 29 more orders`: what stands right behind is of this figure alone.
    let compared = context.words_from(seat.span.end).first().filter(|word| {
        let gap = Span::new(seat.span.end, word.span.start).of(context.text);
        let told = ["more", "less", "fewer", "higher", "lower", "mehr", "weniger"];
        gap.trim_matches(['*', '_']) == " " && told.contains(&word.low.as_str()) && around.holds(word.span)
    });
    let compared =
        compared.and_then(|_| direction(context.word_before(seat.span.end).map_or(0, |at| at + 1)));
    let close = compared
        .or_else(|| before.rev().find_map(direction))
        .or_else(|| behind.find_map(direction));
    // `Costs fell from 120 in May to 100 in June (-16.7 %)`: what stands in brackets is said by the verb before them.
    let left = context.text.get(..seat.span.start).unwrap_or_default();
    let bracketed = left
        .trim_end_matches(['+', '-', '−', '$', '€', '£'])
        .ends_with('(');
    let sentence = || {
        let left = Span::new(place.sentence.start, seat.span.start);
        let part = left.of(context.text).rfind(';').unwrap_or(0);
        let words = context.word_range(Span::new(left.start + part, left.end));
        let moves = |at: &usize| {
            let word = context.words.get(*at);
            word.is_some_and(|word| Concept::Moves.has(&word.low))
        };
        let mut words = words.rev();
        words.find(moves).and_then(direction).filter(|_| bracketed)
    };
    close.or_else(sentence).unwrap_or(ChangeDirection::Open)
}
