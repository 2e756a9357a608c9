//! Rows of a result as a Markdown table.

use super::format::FigureFormat;
use super::known_results::{KnownResult, KnownResults};
use super::resolve::{CellContent, cell, column_of};
use super::syntax::TableReference;
use super::text::ReferenceProblem;
use crate::grounding::{FigureKind, ReferencedFigure, Trace};
use crate::text::clean_line;

/// Most rows that are printed.
const MOST_ROWS: usize = 200;
/// Most bytes of a printed table.
const MOST_BYTES: usize = 40_000;
/// Longest header, in characters.
const MOST_HEADER_CHARS: usize = 80;
/// Stands for no value.
const NOTHING: &str = "–";

/// A table as it is printed.
#[derive(Debug)]
pub(super) struct PrintedTable {
    pub(super) text: String,
    /// What its cells are, with bytes from the table's beginning.
    pub(super) figures: Vec<ReferencedFigure>,
    /// The names of its columns.
    pub(super) columns: Vec<String>,
    pub(super) rows: usize,
}

/// Prints the rows that a reference names.
pub(super) fn print(
    reference: &TableReference,
    results: &KnownResults,
) -> Result<PrintedTable, ReferenceProblem> {
    let known = results.get(reference.result)?;
    let columns = columns(reference, known)?;
    let all = known.table.rows.len();
    if all == 0 {
        return Err(ReferenceProblem::new(format!("{} has no rows", known.handle))
            .hint("say that there is no such data"));
    }
    let wanted = reference.first.unwrap_or(all).min(all).min(MOST_ROWS);
    let mut printed = PrintedTable {
        text: String::new(),
        figures: Vec::new(),
        columns: Vec::new(),
        rows: 0,
    };
    printed.header(known, &columns);
    let formats: Vec<FigureFormat> = columns
        .iter()
        .map(|at| even_decimals(known, *at, wanted))
        .collect();
    for row in 0..wanted {
        if printed.text.len() > MOST_BYTES {
            break;
        }
        printed.row(known, row, &columns, &formats)?;
    }
    if printed.rows < all {
        printed.left_out(known, all);
    }
    Ok(printed)
}

fn columns(reference: &TableReference, known: &KnownResult) -> Result<Vec<usize>, ReferenceProblem> {
    let all = &known.table.columns;
    if reference.columns.is_empty() {
        return Ok((0..all.len()).collect());
    }
    let found = reference.columns.iter().map(|name| {
        column_of(all, name).ok_or_else(|| {
            let names: Vec<String> = all.iter().map(|column| clean_line(&column.name, 60)).collect();
            ReferenceProblem::new(format!("{} has no column {}", known.handle, clean_line(name, 60)))
                .hint(format!("its columns: {}", names.join(", ")))
        })
    });
    found.collect()
}

/// As many decimals in every row as the row with the most of them has, so that points stand under each other.
fn even_decimals(known: &KnownResult, column: usize, rows: usize) -> FigureFormat {
    let mut format = FigureFormat::default();
    for row in 0..rows {
        let Ok(found) = cell(known, row, column) else {
            continue;
        };
        if let CellContent::Number(value) = found.value {
            let text = found.format.write(value, &FigureFormat::default());
            let digits = text.rsplit_once('.').map_or("", |(_, rest)| rest);
            let decimals = digits.chars().take_while(char::is_ascii_digit).count();
            let decimals = u32::try_from(decimals).unwrap_or(0);
            format.decimals = Some(format.decimals.unwrap_or(0).max(decimals));
        }
    }
    format
}

impl PrintedTable {
    fn header(&mut self, known: &KnownResult, columns: &[usize]) {
        let mut rule = String::from("|");
        self.text.push('|');
        for column in columns.iter().filter_map(|at| known.column(*at)) {
            let label = if column.label.trim().is_empty() {
                &column.name
            } else {
                &column.label
            };
            let label = known.as_text(label, MOST_HEADER_CHARS);
            self.piece(" ", &label, None, None);
            self.text.push_str(" |");
            let number = column.kind.is_numeric() && !column.names_rows();
            rule.push_str(if number { " --: |" } else { " --- |" });
            self.columns.push(column.name.clone());
        }
        self.text.push('\n');
        self.text.push_str(&rule);
    }

    fn row(
        &mut self,
        known: &KnownResult,
        row: usize,
        columns: &[usize],
        formats: &[FigureFormat],
    ) -> Result<(), ReferenceProblem> {
        self.text.push_str("\n|");
        for (at, format) in columns.iter().zip(formats) {
            let found = cell(known, row, *at)?;
            match found.value {
                CellContent::Number(value) => {
                    let text = found.format.write(value, format);
                    self.piece(" ", &text, Some(FigureKind::Number), Some(found.trace));
                }
                CellContent::Written(text, kind) => {
                    let kind = (kind != FigureKind::Item).then_some(kind);
                    self.piece(" ", &text, kind, Some(found.trace));
                }
                CellContent::Nothing => self.piece(" ", NOTHING, None, None),
            }
            self.text.push_str(" |");
        }
        self.rows += 1;
        Ok(())
    }

    /// Says how many rows are not printed.
    fn left_out(&mut self, known: &KnownResult, all: usize) {
        let whole = Trace::RowCount {
            result: known.handle.to_string(),
            rows: Vec::new(),
        };
        let printed = self.rows.to_string();
        self.piece("\n\n*The first ", &printed, None, None);
        self.piece(" of ", &all.to_string(), Some(FigureKind::Number), Some(whole));
        self.text.push_str(" rows.*");
    }

    fn piece(&mut self, before: &str, text: &str, kind: Option<FigureKind>, trace: Option<Trace>) {
        self.text.push_str(before);
        let start = self.text.len();
        self.text.push_str(text);
        self.figures.push(ReferencedFigure {
            start,
            end: self.text.len(),
            kind,
            trace,
            printed_row: true,
        });
    }
}
