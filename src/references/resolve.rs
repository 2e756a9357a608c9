//! Finds what a reference names, and says what is near where it names nothing.

use rust_decimal::Decimal;

use super::derived::derive;
use super::format::FigureFormat;
use super::known_results::{KnownResult, KnownResults};
use super::number_format::NumberFormat;
use super::row_index::written_precision;
use super::syntax::{CellReference, Reference, RowReference};
use super::text::ReferenceProblem;
use super::total_word::TotalWord;
use super::units::WrittenUnit;
use crate::catalog::nearest;
use crate::grounding::{DerivedFrom, FigureKind, Notation, Trace};
use crate::result::{Amount, Cell, Column, ResultOrigin, encode_cell};
use crate::text::clean_line;

/// Columns that are named when one is not found.
const MOST_COLUMNS: usize = 12;
/// Longest text of a cell that is written, in characters.
pub(super) const MOST_CELL_CHARS: usize = 400;
/// Longest name in a message, in characters.
pub(super) const MOST_CHARS: usize = 60;

/// A figure that was found, and how it is written.
#[derive(Debug, Clone)]
pub(super) struct FoundFigure {
    pub(super) text: String,
    pub(super) kind: FigureKind,
    pub(super) trace: Trace,
    pub(super) unit: WrittenUnit,
    /// The marks between its digits.
    pub(super) marks: Notation,
}

/// A value that was found, before it is written.
#[derive(Debug, Clone)]
pub(super) struct FoundValue {
    pub(super) value: CellContent,
    pub(super) format: NumberFormat,
    pub(super) trace: Trace,
    /// The same, as what a derivation starts from; not for a count of rows.
    pub(super) input: Option<DerivedFrom>,
}

/// What stands in a cell.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum CellContent {
    Number(Decimal),
    /// Anything that is written as it is: a name, a day, a number beyond decimals. With what it is, if it is a figure.
    Written(String, FigureKind),
    Nothing,
}

/// Finds a figure and writes it.
pub(super) fn resolve_figure(
    reference: &Reference,
    results: &KnownResults,
    notation: Notation,
) -> Result<Option<FoundFigure>, ReferenceProblem> {
    match reference {
        Reference::Figure { place, format } => {
            let known = results.get(place.result)?;
            let found = find(place, known)?;
            written(&found, (format, notation), known, place).map(Some)
        }
        Reference::Derived {
            operation,
            of,
            format,
        } => derive(*operation, of, (format, notation), results).map(Some),
        Reference::Table(_) | Reference::Chart(..) => Ok(None),
    }
}

fn written(
    found: &FoundValue,
    (format, notation): (&FigureFormat, Notation),
    known: &KnownResult,
    place: &CellReference,
) -> Result<FoundFigure, ReferenceProblem> {
    let (text, kind, unit) = match &found.value {
        CellContent::Number(number) => {
            let written = found.format.write(*number, format, notation);
            (written.text, FigureKind::Number, written.unit)
        }
        CellContent::Written(text, kind) => (text.clone(), *kind, WrittenUnit::default()),
        CellContent::Nothing => return Err(nothing_there(known, place)),
    };
    Ok(FoundFigure {
        text,
        kind,
        trace: found.trace.clone(),
        unit,
        marks: found.format.marks_in(notation),
    })
}

/// Refuses an empty cell: there is no figure to be written.
pub(super) fn nothing_there(known: &KnownResult, place: &CellReference) -> ReferenceProblem {
    let column = place.column.as_deref().unwrap_or("that column");
    let column = clean_line(column, MOST_CHARS);
    ReferenceProblem::new(format!("that row of {} has no value in {column}", known.handle))
        .hint("say that there is none; a missing value is not zero")
}

