//! What derivations start from: sums of named rows, totals of columns, the numbers of results with one row.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::figure::{DerivationOperation, DerivedFrom, Trace};
use super::known::KnownFigures;
use super::scope::FigureContext;
use super::text::Span;
use crate::result::{Amount, Cell, ColumnSummary, TotalKind};

/// Most groups of rows that one sentence is taken to name.
pub(super) const MOST_GROUPS: usize = 12;
/// Most figures of one list that are taken together.
pub(super) const MOST_LISTED: usize = 500;
/// Most results of one row that are compared with each other.
const MOST_SINGLES: usize = 24;

/// A value that a derivation may start from.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub(super) value: Decimal,
    pub(super) input: DerivedFrom,
    pub(super) material: usize,
    pub(super) column: usize,
    /// What else it was computed from, where it is a difference.
    pub(super) also: Option<DerivedFrom>,
}

/// The sum of some rows of a column.
pub(super) fn operand(
    seat: &FigureContext<'_, '_, '_>,
    at: usize,
    column: usize,
    rows: &[usize],
) -> Option<Operand> {
    let material = seat.context.index.materials.get(at)?;
    let shape = seat.context.index.shapes.get(at)?;
    seat.context.work.spend(rows.len());
    if rows.iter().any(|row| *row >= shape.seen) {
        return None;
    }
    let mut value = Decimal::ZERO;
    for row in rows {
        if let Some(exact) = seat.context.index.exact(at, column, *row) {
            value = value.checked_add(exact)?;
        }
    }
    Some(Operand {
        value,
        input: DerivedFrom {
            result: material.handle.to_owned(),
            column: material.table.columns.get(column)?.name.clone(),
            rows: rows.iter().map(|row| row + 1).collect(),
            total: None,
        },
        material: at,
        column,
        also: None,
    })
}

/// The number in a cell, exactly.
pub(super) fn exact(cell: &Cell) -> Option<Decimal> {
    match cell.amount()? {
        Amount::Exact(value) => Some(value),
        Amount::Approximate(_) => None,
    }
}

/// The sum of a whole column, if all its rows are there.
pub(super) fn total(seat: &FigureContext<'_, '_, '_>, at: usize, column: usize) -> Option<Operand> {
    let material = seat.context.index.materials.get(at)?;
    if material.table.rows.len() < 2 || !seat.may_total(at) {
        return None;
    }
    let ColumnSummary::Numbers {
        sum: Some(Amount::Exact(value)),
        ..
    } = seat.context.index.summary(at, column)?
    else {
        return None;
    };
    Some(Operand {
        value: *value,
        input: DerivedFrom {
            result: material.handle.to_owned(),
            column: material.table.columns.get(column)?.name.clone(),
            rows: Vec::new(),
            total: Some(TotalKind::Sum),
        },
        material: at,
        column,
        also: None,
    })
}

/// The numbers of results that have one row, the latest first.
pub(super) fn singles(seat: &FigureContext<'_, '_, '_>) -> Vec<Operand> {
    let index = seat.context.index;
    let one_row = index
        .materials
        .iter()
        .enumerate()
        .rev()
        .filter(|(_, material)| material.table.rows.len() == 1);
    let mut found = Vec::new();
    for (at, _) in one_row {
        for column in index
            .shapes
            .get(at)
            .map(|shape| shape.numeric.as_slice())
            .unwrap_or_default()
        {
            found.extend(operand(seat, at, *column, &[0]));
            if found.len() == MOST_SINGLES {
                return found;
            }
        }
    }
    found
}

pub(super) fn joined(operands: &[Operand]) -> Option<Operand> {
    let mut all = operands.first()?.clone();
    for other in operands.iter().skip(1) {
        all.value = all.value.checked_add(other.value)?;
        all.input.rows.extend(&other.input.rows);
    }
    Some(all)
}

/// A figure that the text states, as an operand.
#[derive(Debug, Clone)]
pub(super) struct StatedOperand {
    pub(super) span: Span,
    pub(super) operand: Operand,
}

