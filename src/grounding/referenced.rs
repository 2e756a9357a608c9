//! Figures that the program wrote in place of references. Their source is known, so nothing is looked for. What can still be
//! wrong is the sentence: in "2024: 31,981" the figure may be the one of 2025. So the words around each are held against the
//! key of its row, as they are for every other figure.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::cells::FigureSource;
use super::cues::contradicts_its_way;
use super::figure::{Figure, FigureKind, FigureStatus, Reason, ReferencedFigure, Trace};
use super::figure_context::{FigureContext, once, pair};
use super::index::{CellIndex, NumberCell};
use super::number::Number;
use super::scope::{Says, TextContext};
use super::text::{Span, stem};
use crate::result::{Cell, ResultTable};

/// From here on, a whole number in a sentence names a row whose key it is, without a word that says so: a year, an id.
const TELLING: f64 = 100.0;

/// What the program wrote, in the order of the text.
pub(super) struct ReferencedSpans<'r> {
    figures: &'r [ReferencedFigure],
    /// The numbers that key the rows of each result.
    keys: RefCell<HashMap<usize, Rc<Vec<NumberKey>>>>,
}

/// A column of whole numbers that name rows.
struct NumberKey {
    column: usize,
    values: Vec<Option<f64>>,
    /// The values, by their bits.
    present: HashSet<u64>,
    /// Whether all of them may be years.
    years: bool,
}

impl NumberKey {
    fn all_of(table: &ResultTable) -> Vec<Self> {
        let key = table.row_key();
        let naming = table.columns.iter().enumerate();
        let naming = naming.filter(|(at, column)| key.contains(at) || column.names_rows());
        naming
            .map(|(column, _)| column)
            .map(|column| {
                let rows = 0..table.rows.len();
                let values: Vec<Option<f64>> = rows.map(|row| whole_number(table, row, column)).collect();
                Self {
                    column,
                    present: values.iter().flatten().map(|value| value.to_bits()).collect(),
                    years: values.iter().all(|value| value.is_some_and(is_year)),
                    values,
                }
            })
            .filter(|key| !key.present.is_empty())
            .collect()
    }
}

impl<'r> ReferencedSpans<'r> {
    pub(super) fn of(figures: &'r [ReferencedFigure]) -> Self {
        Self {
            figures,
            keys: RefCell::default(),
        }
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
        (named && seat.says_column(material, column) == Says::No)
            || seat.says_row(material, row) == Says::No
            || self.names_another_key(&seat, material, row)
    }

    /// Whether the closest words that name rows by number name another: "2024: 31,981" for the row whose year is 2025.
    fn names_another_key(&self, seat: &FigureContext<'_, '_, '_>, material: usize, row: usize) -> bool {
        let context = seat.context;
        let Some(table) = context.index.materials.get(material).map(|one| one.table) else {
            return false;
        };
        let keys = once(&self.keys, material, || Rc::new(NumberKey::all_of(table)));
        keys.iter().any(|key| {
            let Some(own) = key.values.get(row).copied().flatten() else {
                return false;
            };
            let names = |number: &Number| {
                let telling = number.value.abs() >= TELLING || is_called(seat, table, key.column, number);
                let known = key.present.contains(&number.value.to_bits());
                let of_reference = self.touches(Span::new(number.start, number.end));
                !of_reference && telling && (known || (key.years && is_year(number.value)))
            };
            for scope in &seat.scopes {
                let keyed: Vec<&Number> = context
                    .numbers_in(scope.span)
                    .iter()
                    .filter(|number| !scope.before || number.end <= seat.span.start)
                    .filter(|number| names(number))
                    .collect();
                if keyed.is_empty() {
                    continue;
                }
                let spans: Vec<Span> = keyed
                    .iter()
                    .map(|number| Span::new(number.start, number.end))
                    .collect();
                let mut figures = seat.figures_in(scope.span);
                figures.retain(|figure| !spans.contains(figure));
                let paired = pair(&spans, &figures, seat.span);
                let mut meant = keyed
                    .iter()
                    .filter(|number| paired.is_none_or(|span| span.start == number.start));
                return !meant.any(|number| number.value.to_bits() == own.to_bits());
            }
            false
        })
    }
}

/// Whether the word before a number is one of the column's name: "hour 7", "rating 4".
fn is_called(seat: &FigureContext<'_, '_, '_>, table: &ResultTable, column: usize, number: &Number) -> bool {
    let word = seat.context.word_before(number.start);
    let word = word.and_then(|at| seat.context.words.get(at));
    let Some((word, column)) = word.zip(table.columns.get(column)) else {
        return false;
    };
    let close = Span::new(word.span.end, number.start).of(seat.context.text);
    let name = column.name.to_lowercase();
    let mut name = name.split(|c: char| !c.is_alphanumeric());
    close.trim().is_empty() && name.any(|part| stem(part) == stem(&word.low))
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

fn whole_number(table: &ResultTable, row: usize, column: usize) -> Option<f64> {
    let cell = table.rows.get(row)?.get(column)?;
    let number = match cell {
        Cell::Number(number) => number.as_f64()?,
        Cell::Text(text) if text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse().ok()?
        }
        _ => return None,
    };
    (number.fract() == 0.0).then_some(number)
}

fn is_year(number: f64) -> bool {
    (1900.0..=2100.0).contains(&number)
}
