//! Figures that the program wrote in place of references. Their source is known. What can still be wrong is the sentence: in
//! "2024: 31,981" the figure may be the one of 2025. So each is looked up like a figure in digits as well. Where that finds
//! nothing that the sentence is true of, and the words speak against its source, it is a contradiction.

use super::cells::FigureSource;
use super::cues::{contradicts_its_way, is_less_than_its_part};
use super::figure::{Figure, FigureKind, FigureStatus, OffContextSource, Reason, ReferencedFigure, Trace};
use super::figure_context::FigureContext;
use super::index::{CellIndex, NumberCell};
use super::number::Number;
use super::other_column::{is_led_by_another_result, is_named_otherwise, is_out_of_line};
use super::referenced_derivation::ReferencedDerivation;
use super::referenced_total::{is_another_total, is_told_of_all};
use super::scope::{Entailment, Mention, MentionTarget, TextContext};
use super::text::Span;
use super::unit_clash::is_in_another_unit;

/// What comes of looking a figure up by its digits and the words around it.
type Told<'f, 'a, 'i> = dyn Fn(&FigureContext<'_, 'a, 'i>, &Number) -> Figure + 'f;

/// What the program wrote, in the order of the text.
pub(super) struct ReferencedSpans<'r> {
    figures: &'r [ReferencedFigure],
}

impl<'r> ReferencedSpans<'r> {
    pub(super) fn of(figures: &'r [ReferencedFigure]) -> Self {
        Self { figures }
    }

    /// Whether any of it touches some bytes.
    pub(super) fn touches(&self, bytes: Span) -> bool {
        let from = self.figures.partition_point(|figure| figure.end <= bytes.start);
        self.figures
            .get(from)
            .is_some_and(|figure| figure.start < bytes.end)
    }

    /// The figures, each with what came of holding it against its sentence. `told` says what the digits alone would come to.
    pub(super) fn figures<'a, 'i>(
        &self,
        context: &TextContext<'a, 'i>,
        told: &Told<'_, 'a, 'i>,
    ) -> Vec<Figure> {
        self.figures
            .iter()
            .filter_map(|written| {
                let kind = written.kind?;
                let span = Span::new(written.start, written.end);
                let contradicted = |trace: &Trace| {
                    !(written.printed_row || context.work.is_over())
                        && match kind {
                            FigureKind::Number => {
                                is_contradicted(context, span, trace, told)
                                    || is_out_of_line(&context.seat(span), written, self.figures)
                            }
                            FigureKind::Date => {
                                let seat = seat_of_time(context, span, trace);
                                is_other_day(&seat, trace) || is_other_cell(&seat, trace)
                            }
                            FigureKind::Item => is_other_cell(&context.seat(span), trace),
                        }
                };
                let mut against = None;
                let (status, sources) = match &written.trace {
                    None => (Reason::Unresolved.into(), Vec::new()),
                    Some(trace) if contradicted(trace) => {
                        against = told_against(context, span, trace);
                        (Reason::Mismatch.into(), Vec::new())
                    }
                    Some(trace) => (FigureStatus::Referenced, vec![trace.clone()]),
                };
                let figure = super::ground::figure(context, span, kind, status, sources);
                Some(Figure {
                    elsewhere: against,
                    ..figure
                })
            })
            .collect()
    }

    /// The cells that they are, for what is computed from them in words.
    pub(super) fn sources(&self, index: &CellIndex<'_>) -> Vec<(Span, FigureSource)> {
        let numbers = self
            .figures
            .iter()
            .filter(|written| written.kind == Some(FigureKind::Number));
        numbers
            .filter_map(|written| {
                let trace = written.trace.clone()?;
                let (material, row, column) = place(index, &trace)?;
                let cell = index.exact(material, column, row).map(|_| NumberCell {
                    value: index
                        .materials
                        .get(material)
                        .and_then(|material| material.table.rows.get(row)?.get(column)?.amount())
                        .map_or(f64::NAN, crate::result::Amount::as_f64),
                    material,
                    row,
                    column,
                });
                let source = FigureSource {
                    trace,
                    material,
                    cell,
                };
                Some((Span::new(written.start, written.end), source))
            })
            .collect()
    }
}

/// The cell of a figure whose sentence speaks of something else, and the words that do.
fn told_against(context: &TextContext<'_, '_>, span: Span, trace: &Trace) -> Option<OffContextSource> {
    let (material, row, column) = place(context.index, trace)?;
    let cell = NumberCell {
        value: f64::NAN,
        material,
        row,
        column,
    };
    let found = super::elsewhere::elsewhere(&context.seat(whole_number(context, span)), cell)?;
    Some(OffContextSource {
        reference: None,
        ..found
    })
}