/// The operands that figures of the same sentence, or of the one before, are; in a table those of the same row.
pub(super) fn stated(seat: &FigureContext<'_, '_, '_>, known: &KnownFigures) -> Vec<StatedOperand> {
    let place = seat.place;
    let close = |span: Span| {
        if place.row.is_some() {
            return place.line.holds(span);
        }
        place.sentence.holds(span) || place.before.is_some_and(|before| before.holds(span))
    };
    let around = match (place.row, place.before) {
        (Some(_), _) => place.line,
        (None, Some(before)) => Span::new(before.start, place.sentence.end),
        (None, None) => place.sentence,
    };
    stated_within(seat, known, (around, MOST_GROUPS), close)
}

/// The operands that figures of a list around the figure's line are, at most so many; in a table those above or below it.
pub(super) fn listed(
    seat: &FigureContext<'_, '_, '_>,
    known: &KnownFigures,
    most: usize,
) -> Vec<StatedOperand> {
    let layout = &seat.context.layout;
    let around = match seat.place.row {
        Some(_) => layout.table_around(seat.span),
        None => layout.lists_beside(seat.span),
    };
    let Some(around) = around.map(|around| (around, most)) else {
        return Vec::new();
    };
    match seat.place.row {
        Some(cell) => stated_within(seat, known, around, |span| {
            layout.shares_column(seat.span, span) && !cell.cell.holds(span)
        }),
        None => stated_within(seat, known, around, |span| layout.in_list_beside(seat.span, span)),
    }
}

/// A sum or a difference that the text states.
fn summed(
    seat: &FigureContext<'_, '_, '_>,
    at: usize,
    (operation, inputs): (DerivationOperation, &[DerivedFrom]),
    value: &str,
) -> Option<Operand> {
    let mut input = inputs.first()?.clone();
    let table = seat.context.index.materials.get(at)?.table;
    let column = table
        .columns
        .iter()
        .position(|column| column.name == input.column)?;
    let also = inputs
        .get(1)
        .filter(|_| operation == DerivationOperation::Difference)
        .cloned();
    if also.is_none() {
        input.rows = inputs
            .iter()
            .flat_map(|input| input.rows.iter().copied())
            .collect();
    }
    Some(Operand {
        value: value.parse().ok()?,
        input,
        material: at,
        column,
        also,
    })
}

/// The operands that the first so many known figures within some bytes are, of those that count.
pub(super) fn stated_within(
    seat: &FigureContext<'_, '_, '_>,
    known: &KnownFigures,
    (around, most): (Span, usize),
    close: impl Fn(Span) -> bool,
) -> Vec<StatedOperand> {
    let mut found: Vec<StatedOperand> = Vec::new();
    let mut inputs: HashSet<(DerivedFrom, Option<DerivedFrom>)> = HashSet::new();
    for (span, source) in known.within(around).filter(|(span, _)| *span != seat.span) {
        seat.context.work.spend(1);
        if found.len() == most || seat.context.work.is_over() {
            break;
        }
        if !close(*span) {
            continue;
        }
        let one = match (&source.cell, &source.trace) {
            (Some(cell), _) => operand(seat, cell.material, cell.column, &[cell.row]),
            (
                None,
                Trace::Total {
                    column,
                    total: TotalKind::Sum,
                    ..
                },
            ) => {
                let columns = seat
                    .context
                    .index
                    .materials
                    .get(source.material)
                    .map(|one| &one.table.columns);
                let at = columns.and_then(|columns| columns.iter().position(|one| one.name == *column));
                at.and_then(|at| total(seat, source.material, at))
            }
            (
                None,
                Trace::Derivation {
                    operation: operation @ (DerivationOperation::Sum | DerivationOperation::Difference),
                    inputs,
                    value,
                },
            ) => summed(seat, source.material, (*operation, inputs), value),
            _ => None,
        };
        if let Some(operand) = one.filter(|one| inputs.insert((one.input.clone(), one.also.clone()))) {
            found.push(StatedOperand { span: *span, operand });
        }
    }
    found
}
