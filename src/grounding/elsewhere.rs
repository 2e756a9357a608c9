//! What to say of a figure whose value a result holds for something else: `2024: 71,238,400`, where that is the figure
//! of 2025. A reader and a model need both halves to see which of them is wrong.

use super::figure::OffContextSource;
use super::index::NumberCell;
use super::scope::{Entailment, FigureContext, MentionTarget};
use super::text::Span;
use crate::result::{Cell, ResultTable};
use crate::text::clean_line;

/// Most characters of a key or of a name that is quoted.
const QUOTED: usize = 40;
/// Most names that are quoted, and most keys of a row.
const MOST_QUOTED: usize = 3;

/// Where a cell is, and which names around a figure are of something else.
pub(super) fn elsewhere(seat: &FigureContext<'_, '_, '_>, cell: NumberCell) -> Option<OffContextSource> {
    let material = seat.context.index.materials.get(cell.material)?;
    let keys: Vec<String> = keys(seat, cell, material.table).collect();
    let column = clean_line(&material.table.columns.get(cell.column)?.name, QUOTED);
    let row = match keys.as_slice() {
        [] => format!("row {}", cell.row + 1),
        keys => format!("row {} ({})", cell.row + 1, keys.join(", ")),
    };
    let mut named: Vec<String> = Vec::new();
    for span in denying(seat, cell) {
        let name = clean_line(span.of(seat.context.text), QUOTED);
        if named.len() < MOST_QUOTED && !named.contains(&name) {
            named.push(name);
        }
    }
    Some(OffContextSource {
        cell: format!("{} {row}, column \"{column}\"", material.handle),
        named,
        reference: reference(material.handle, material.table, cell),
    })
}

/// The reference that writes a cell's value, with the key of its row. Nothing where a name cannot stand in one.
fn reference(handle: &str, table: &ResultTable, cell: NumberCell) -> Option<String> {
    let name = |text: &str| {
        let line = clean_line(text, QUOTED);
        let plain = line == text && !line.contains(['{', '}', '"']);
        plain.then_some(line)
    };
    if super::cells::is_calculation(table) {
        let Cell::Text(own) = table.rows.get(cell.row)?.first()? else {
            return None;
        };
        let own = name(own).filter(|own| !own.contains(['@', '|', ',']))?;
        return Some(format!("{{{{{handle} {own}}}}}"));
    }
    let column = name(&table.columns.get(cell.column)?.name)?;
    if table.rows.len() == 1 {
        return Some(format!("{{{{{handle} {column}}}}}"));
    }
    let value = |at: &usize| match table.rows.get(cell.row)?.get(*at)? {
        Cell::Text(text) => {
            let text = name(text)?;
            Some(if text.contains([',', '@', '|', '=']) {
                format!("\"{text}\"")
            } else {
                text
            })
        }
        Cell::Number(number) => Some(number.to_string()),
        Cell::Bool(truth) => Some(truth.to_string()),
        Cell::Null => None,
    };
    let key: Vec<String> = table.row_key().iter().map(value).collect::<Option<_>>()?;
    let row = if key.is_empty() {
        format!("#{}", cell.row + 1)
    } else {
        key.join(", ")
    };
    Some(format!("{{{{{handle} {column} @ {row}}}}}"))
}

/// What tells the row of a cell from others: its labels and days.
fn keys(
    seat: &FigureContext<'_, '_, '_>,
    cell: NumberCell,
    table: &ResultTable,
) -> impl Iterator<Item = String> {
    let shape = seat.context.index.shapes.get(cell.material);
    let labels = shape
        .into_iter()
        .flat_map(|shape| shape.labels.iter().map(|(column, _)| *column));
    let times = shape
        .into_iter()
        .flat_map(|shape| shape.times.iter().map(|(column, _)| *column));
    let row = table.rows.get(cell.row);
    labels
        .chain(times)
        .filter_map(move |column| match row?.get(column)? {
            Cell::Text(text) => Some(format!("\"{}\"", clean_line(text, QUOTED))),
            Cell::Number(number) => Some(number.to_string()),
            Cell::Null | Cell::Bool(_) => None,
        })
        .take(MOST_QUOTED)
}

/// Where names stand that go with the figure and are not those of the cell.
fn denying(seat: &FigureContext<'_, '_, '_>, cell: NumberCell) -> Vec<Span> {
    let mut spans = seat.names_denying_row(cell.material, cell.row);
    if seat.says_column(cell.material, cell.column) == Entailment::No {
        let of_columns = |what: &MentionTarget<'_>| matches!(what, MentionTarget::Column { material, .. } if *material == cell.material);
        spans.extend(seat.named(of_columns).into_iter().map(|mention| mention.span));
    }
    spans
}
