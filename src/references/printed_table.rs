//! Rows of a result as a Markdown table.

use std::ops::Range;

use super::format::FigureFormat;
use super::known_results::{KnownResult, KnownResults};
use super::resolve::{CellContent, cell};
use super::syntax::{RowChoice, TableReference};
use super::table_columns::{TableColumn, table_columns};
use super::text::ReferenceProblem;
use crate::grounding::{FigureKind, Notation, ReferencedFigure, Separators, Trace};

/// Most rows that are printed.
const MOST_ROWS: usize = 200;
/// Most bytes of a printed table.
const MOST_BYTES: usize = 40_000;
/// Longest header, in characters.
const MOST_HEADER_CHARS: usize = 80;
/// Longest unit in a header, in characters.
const MOST_UNIT_CHARS: usize = 40;
const NOTHING: &str = "–";

#[derive(Debug)]
pub(super) struct PrintedTable {
    pub(super) text: String,
    /// What its cells are, with bytes from the table's beginning.
    pub(super) figures: Vec<ReferencedFigure>,
    /// The names of its columns.
    pub(super) columns: Vec<String>,
    /// The first of its rows, counted from 0, and how many there are.
    pub(super) from: usize,
    pub(super) rows: usize,
    notation: Notation,
}

/// Prints the rows that a reference names.
pub(super) fn print(
    reference: &TableReference,
    results: &KnownResults,
    notation: Notation,
) -> Result<PrintedTable, ReferenceProblem> {
    let known = results.get(reference.result)?;
    let columns = table_columns(reference, known)?;
    let all = known.table.rows.len();
    if all == 0 {
        return Err(ReferenceProblem::new(format!("{} has no rows", known.handle))
            .hint("say that there is no such data"));
    }
    let most = |wanted: usize| wanted.min(all).min(MOST_ROWS);
    let wanted = match reference.rows {
        None => 0..most(all),
        Some(RowChoice::First(rows)) => 0..most(rows),
        Some(RowChoice::Last(rows)) => all - most(rows)..all,
    };
    let mut printed = PrintedTable {
        text: String::new(),
        figures: Vec::new(),
        columns: Vec::new(),
        from: wanted.start,
        rows: 0,
        notation,
    };
    printed.header(known, &columns);
    let formats: Vec<FigureFormat> = columns
        .iter()
        .map(|column| even_decimals(known, column, wanted.clone()))
        .collect();
    for row in wanted {
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

/// As many decimals in every row as the row with the most of them has, so that points stand under each other.
fn even_decimals(known: &KnownResult, column: &TableColumn, rows: Range<usize>) -> FigureFormat {
    let mut format = column.format.clone();
    if format.decimals.is_some() || format.significant.is_some() {
        return format;
    }
    for row in rows {
        let Ok(found) = cell(known, row, column.at) else {
            continue;
        };
        if let CellContent::Number(value) = found.value {
            let written = found.format.write(value, &column.format, Notation::English);
            let digits = written.text.rsplit_once('.').map_or("", |(_, rest)| rest);
            let decimals = digits.chars().take_while(char::is_ascii_digit).count();
            let decimals = u32::try_from(decimals).unwrap_or(0);
            format.decimals = Some(format.decimals.unwrap_or(0).max(decimals));
        }
    }
    format
}

/// The unit of a column that a reader cannot see in its cells.
fn unit_beside(known: &KnownResult, wanted: &TableColumn) -> Option<String> {
    if wanted.format.percent || known.number_format(wanted.at).shows_unit() {
        return None;
    }
    let column = known.column(wanted.at)?;
    column
        .told_unit()
        .or_else(|| column.named_unit().map(str::to_owned))
}

impl PrintedTable {
    fn header(&mut self, known: &KnownResult, columns: &[TableColumn]) {
        let mut rule = String::from("|");
        self.text.push('|');
        for wanted in columns {
            let Some(column) = known.column(wanted.at) else {
                continue;
            };
            let begins = self.text.len();
            if let Some(name) = &wanted.name {
                // The model's own words: a number in them is held against the results like any other that it writes.
                self.text.push(' ');
                self.text.push_str(&known.as_text(name, MOST_HEADER_CHARS));
            } else {
                let label = if column.label.trim().is_empty() {
                    &column.name
                } else {
                    &column.label
                };
                let label = known.as_text(label, MOST_HEADER_CHARS);
                self.piece(" ", &label, None, None);
            }
            if let Some(unit) = unit_beside(known, wanted) {
                let unit = known.as_text(&unit, MOST_UNIT_CHARS);
                let written = self.text.get(begins..).unwrap_or_default().to_lowercase();
                if !written.contains(&unit.to_lowercase()) {
                    self.piece(" (", &unit, None, None);
                    self.text.push(')');
                }
            }
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
        columns: &[TableColumn],
        formats: &[FigureFormat],
    ) -> Result<(), ReferenceProblem> {
        self.text.push_str("\n|");
        for (column, format) in columns.iter().zip(formats) {
            let found = cell(known, row, column.at)?;
            match found.value {
                CellContent::Number(value) => {
                    let written = found.format.write(value, format, self.notation);
                    self.piece(" ", &written.text, Some(FigureKind::Number), Some(found.trace));
                    let marks = found.format.marks_in(self.notation).separators();
                    if let Some(figure) = self.figures.last_mut() {
                        figure.separators = marks;
                    }
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

    /// Says how many rows are not printed, and where they are.
    fn left_out(&mut self, known: &KnownResult, all: usize) {
        let result = known.handle.to_string();
        let whole = Trace::RowCount {
            result: result.clone(),
            rows: Vec::new(),
        };
        let printed = self.rows.to_string();
        let end = if self.from == 0 {
            "\n\n*The first "
        } else {
            "\n\n*The last "
        };
        self.piece(end, &printed, None, None);
        self.piece(" of ", &all.to_string(), Some(FigureKind::Number), Some(whole));
        let read = if known.table.extent.is_cut() {
            " rows that were read; "
        } else {
            " rows; "
        };
        self.piece(read, &(all - self.rows).to_string(), None, None);
        self.piece(" more in result ", &result, None, None);
        self.text.push_str(".*");
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
            separators: Separators::default(),
        });
    }
}
