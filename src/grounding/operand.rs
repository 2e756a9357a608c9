//! What derivations start from: sums of named rows, totals of columns, the numbers of results with one row.

use rust_decimal::Decimal;

use super::cells::Source;
use super::figure::{Input, Operation, TotalKind, Trace};
use super::scope::Seat;
use super::text::Span;
use crate::result::{Amount, Cell, Summary};

/// Most groups of rows that one sentence is taken to name.
pub(super) const MOST_GROUPS: usize = 12;
/// Most results of one row that are compared with each other.
const MOST_SINGLES: usize = 8;

/// A value that a derivation may start from.
#[derive(Debug, Clone)]
pub(super) struct Operand {
    pub(super) value: Decimal,
    pub(super) input: Input,
    pub(super) material: usize,
    pub(super) column: usize,
}

/// The sum of some rows of a column.
pub(super) fn operand(seat: &Seat<'_, '_, '_>, at: usize, column: usize, rows: &[usize]) -> Option<Operand> {
    let material = seat.context.index.materials.get(at)?;
    let shape = seat.context.index.shapes.get(at)?;
    let mut value = Decimal::ZERO;
    for row in rows.iter().filter(|row| **row < shape.seen) {
        let cell = material.table.rows.get(*row)?.get(column)?;
        if let Some(exact) = exact(cell) {
            value = value.checked_add(exact)?;
        }
    }
    Some(Operand {
        value,
        input: Input {
            result: material.handle.to_owned(),
            column: material.table.columns.get(column)?.name.clone(),
            rows: rows.iter().map(|row| row + 1).collect(),
            total: None,
        },
        material: at,
        column,
    })
}

/// The number in a cell, exactly.
pub(super) fn exact(cell: &Cell) -> Option<Decimal> {
    let amount = match cell {
        Cell::Number(number) => Amount::parse(&number.to_string()),
        Cell::Text(text) => Amount::parse(text),
        Cell::Null | Cell::Bool(_) => None,
    };
    match amount? {
        Amount::Exact(value) => Some(value),
        Amount::Approximate(_) => None,
    }
}

/// The sum of a whole column, if all its rows are there.
pub(super) fn total(seat: &Seat<'_, '_, '_>, at: usize, column: usize) -> Option<Operand> {
    let material = seat.context.index.materials.get(at)?;
    if material.table.rows.len() < 2 || !seat.may_total(at) {
        return None;
    }
    let Summary::Numbers {
        sum: Some(Amount::Exact(value)),
        ..
    } = seat.context.index.summary(at, column)?
    else {
        return None;
    };
    Some(Operand {
        value: *value,
        input: Input {
            result: material.handle.to_owned(),
            column: material.table.columns.get(column)?.name.clone(),
            rows: Vec::new(),
            total: Some(TotalKind::Sum),
        },
        material: at,
        column,
    })
}

/// The numbers of results that have one row, the latest first.
pub(super) fn singles(seat: &Seat<'_, '_, '_>) -> Vec<Operand> {
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
        }
    }
    found.truncate(MOST_SINGLES);
    found
}

/// Several operands as one.
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
pub(super) struct Told {
    pub(super) span: Span,
    pub(super) operand: Operand,
}

/// The operands that figures of the same sentence, or of the one before, are; in a table those of the same row.
pub(super) fn stated(seat: &Seat<'_, '_, '_>, known: &[(Span, Source)]) -> Vec<Told> {
    let place = seat.place;
    let close = |span: Span| {
        if place.row.is_some() {
            return place.line.holds(span);
        }
        place.sentence.holds(span) || place.before.is_some_and(|before| before.holds(span))
    };
    let mut found = told(seat, known, close);
    found.truncate(MOST_GROUPS);
    found
}

/// The operands that figures of a list around the figure's line are; in a table those above or below it.
pub(super) fn listed(seat: &Seat<'_, '_, '_>, known: &[(Span, Source)]) -> Vec<Told> {
    let layout = &seat.context.layout;
    match seat.place.row {
        Some(cell) => told(seat, known, |span| {
            layout.shares_column(seat.span, span) && !cell.cell.holds(span)
        }),
        None => told(seat, known, |span| layout.in_list_beside(seat.span, span)),
    }
}

/// A sum that the text states.
fn summed(seat: &Seat<'_, '_, '_>, at: usize, inputs: &[Input], value: &str) -> Option<Operand> {
    let mut input = inputs.first()?.clone();
    let table = seat.context.index.materials.get(at)?.table;
    let column = table
        .columns
        .iter()
        .position(|column| column.name == input.column)?;
    input.rows = inputs
        .iter()
        .flat_map(|input| input.rows.iter().copied())
        .collect();
    Some(Operand {
        value: value.parse().ok()?,
        input,
        material: at,
        column,
    })
}

fn told(seat: &Seat<'_, '_, '_>, known: &[(Span, Source)], close: impl Fn(Span) -> bool) -> Vec<Told> {
    let mut found: Vec<Told> = Vec::new();
    for (span, source) in known
        .iter()
        .filter(|(span, _)| close(*span) && *span != seat.span)
    {
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
                    operation: Operation::Sum,
                    inputs,
                    value,
                },
            ) => summed(seat, source.material, inputs, value),
            _ => None,
        };
        if let Some(operand) = one.filter(|one| !found.iter().any(|other| other.operand.input == one.input)) {
            found.push(Told { span: *span, operand });
        }
    }
    found
}