/// A figure with the currency that the text has before it: `CHF 12` of `CHF {{r1 cost}}`.
fn whole_number(context: &TextContext<'_, '_>, span: Span) -> Span {
    let before = context.numbers.partition_point(|number| number.end <= span.start);
    let mut touching = context.numbers.iter().skip(before);
    match (touching.next(), touching.next()) {
        (Some(number), next)
            if number.start < span.end
                && next.is_none_or(|next| next.start >= span.end)
                && !context
                    .text
                    .get(number.start..)
                    .unwrap_or_default()
                    .starts_with('(') =>
        {
            Span::new(number.start, number.end)
        }
        _ => span,
    }
}

/// Whether the words around a figure say that it is of something else, or that it went the other way.
fn is_contradicted<'a, 'i>(
    context: &TextContext<'a, 'i>,
    span: Span,
    trace: &Trace,
    told: &Told<'_, 'a, 'i>,
) -> bool {
    let seat = &context.seat(span);
    let numbers = context.numbers_in(span);
    if numbers.iter().any(|number| contradicts_its_way(seat, number)) {
        return true;
    }
    let whole = context.seat(whole_number(context, span));
    let whole_numbers = context.numbers_in(whole.span);
    if whole_numbers
        .iter()
        .any(|number| is_less_than_its_part(&whole, number))
    {
        return true;
    }
    let told = match numbers {
        [number] => Some(told(seat, number)),
        _ => None,
    };
    let in_another_unit = |place: (usize, usize)| {
        let mut numbers = whole_numbers.iter();
        numbers.any(|number| is_in_another_unit(&whole, number, place))
    };
    let reason = match told.as_ref().map(|figure| figure.status) {
        Some(FigureStatus::Unmatched { reason }) => Some(reason),
        _ => None,
    };
    // What the sentence is true of by another source is no contradiction, wherever the reference points.
    let borne_out = || {
        let mut sources = told.iter().flat_map(|figure| &figure.sources);
        sources.any(|source| !is_same_source(source, trace))
    };
    match trace {
        Trace::Derivation {
            operation,
            inputs,
            value,
        } => {
            let derivation = ReferencedDerivation::of(context.index, *operation, inputs, value);
            derivation.is_some_and(|one| {
                one.goes_another_way(seat) || (!borne_out() && one.is_of_something_else(seat))
            })
        }
        Trace::Total {
            result,
            column,
            total,
        } => {
            let Some((material, column)) = column_of(context.index, result, column) else {
                return false;
            };
            is_another_total(seat, material, column, *total)
                || in_another_unit((material, column))
                || (reason.is_some()
                    && (is_of_other_column(seat, material, column) || seat.reads_as_some(material)))
        }
        Trace::Cell { .. } => {
            let of_another_column = || {
                place(context.index, trace).is_some_and(|(material, _, column)| {
                    in_another_unit((material, column))
                        || (!borne_out()
                            && (seat.is_of_another_extreme(material, column)
                                || is_named_otherwise(seat, (material, column))
                                || is_led_by_another_result(seat, &[(material, column)])))
                })
            };
            is_other_cell(seat, trace)
                || is_told_of_all(seat, trace)
                || of_another_column()
                || (reason == Some(Reason::Mismatch) && is_measured_otherwise(seat, trace))
        }
        Trace::RowCount { .. } | Trace::Argument { .. } => false,
    }
}

/// Whether the sentence says outright that a cell is of another row, or a header or a name right beside it that it is of another
/// column.
fn is_other_cell(seat: &FigureContext<'_, '_, '_>, trace: &Trace) -> bool {
    let Some((material, row, column)) = place(seat.context.index, trace) else {
        return false;
    };
    let headed = !seat.header_columns(material).is_empty();
    let named = headed || seat.has_adjacent_column(material, column);
    (named && !seat.is_base() && is_of_other_column(seat, material, column))
        || seat.reads_as(material, row, column) == Entailment::No
}

