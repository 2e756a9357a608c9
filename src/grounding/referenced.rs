//! Figures that the program wrote in place of references. Their source is known, so nothing is looked for. What can still be
//! wrong is the sentence: in "2024: 31,981" the figure may be the one of 2025. So the words around each are held against the
//! key of its row, as they are for every other figure.

use super::cells::FigureSource;
use super::cues::contradicts_its_way;
use super::figure::{Figure, FigureKind, FigureStatus, Reason, ReferencedFigure, Trace};
use super::figure_context::{FigureContext, pair};
use super::index::{CellIndex, NumberCell};
use super::number::Number;
use super::scope::{Entailment, TextContext};
use super::text::Span;

/// From here on, a whole number in a sentence names a row whose key it is, without a word that says so: a year, an id.
const TELLING: f64 = 100.0;

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

    /// The figures, each with what came of holding it against its sentence.
    pub(super) fn figures(&self, context: &TextContext<'_, '_>) -> Vec<Figure> {
        self.figures
            .iter()
            .filter_map(|written| {
                let kind = written.kind?;
                let span = Span::new(written.start, written.end);
                let (status, sources) = match &written.trace {
                    None => (Reason::Unresolved.into(), Vec::new()),
                    Some(trace) if !written.printed_row && self.is_contradicted(context, span, trace) => {
                        (Reason::Mismatch.into(), Vec::new())
                    }
                    Some(trace) => (FigureStatus::Referenced, vec![trace.clone()]),
                };
                Some(super::ground::figure(context, span, kind, status, sources))
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

    /// Whether the words around a figure name another row than its own, or say that it went the other way.
    fn is_contradicted(&self, context: &TextContext<'_, '_>, span: Span, trace: &Trace) -> bool {
        if context.work.is_over() {
            return false;
        }
        let seat = context.seat(span);
        let mut numbers = context.numbers_in(span).iter();
        if numbers.any(|number| contradicts_its_way(&seat, number)) {
            return true;
        }
        let Some((material, row, column)) = place(context.index, trace) else {
            return false;
        };
        if seat.is_base() {
            return false;
        }
        // Of columns only what leaves no doubt counts: a table's header, and a name right beside the figure.
        let headed = !seat.header_columns(material).is_empty();
        let named = headed || seat.has_adjacent_column(material, column);
        (named && seat.says_column(material, column) == Entailment::No)
            || seat.says_row(material, row) == Entailment::No
            || self.names_another_key(&seat, material, row)
    }

    /// Whether the closest words that name rows by number name another: "2025 (id 17): 31,981" for the row whose id is 18.
    fn names_another_key(&self, seat: &FigureContext<'_, '_, '_>, material: usize, row: usize) -> bool {
        let context = seat.context;
        let keys = context.index.keys.iter().filter(|key| key.material == material);
        let labels = context
            .index
            .shapes
            .get(material)
            .map(|shape| shape.labels.as_slice())
            .unwrap_or_default();
        keys.into_iter().any(|key| {
            let column = labels.iter().find(|(column, _)| *column == key.column);
            let Some(own) = column.and_then(|(_, values)| values.get(row).copied().flatten()) else {
                return false;
            };
            let label = |number: &Number| {
                let called = || {
                    let word = context
                        .word_before(number.start)
                        .and_then(|at| context.words.get(at));
                    word.is_some_and(|word| {
                        let gap = Span::new(word.span.end, number.start).of(context.text);
                        gap.trim().is_empty() && key.is_of(&word.low)
                    })
                };
                let of_reference = self.touches(Span::new(number.start, number.end));
                let telling = number.value.abs() >= TELLING || called();
                key.label_of(number.value).filter(|_| telling && !of_reference)
            };
            for scope in &seat.scopes {
                let keyed: Vec<(Span, usize)> = context
                    .numbers_in(scope.span)
                    .iter()
                    .filter(|number| !scope.before || number.end <= seat.span.start)
                    .filter_map(|number| Some((Span::new(number.start, number.end), label(number)?.value)))
                    .collect();
                if keyed.is_empty() {
                    continue;
                }
                let spans: Vec<Span> = keyed.iter().map(|(span, _)| *span).collect();
                let mut figures = seat.figures_in(scope.span);
                figures.retain(|figure| !spans.contains(figure));
                let paired = pair(&spans, &figures, seat.span);
                let mut meant = keyed
                    .iter()
                    .filter(|(span, _)| paired.is_none_or(|paired| paired == *span));
                return !meant.any(|(_, value)| *value == own);
            }
            false
        })
    }
}

impl From<Reason> for FigureStatus {
    fn from(reason: Reason) -> Self {
        Self::Unmatched { reason }
    }
}

/// Where the cell of a trace is: result, row and column.
fn place(index: &CellIndex<'_>, trace: &Trace) -> Option<(usize, usize, usize)> {
    let Trace::Cell { result, row, column } = trace else {
        return None;
    };
    let material = index.materials.iter().position(|one| one.handle == result)?;
    let columns = &index.materials.get(material)?.table.columns;
    let column = columns.iter().position(|one| one.name == *column)?;
    Some((material, row.checked_sub(1)?, column))
}