/// The value that a reference names.
pub(super) fn find(place: &CellReference, known: &KnownResult) -> Result<FoundValue, ReferenceProblem> {
    if let Some(row) = figure_of_calculation(place, known) {
        let column = known
            .table
            .columns
            .iter()
            .position(|column| column.kind.is_numeric());
        return cell(known, row, column.unwrap_or_default());
    }
    let named = place.column.as_deref();
    let counts_rows = named.is_some_and(|name| matches!(normal(name).as_str(), "rows" | "rowcount"));
    let column = match named {
        Some(name) => column_of(&known.table.columns, name),
        None => only_column(known),
    };
    if column.is_none() && counts_rows && place.row == RowReference::Unnamed {
        return count_of_rows(known);
    }
    let column = column.ok_or_else(|| no_column(known, named))?;
    match &place.row {
        RowReference::Unnamed if known.table.rows.len() == 1 => cell(known, 0, column),
        RowReference::Unnamed => Err(which_row(known, column)),
        RowReference::Number(number) => {
            let row = by_number(known, *number)?;
            cell(known, row, column)
        }
        RowReference::Key(key) => {
            if let Some(word) = TotalWord::read(key) {
                return word.resolve(known, column);
            }
            let row = known.rows().row(&known.table, known.handle, key)?;
            cell(known, row, column)
        }
    }
}

/// The row of a calculation whose figure is named where otherwise a column is: `{{r2 growth}}`. A calculation with one
/// figure needs no name.
fn figure_of_calculation(place: &CellReference, known: &KnownResult) -> Option<usize> {
    let ResultOrigin::Calculated { derivations, .. } = &known.origin else {
        return None;
    };
    if place.row != RowReference::Unnamed {
        return None;
    }
    match &place.column {
        Some(name) => derivations
            .iter()
            .position(|derivation| normal(&derivation.name) == normal(name)),
        None => (derivations.len() == 1).then_some(0),
    }
}

pub(super) fn cell(known: &KnownResult, row: usize, column: usize) -> Result<FoundValue, ReferenceProblem> {
    known.check_founded(row)?;
    let missing = || ReferenceProblem::new(format!("{} has no row {}", known.handle, row + 1));
    let cell = known
        .table
        .rows
        .get(row)
        .and_then(|cells| cells.get(column))
        .ok_or_else(missing)?;
    let about = known.column(column).ok_or_else(missing)?;
    let derivation = match &known.origin {
        ResultOrigin::Calculated { derivations, .. } if about.kind.is_numeric() => derivations.get(row),
        _ => None,
    };
    let (value, format) = match derivation {
        Some(derivation) => (
            CellContent::Number(derivation.value),
            NumberFormat::of_unit(derivation.unit).called(&derivation.name),
        ),
        None => (value_of(known, cell, column, about), known.number_format(column)),
    };
    let result = known.handle.to_string();
    Ok(FoundValue {
        value,
        format,
        trace: Trace::Cell {
            result: result.clone(),
            row: row + 1,
            column: about.name.clone(),
        },
        input: Some(DerivedFrom {
            result,
            column: about.name.clone(),
            rows: vec![row + 1],
            total: None,
        }),
    })
}

fn value_of(known: &KnownResult, cell: &Cell, column: usize, about: &Column) -> CellContent {
    let as_text = |text: &str| known.as_text(text, MOST_CELL_CHARS);
    match cell {
        Cell::Null => CellContent::Nothing,
        Cell::Bool(truth) => CellContent::Written(truth.to_string(), FigureKind::Item),
        Cell::Text(text) if !about.kind.is_numeric() => match written_precision(&known.table, column) {
            Some(precision) => {
                let written = precision.write_for(text, about);
                CellContent::Written(as_text(&written), FigureKind::Date)
            }
            None => CellContent::Written(as_text(text), FigureKind::Item),
        },
        Cell::Number(_) | Cell::Text(_) => match cell.amount() {
            Some(Amount::Exact(value)) => CellContent::Number(value),
            _ => CellContent::Written(as_text(&encode_cell(cell)), FigureKind::Number),
        },
    }
}

fn count_of_rows(known: &KnownResult) -> Result<FoundValue, ReferenceProblem> {
    known.check_whole()?;
    Ok(FoundValue {
        value: CellContent::Number(Decimal::from(known.table.rows.len())),
        format: NumberFormat::of_count(),
        trace: Trace::RowCount {
            result: known.handle.to_string(),
            rows: Vec::new(),
        },
        input: None,
    })
}