/// Whether the words around a figure, which do not bear its digits out, are against more than its row: against its unit, or its
/// column where the sentence itself names one.
fn is_measured_otherwise(seat: &FigureContext<'_, '_, '_>, trace: &Trace) -> bool {
    let Some((material, row, column)) = place(seat.context.index, trace) else {
        return true;
    };
    let table = seat.context.index.materials.get(material).map(|one| one.table);
    if table.is_none_or(super::cells::is_calculation) {
        return false;
    }
    let by_column = seat.says_column(material, column) == Entailment::No;
    seat.says_row(material, row) != Entailment::No
        && (!by_column || is_of_other_column(seat, material, column))
}

/// Whether the words say that a figure is of another column, by a header or in its own sentence, and do not go on to name its own:
/// `30 wagons are overdue`, of the columns `wagons` and `inspection_overdue`.
fn is_of_other_column(seat: &FigureContext<'_, '_, '_>, material: usize, column: usize) -> bool {
    if seat.says_column(material, column) != Entailment::No {
        return false;
    }
    if seat.place.row.is_some() {
        return true;
    }
    let context = seat.context;
    let figures = seat.figures_in(seat.place.clause);
    let mut next = figures.iter().filter(|figure| figure.start >= seat.span.end);
    let end = next.next().map_or(seat.place.clause.end, |next| next.start);
    let behind = Span::new(seat.span.end, end.max(seat.span.end));
    let is_own = |mention: &Mention<'_>| matches!(mention.what, MentionTarget::Column { material: of, column: own } if (of, own) == (material, column));
    // `Sliding wall wagons` is a name, and says nothing of the column of wagons.
    let is_noun = |mention: &Mention<'_>| {
        let before = context.word_before(mention.span.start);
        let before = before.and_then(|at| context.words.get(at));
        before.is_some_and(|word| {
            let mut named = context.mentions_over(word.span);
            word.span.end + 1 == mention.span.start
                && named.any(|one| matches!(one.what, MentionTarget::Label(_)))
        })
    };
    let named = seat.columns_in_sentence(material);
    named.iter().any(|mention| !is_noun(mention)) && !context.mentions_in(behind).any(is_own)
}

impl From<Reason> for FigureStatus {
    fn from(reason: Reason) -> Self {
        Self::Unmatched { reason }
    }
}

/// Where the cell of a trace is: result, row and column.
pub(super) fn place(index: &CellIndex<'_>, trace: &Trace) -> Option<(usize, usize, usize)> {
    let Trace::Cell { result, row, column } = trace else {
        return None;
    };
    let (material, column) = column_of(index, result, column)?;
    Some((material, row.checked_sub(1)?, column))
}

/// Where the column of a trace is.
pub(super) fn column_of(index: &CellIndex<'_>, result: &str, column: &str) -> Option<(usize, usize)> {
    let material = index.materials.iter().position(|one| one.handle == result)?;
    let columns = &index.materials.get(material)?.table.columns;
    let column = columns.iter().position(|one| one.name == column)?;
    Some((material, column))
}

/// What stands at a day, or at a time of day.
fn seat_of_time<'c, 'a, 'i>(
    context: &'c TextContext<'a, 'i>,
    span: Span,
    trace: &Trace,
) -> FigureContext<'c, 'a, 'i> {
    let place = place(context.index, trace);
    let of_day = place.and_then(|(material, _, column)| {
        let times = &context.index.shapes.get(material)?.times;
        Some(times.iter().any(|(of, _)| *of == column))
    });
    if of_day == Some(true) {
        context.seat_of_date(span)
    } else {
        context.seat(span)
    }
}

/// Whether the words beside a day or a time of day are of another row, or of another column of such.
fn is_other_day(seat: &FigureContext<'_, '_, '_>, trace: &Trace) -> bool {
    let index = seat.context.index;
    let Some((material, row, column)) = place(index, trace) else {
        return false;
    };
    let times = index.shapes.get(material).map(|shape| shape.times.as_slice());
    let days: Vec<usize> = times.into_iter().flatten().map(|(column, _)| *column).collect();
    let columns = if days.contains(&column) {
        days
    } else {
        index.clock_columns(material)
    };
    columns.contains(&column)
        && (seat.says_names(material, row) == Entailment::No
            || seat.says_day_column(material, column, &columns) == Entailment::No)
}

/// Whether two sources are one, whatever they were rounded to.
fn is_same_source(one: &Trace, other: &Trace) -> bool {
    match (one, other) {
        (
            Trace::Derivation {
                operation, inputs, ..
            },
            Trace::Derivation {
                operation: other_operation,
                inputs: other_inputs,
                ..
            },
        ) => operation == other_operation && inputs == other_inputs,
        _ => one == other,
    }
}
