//! A table that an answer prints, held against the right one: it may be a part of it, or have other columns, but must
//! not say anything else in a cell that both have.

use rust_decimal::Decimal;
use serde_json::Value;

use super::column;
use super::markdown::MarkdownTable;
use super::names;
use super::written::WrittenFigure;

/// What a printed table says otherwise than the right one. ExtraColumns are the same by their names, rows by a column that
/// names each of them; a number may be rounded as much as it likes.
pub(super) fn contradiction(
    names: &[String],
    rows: &[Vec<Value>],
    printed: &MarkdownTable,
) -> Option<String> {
    let shared = names::shared(names, &printed.names);
    let (key, printed_key) = *shared.iter().find(|(at, _)| is_key(rows, *at))?;
    printed.rows.iter().find_map(|said| {
        let name = said.get(printed_key)?;
        let own = rows
            .iter()
            .find(|row| row.get(key).is_some_and(|cell| is_same(cell, name)))?;
        shared.iter().find_map(|(at, printed_at)| {
            let (right, found) = (own.get(*at)?, said.get(*printed_at)?);
            let column = names.get(*at)?;
            differs(right, found)?.then(|| format!("{found} as the {column} of {name}, not {right}"))
        })
    })
}

/// Whether a column names each row: texts, no two the same.
fn is_key(rows: &[Vec<Value>], at: usize) -> bool {
    let cells: Vec<&Value> = rows.iter().filter_map(|row| row.get(at)).collect();
    let texts = cells
        .iter()
        .all(|cell| cell.is_string() && WrittenFigure::read(cell).is_none());
    let distinct = cells
        .iter()
        .enumerate()
        .all(|(at, cell)| !cells.iter().take(at).any(|other| other == cell));
    texts && distinct
}

fn is_same(right: &Value, found: &Value) -> bool {
    column::pairs(&[right], &[found], None, None)
        .iter()
        .any(|pair| pair.same(0, 0))
}

/// Whether two figures differ by more than the printed one was rounded; nothing where one of them is no figure.
fn differs(right: &Value, found: &Value) -> Option<bool> {
    let (right, found) = (WrittenFigure::read(right)?, WrittenFigure::read(found)?);
    let half = found.place? / Decimal::TWO;
    let apart = |by: Decimal| {
        let apart = right.value - found.value.checked_mul(by)?;
        Some(apart.abs() > half.checked_mul(by)?)
    };
    let as_fraction = found.percent && !right.percent;
    Some(apart(Decimal::ONE)? && (!as_fraction || apart(column::PERCENT)?))
}