/// A row by its number, if nothing else tells it apart.
fn by_number(known: &KnownResult, number: usize) -> Result<usize, ReferenceProblem> {
    let row = number.saturating_sub(1);
    let count = known.table.rows.len();
    if row >= count {
        return Err(ReferenceProblem::new(format!(
            "{} has {count} rows and no row {number}",
            known.handle
        )));
    }
    if count > 1 && !known.rows().key.is_empty() {
        let key = known.rows().key_of(&known.table, row);
        return Err(
            ReferenceProblem::new(format!("rows of {} have keys and no numbers", known.handle))
                .hint(format!("the key of row {number} is {key}")),
        );
    }
    Ok(row)
}

fn which_row(known: &KnownResult, column: usize) -> ReferenceProblem {
    let count = known.table.rows.len();
    let (handle, name) = (
        known.handle,
        known.column(column).map_or("", |column| column.name.as_str()),
    );
    if count == 0 {
        return ReferenceProblem::new(format!("{handle} has no rows")).hint("say that there is no such data");
    }
    let problem = ReferenceProblem::new(format!("{handle} has {count} rows, and none is named"));
    let rows = known.rows();
    if rows.key.is_empty() {
        return problem.hint(format!(
            "nothing tells them apart: write {handle} {name} @ #1 for the first"
        ));
    }
    problem.hint(format!(
        "{}: write {handle} {name} @ {}",
        rows.described(&known.table),
        rows.key_of(&known.table, 0)
    ))
}

/// The column that is meant where none is named: the only one that measures something, or the only one.
fn only_column(known: &KnownResult) -> Option<usize> {
    let columns = &known.table.columns;
    let mut measures = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.kind.is_numeric() && !column.names_rows());
    match (measures.next(), measures.next(), columns.len()) {
        (Some((at, _)), None, _) => Some(at),
        (None, None, 1) => Some(0),
        _ => None,
    }
}

pub(super) fn no_column(known: &KnownResult, wanted: Option<&str>) -> ReferenceProblem {
    let all = known.table.columns.iter().map(|column| column.name.as_str());
    let (problem, columns) = match wanted {
        Some(wanted) => {
            let mut near = nearest(wanted, all.clone(), MOST_COLUMNS);
            near.extend(all.take(MOST_COLUMNS));
            let mut seen = Vec::new();
            for name in near {
                if !seen.contains(&name) {
                    seen.push(name);
                }
            }
            let problem = format!(
                "{} has no column {}",
                known.handle,
                clean_line(wanted, MOST_CHARS)
            );
            (problem, seen)
        }
        None => (
            format!("no column of {} is named", known.handle),
            all.take(MOST_COLUMNS).collect(),
        ),
    };
    let columns: Vec<String> = columns
        .into_iter()
        .map(|name| clean_line(name, MOST_CHARS))
        .collect();
    ReferenceProblem::new(problem).hint(format!("its columns: {}", columns.join(", ")))
}

/// The column of that name or label: exactly, else the only one that is the same apart from case and punctuation.
pub(super) fn column_of(columns: &[Column], wanted: &str) -> Option<usize> {
    if let Some(at) = columns.iter().position(|column| column.name == wanted) {
        return Some(at);
    }
    let wanted = spelled(wanted);
    let names = |column: &Column| spelled(&column.name);
    let labels = |column: &Column| spelled(&column.label);
    for text_of in [&names as &dyn Fn(&Column) -> String, &labels] {
        let mut same = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| !wanted.is_empty() && text_of(column) == wanted);
        match (same.next(), same.next()) {
            (Some((at, _)), None) => return Some(at),
            (Some(_), Some(_)) => return None,
            (None, _) => {}
        }
    }
    None
}

/// The same for all ways to spell a column's name: `avg_of_price`, `Average of price`.
fn spelled(name: &str) -> String {
    let plain = normal(name);
    let mean = ["averageof", "meanof"]
        .iter()
        .find_map(|word| plain.strip_prefix(word));
    mean.map(|of| format!("avgof{of}")).unwrap_or(plain)
}

/// Only letters and digits, in lower case.
pub(super) fn normal(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}
