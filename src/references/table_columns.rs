//! The columns that a table reference names, each with the format and the name that the model gave it: `revenue (M) as Sales`.

use super::format::{FigureFormat, NumberScale};
use super::known_results::KnownResult;
use super::resolve::column_of;
use super::syntax::{TableReference, bare, last_unquoted_as};
use super::text::ReferenceProblem;
use crate::text::clean_line;

/// Longest name in a message, in characters.
const MOST_CHARS: usize = 60;

#[derive(Debug)]
pub(super) struct TableColumn {
    pub(super) at: usize,
    /// How its figures are written. What it leaves open is the column's.
    pub(super) format: FigureFormat,
    /// What stands in the header instead of the column's own label.
    pub(super) name: Option<String>,
}

impl TableColumn {
    fn plain(at: usize) -> Self {
        Self {
            at,
            format: FigureFormat::default(),
            name: None,
        }
    }
}

/// The columns in the order of the reference; all of the result where it names none.
pub(super) fn table_columns(
    reference: &TableReference,
    known: &KnownResult,
) -> Result<Vec<TableColumn>, ReferenceProblem> {
    if reference.columns.is_empty() {
        return Ok((0..known.table.columns.len()).map(TableColumn::plain).collect());
    }
    let columns = reference.columns.iter();
    columns.map(|written| table_column(written, known)).collect()
}

fn table_column(written: &str, known: &KnownResult) -> Result<TableColumn, ReferenceProblem> {
    // A column may itself be called `Revenue (M)` or `sold as gift`.
    if let Some(at) = column_called(bare(written), known) {
        return Ok(TableColumn::plain(at));
    }
    let (place, name) = last_unquoted_as(written);
    let name = name.map(bare).filter(|name| !name.is_empty());
    let (at, mut format) = place_and_format(place, known)?;
    if format.absolute {
        let problem = "a table shows figures with their sign, so abs does not go there".to_owned();
        return Err(ReferenceProblem::new(problem));
    }
    if let Some(name) = name {
        check_name(name, at, known)?;
        format.scale = format.scale.or_else(|| scale_of(name));
    }
    Ok(TableColumn {
        at,
        format,
        name: name.map(str::to_owned),
    })
}

/// Reads `revenue (M)`.
fn place_and_format(place: &str, known: &KnownResult) -> Result<(usize, FigureFormat), ReferenceProblem> {
    let all = &known.table.columns;
    if let Some(at) = column_called(bare(place), known) {
        return Ok((at, FigureFormat::default()));
    }
    let formatted = in_brackets(place).and_then(|(column, format)| {
        let at = column_of(all, bare(column))?;
        Some((at, FigureFormat::parse(Some(format))))
    });
    match (formatted, column_of(all, bare(place))) {
        (Some((at, Ok(format))), _) => Ok((at, format)),
        (_, Some(at)) => Ok((at, FigureFormat::default())),
        (Some((_, Err(problem))), None) => Err(problem),
        (None, None) => {
            let column = in_brackets(place).map_or(place, |(column, _)| column);
            Err(no_column(column, known))
        }
    }
}

/// The column whose name or label is exactly this.
fn column_called(text: &str, known: &KnownResult) -> Option<usize> {
    let mut columns = known.table.columns.iter();
    columns.position(|column| column.name == text || column.label == text)
}

/// Refuses the name of another column: a reader would take its figures for those.
fn check_name(name: &str, at: usize, known: &KnownResult) -> Result<(), ReferenceProblem> {
    match column_of(&known.table.columns, name) {
        Some(other) if other != at => {
            let problem = format!(
                "{} is another column of {}",
                clean_line(name, MOST_CHARS),
                known.handle
            );
            Err(ReferenceProblem::new(problem).hint("give the column a name of its own"))
        }
        _ => Ok(()),
    }
}

/// The scale that a name promises: figures under `Sales (M)` are millions.
fn scale_of(name: &str) -> Option<NumberScale> {
    let (_, inside) = in_brackets(name)?;
    let format = FigureFormat::parse(Some(inside)).ok()?;
    format.scale
}

/// What stands before brackets at the end, and in them.
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    let (before, inside) = text.trim().strip_suffix(')')?.rsplit_once('(')?;
    (!before.trim().is_empty()).then_some((before, inside))
}

fn no_column(written: &str, known: &KnownResult) -> ReferenceProblem {
    let all = known.table.columns.iter();
    let names: Vec<String> = all.map(|column| clean_line(&column.name, MOST_CHARS)).collect();
    let written = clean_line(bare(written), MOST_CHARS);
    ReferenceProblem::new(format!("{} has no column {written}", known.handle))
        .hint(format!("its columns: {}", names.join(", ")))
}
