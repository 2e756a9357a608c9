//! Which derivations the words around a figure deny: of a row, a column or a sign that they say otherwise.

use rust_decimal::prelude::ToPrimitive as _;

use super::cells::{FigureSource, Sources};
use super::cues::Cues;
use super::figure::{DerivationOperation, Trace};
use super::scope::{Entailment, FigureContext};
use super::tolerance::Tolerance;

/// Whether a derivation only works out again what stands in a cell of its row, where the words around the figure name another:
/// a share of a total beside the column of shares.
pub(super) fn is_of_denied_cell(found: &Sources, source: &FigureSource, cues: Cues) -> bool {
    let (
        Trace::Derivation {
            operation, inputs, ..
        },
        Some(denied),
    ) = (&source.trace, found.denied_cell)
    else {
        return false;
    };
    let own = [denied.row + 1];
    let first = inputs.first().map(|input| input.rows.as_slice());
    let again = match operation {
        DerivationOperation::Share => first == Some(&own),
        // A nought of another row is no sign that a group is absent.
        DerivationOperation::Count => first == Some(&[]),
        // Where no word speaks of a gap, two cells come to the value of a third by chance.
        // `604 of 1,750` of another row is not what is left of two columns.
        DerivationOperation::Difference => {
            let columns = |at: usize| inputs.get(at).map(|input| (&input.column, &input.rows));
            let in_row = matches!((columns(0), columns(1)), (Some(one), Some(other)) if one.1 == other.1 && one.0 != other.0);
            !(cues.gap || cues.change || (cues.rest && !in_row))
        }
        _ => false,
    };
    again && source.material == denied.material
}

/// Whether a figure with a sign of its own is only the difference of two columns of a row that has it with the other sign: `Q3
/// +$56,075` of a quarter whose result is -56,075, as costs less revenue.
pub(super) fn is_of_other_sign(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    source: &FigureSource,
) -> bool {
    let Trace::Derivation {
        operation: DerivationOperation::Difference,
        inputs,
        ..
    } = &source.trace
    else {
        return false;
    };
    let index = seat.context.index;
    let row = match inputs.first().map(|input| input.rows.as_slice()) {
        Some([row]) if inputs.iter().all(|input| input.rows == [*row]) => row.checked_sub(1),
        _ => None,
    };
    let (Some(row), Some(shape)) = (row, index.shapes.get(source.material)) else {
        return false;
    };
    let cells = shape.numeric.iter();
    let mut cells = cells.filter_map(|column| index.exact(source.material, *column, row)?.to_f64());
    seat.sign_written().is_some() && cells.any(|value| wanted.admits(-value) && !wanted.admits(value))
}

/// Whether a derivation is of one row alone, and the words around the figure name another: `Twitter converts at 40.0 %`, where
/// that is 168 of 420 of Google.
pub(super) fn is_of_denied_row(seat: &FigureContext<'_, '_, '_>, source: &FigureSource) -> bool {
    let Trace::Derivation { inputs, .. } = &source.trace else {
        return false;
    };
    let mut rows = inputs.iter().map(|input| match input.rows.as_slice() {
        [row] => row.checked_sub(1),
        _ => None,
    });
    let Some(Some(first)) = rows.next() else {
        return false;
    };
    let alone = inputs
        .iter()
        .all(|input| inputs.first().is_some_and(|first| first.result == input.result));
    inputs.len() > 1
        && alone
        && rows.all(|row| row == Some(first))
        && seat.says_row(source.material, first) == Entailment::No
}

/// Whether a derivation is of the column that the header above the figure is the name of, or a name right beside it, if it
/// is of one: "revenue of $214.7M" is not a cost less another.
pub(super) fn is_under_its_header(seat: &FigureContext<'_, '_, '_>, source: &FigureSource) -> bool {
    let Trace::Derivation {
        inputs, operation, ..
    } = &source.trace
    else {
        return true;
    };
    let mut columns = seat.header_columns(source.material);
    let alike = matches!(
        operation,
        DerivationOperation::Difference | DerivationOperation::Sum
    );
    if columns.is_empty() && alike {
        columns = seat.adjacent_columns(source.material).into();
    }
    let material = seat.context.index.materials.get(source.material);
    let named = |column: &String| {
        let table = material.map(|material| material.table);
        let at = table.and_then(|table| table.columns.iter().position(|one| one.name == *column));
        at.is_some_and(|at| columns.contains(&at))
    };
    columns.is_empty()
        || inputs
            .iter()
            .all(|input| input.column.is_empty() || named(&input.column))
}
