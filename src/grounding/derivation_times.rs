//! What figures that were worked out have to do with times: of which their operands are, and from when to when the sentence tells.

use super::figure::{DerivationOperation, Trace};
use super::order::{DaysOfFigure, days_of};
use super::referenced_derivation::{OperandPlace, ReferencedDerivation, names_of};
use super::scope::{FigureContext, MentionTarget};
use super::text::Span;

/// Days before it are none of a calendar.
const FIRST_YEAR: i16 = 100;

impl ReferencedDerivation {
    /// Whether a ratio sets figures of two columns against each other that are of two times, and the sentence does not name both:
    /// the freight of 2025 for each waybill of 2026.
    pub(super) fn mixes_times(&self, seat: &FigureContext<'_, '_, '_>) -> bool {
        let [one, other] = self.operands.as_slice() else {
            return false;
        };
        let of_two = (one.material, one.column) != (other.material, other.column);
        if self.operation != DerivationOperation::Ratio || !of_two {
            return false;
        }
        let (Some((.., days)), Some((.., others))) =
            (days_of_operand(seat, one), days_of_operand(seat, other))
        else {
            return false;
        };
        // Columns of a beginning and an end stand in years that only tell their order.
        let dated = days.0.year() > FIRST_YEAR && others.0.year() > FIRST_YEAR;
        let apart = dated && (days.1 <= others.0 || others.1 <= days.0);
        // Between the figure before and the next one.
        let around = seat.figures_in(seat.place.sentence);
        let before = around.iter().rev().find(|figure| figure.end <= seat.span.start);
        let next = around.iter().find(|figure| figure.start >= seat.span.end);
        let beside = Span::new(
            before.map_or(seat.place.sentence.start, |figure| figure.end),
            next.map_or(seat.place.sentence.end, |figure| figure.start),
        );
        let named =
            |operand: &OperandPlace| names_of(seat, operand).iter().any(|name| beside.holds(name.span));
        apart && !(named(one) && named(other))
    }

    /// Whether the sentence tells from when to when something changed, and this is between other rows: `from Q1 2025 to Q1 2026, a
    /// drop of 12`.
    pub(super) fn is_between_others(&self, seat: &FigureContext<'_, '_, '_>) -> bool {
        let [end, beginning] = self.operands.as_slice() else {
            return false;
        };
        let (Some(last), Some(first)) = (end.row, beginning.row) else {
            return false;
        };
        if !self.is_change() || end.material != beginning.material || seat.place.row.is_some() {
            return false;
        }
        let context = seat.context;
        let led = |wanted: [&str; 2]| {
            let before = Span::new(seat.place.sentence.start, seat.span.start);
            let mut periods = context
                .mentions_in(before)
                .filter_map(|mention| match mention.what {
                    MentionTarget::TextPeriod(period)
                        if wanted.contains(&led_over_figures(seat, mention.span)) =>
                    {
                        Some(period)
                    }
                    _ => None,
                });
            match (periods.next(), periods.next()) {
                (Some(only), None) => Some(only),
                _ => None,
            }
        };
        let times = context
            .index
            .shapes
            .get(end.material)
            .map_or(0, |shape| shape.times.len());
        let row = |period| {
            (0..times).find_map(|at| {
                let rows = context.rows_of_period(end.material, at, period);
                match rows.as_slice() {
                    [row] => Some(*row),
                    _ => None,
                }
            })
        };
        let (from, to) = (
            led(["from", "von"]).and_then(row),
            led(["to", "auf"]).and_then(row),
        );
        matches!((from, to), (Some(from), Some(to)) if from != to && (from, to) != (first, last) && (from, to) != (last, first))
    }
}

/// The days of an operand's row, with what they are the days of.
pub(super) fn days_of_operand(
    seat: &FigureContext<'_, '_, '_>,
    operand: &OperandPlace,
) -> Option<DaysOfFigure> {
    let material = seat.context.index.materials.get(operand.material)?;
    let trace = Trace::Cell {
        result: material.handle.to_owned(),
        row: operand.row? + 1,
        column: material.table.columns.get(operand.column)?.name.clone(),
    };
    days_of(seat.context, &trace)
}

/// The word before a name, without articles, figures and their units: the `from` of `from EUR 12 in May`.
fn led_over_figures<'c>(seat: &FigureContext<'c, '_, '_>, name: Span) -> &'c str {
    const ARTICLES: [&str; 9] = ["in", "the", "of", "im", "dem", "der", "million", "eur", "chf"];
    const REACH: usize = 8;
    let mut before = seat.context.word_before(name.start);
    for _ in 0..REACH {
        let Some(word) = before.and_then(|at| seat.context.words.get(at)) else {
            return "";
        };
        let passed =
            ARTICLES.contains(&word.low.as_str()) || word.low.starts_with(|c: char| c.is_ascii_digit());
        if !passed {
            return word.low.as_str();
        }
        before = before.and_then(|at| at.checked_sub(1));
    }
    ""
}
