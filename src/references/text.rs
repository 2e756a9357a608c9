//! A text with the values that its references name, made as the text comes.

use std::fmt;

use super::chart::RequestedChart;
use super::known_results::KnownResults;
use super::printed_table::{PrintedTable, print};
use super::resolve::resolve_figure;
use super::splitter::{TextPiece, TextSplitter};
use super::syntax::{Reference, TableReference};
use super::units::WrittenUnit;
use crate::grounding::{FigureKind, Notation, ReferencedFigure};
use crate::text::{clean_line, one_line};

/// Most references of one text that are resolved.
const MOST_REFERENCES: usize = 500;
/// Bytes of a text after which no more tables are printed into it.
const MOST_TEXT_BYTES: usize = 200_000;
/// Longest reference that is shown where it names nothing, in characters.
const MOST_CHARS: usize = 120;

/// Why a reference names nothing, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceProblem(String);

impl ReferenceProblem {
    pub(super) fn new(problem: String) -> Self {
        Self(problem)
    }

    pub(super) fn hint(mut self, hint: impl fmt::Display) -> Self {
        self.0 = format!("{}; {hint}", self.0);
        self
    }
}

impl fmt::Display for ReferenceProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A reference of a text, as it was written, and where its value stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenReference {
    /// First byte in the text with values.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
    /// As the model wrote it, with its braces, in one line.
    pub written: String,
    /// Why it names nothing, if it does not.
    pub problem: Option<ReferenceProblem>,
}

/// A text whose references are replaced by what they name.
#[derive(Debug, Default)]
pub struct ReferencedText {
    splitter: TextSplitter,
    text: String,
    figures: Vec<ReferencedFigure>,
    references: Vec<WrittenReference>,
    charts: Vec<RequestedChart>,
    tables: Vec<TableInText>,
    last: LastWritten,
    /// The unit of the figure at the end of the text.
    unit: WrittenUnit,
    /// What may be a unit or white space too many, which depends on what follows it.
    held_back: String,
    /// How its figures are written, from the first reference on.
    notation: Option<Notation>,
}

/// What stands at the end of the text.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum LastWritten {
    #[default]
    Text,
    /// A figure with a unit: the same unit behind it is dropped.
    Figure,
    /// A table: what follows begins a paragraph.
    Table,
    /// Nothing, for a table that stands there already: what follows goes on in the same paragraph break.
    Nothing,
}

/// A table that was printed into the text.
#[derive(Debug)]
struct TableInText {
    result: crate::result::Handle,
    columns: Vec<String>,
    from: usize,
    rows: usize,
    /// The chart that it stands for, by its place among them.
    chart: Option<usize>,
}

impl ReferencedText {
    /// Takes a whole text. The results that [`Self::wanted`] names must be known.
    pub fn of(text: &str, results: &KnownResults) -> Self {
        let mut resolved = Self::default();
        let mut pieces = resolved.split(text);
        pieces.extend(resolved.rest());
        for piece in pieces {
            resolved.put(piece, results);
        }
        resolved.end();
        resolved
    }

    /// Takes more of a text, and gives what is decided of it, to be put into the text in this order.
    pub fn split(&mut self, more: &str) -> Vec<TextPiece> {
        self.splitter.push(more)
    }

    /// What the end of the text leaves, to be put into the text as well.
    pub fn rest(&mut self) -> Vec<TextPiece> {
        self.splitter.finish()
    }

    /// The results that a piece names, which must be known before it is put into the text.
    pub fn wanted(piece: &TextPiece) -> Vec<crate::result::Handle> {
        match piece {
            TextPiece::Text(_) | TextPiece::Unclosed(_) => Vec::new(),
            TextPiece::Reference(inside) => {
                Reference::parse(inside).map_or_else(|_| Vec::new(), |reference| reference.results())
            }
        }
    }

    /// Puts a piece into the text. Gives what the text gained.
    pub fn put(&mut self, piece: TextPiece, results: &KnownResults) -> &str {
        let before = self.text.len();
        match piece {
            TextPiece::Text(text) => self.put_text(&text),
            TextPiece::Reference(inside) => {
                let resolved = self.resolve(&inside, results);
                self.put_resolved(&inside, resolved);
            }
            TextPiece::Unclosed(inside) => {
                let problem = ReferenceProblem::new("it is not closed".to_owned()).hint("end it with }}");
                self.put_resolved(&inside, Err(problem));
            }
        }
        self.text.get(before..).unwrap_or_default()
    }

    /// Ends the text, when its last piece was put into it. Gives what it gained.
    pub fn end(&mut self) -> &str {
        let before = self.text.len();
        match self.last {
            LastWritten::Table => self.text.push_str(&std::mem::take(&mut self.held_back)),
            LastWritten::Nothing => {}
            LastWritten::Text | LastWritten::Figure => {
                self.separate_from_table();
            }
        }
        self.text.get(before..).unwrap_or_default()
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    /// What was written in place of references, in the order of the text. Pieces may be names; figures have a kind.
    pub fn figures(&self) -> &[ReferencedFigure] {
        &self.figures
    }

    /// The references, in the order of the text.
    pub fn references(&self) -> &[WrittenReference] {
        &self.references
    }

    /// The charts that are asked for.
    pub fn charts(&self) -> &[RequestedChart] {
        &self.charts
    }

    /// How its figures are written. English, as long as there is none.
    pub fn notation(&self) -> Notation {
        self.notation.unwrap_or_default()
    }

    fn put_text(&mut self, text: &str) {
        let text = format!("{}{text}", std::mem::take(&mut self.held_back));
        match self.last {
            LastWritten::Text => self.text.push_str(&text),
            LastWritten::Figure => {
                let Some(rest) = self.unit.strip_from(&text, false) else {
                    self.held_back = text;
                    return;
                };
                self.text.push_str(rest);
            }
            LastWritten::Table => {
                let rest = text.trim_start_matches([' ', '\u{a0}', '\u{202f}']);
                if rest.trim().is_empty() {
                    self.held_back = text;
                    return;
                }
                let newlines = rest.chars().take_while(|c| *c == '\n').count();
                self.text
                    .push_str("\n\n".get(newlines.min(2)..).unwrap_or_default());
                self.text.push_str(rest);
            }
            LastWritten::Nothing => {
                let rest = text.trim_start_matches(|c: char| c.is_whitespace());
                if rest.is_empty() {
                    return;
                }
                self.begin_paragraph();
                self.text.push_str(rest);
            }
        }
        self.last = LastWritten::Text;
    }

    /// An empty line at the end of the text, unless it is empty.
    fn begin_paragraph(&mut self) {
        let newlines = self.text.chars().rev().take_while(|c| *c == '\n').count();
        if !self.text.is_empty() {
            self.text
                .push_str("\n\n".get(newlines.min(2)..).unwrap_or_default());
        }
    }

    fn put_resolved(&mut self, inside: &str, resolved: Result<usize, ReferenceProblem>) {
        let (start, problem) = match resolved {
            Ok(start) => (start, None),
            Err(problem) => {
                let start = self.separate_from_table();
                let shown = one_line(inside, MOST_CHARS);
                self.text.push_str("[no figure: ");
                self.text.push_str(&shown);
                self.text.push(']');
                self.note(start, Some(FigureKind::Number), None, Notation::English);
                (start, Some(problem))
            }
        };
        let written = format!("{{{{{}}}}}", clean_line(inside, MOST_CHARS));
        self.references.push(WrittenReference {
            start,
            end: self.text.len(),
            written,
            problem,
        });
    }

    /// Writes what a reference names. Gives where that begins.
    fn resolve(&mut self, inside: &str, results: &KnownResults) -> Result<usize, ReferenceProblem> {
        if self.references.len() >= MOST_REFERENCES {
            let problem = format!("a text may hold {MOST_REFERENCES} references");
            return Err(ReferenceProblem::new(problem).hint("print a table instead"));
        }
        let reference = Reference::parse(inside)?;
        let notation = match self.notation {
            Some(notation) => notation,
            None => *self.notation.insert(results.notation(&self.text)),
        };
        let table = match &reference {
            Reference::Table(table) => Some((table, None)),
            Reference::Chart(kind, table) => Some((table, Some(*kind))),
            Reference::Figure { .. } | Reference::Derived { .. } => None,
        };
        if let Some((table, kind)) = table {
            return self.put_table(table, kind, (results, notation));
        }
        let Some(found) = resolve_figure(&reference, results, notation)? else {
            return Err(ReferenceProblem::new("it names no figure".to_owned()));
        };
        let start = self.separate_from_table();
        let text = found.unit.said_once(&found.text, &self.text);
        self.text.push_str(text);
        self.note(start, Some(found.kind), Some(found.trace), found.marks);
        if !found.unit.names.is_empty() {
            self.last = LastWritten::Figure;
            self.unit = found.unit;
        }
        Ok(start)
    }

    fn put_table(
        &mut self,
        table: &TableReference,
        kind: Option<super::ChartKind>,
        (results, notation): (&KnownResults, Notation),
    ) -> Result<usize, ReferenceProblem> {
        if self.text.len() > MOST_TEXT_BYTES {
            return Err(
                ReferenceProblem::new("the text is too long for another table".to_owned())
                    .hint("print fewer rows: | first 10"),
            );
        }
        let printed = print(table, results, notation)?;
        let chart = kind.map(|_| self.charts.len());
        if let Some(start) = self.stands_already(table.result, &printed, kind) {
            return Ok(start);
        }
        self.separate_from_table();
        self.begin_paragraph();
        let start = self.text.len();
        self.text.push_str(&printed.text);
        self.figures
            .extend(printed.figures.into_iter().map(|figure| ReferencedFigure {
                start: figure.start + start,
                end: figure.end + start,
                ..figure
            }));
        self.last = LastWritten::Table;
        self.tables.push(TableInText {
            result: table.result,
            columns: printed.columns.clone(),
            from: printed.from,
            rows: printed.rows,
            chart,
        });
        self.charts.extend(kind.map(|kind| RequestedChart {
            kind,
            result: table.result,
            columns: printed.columns,
            rows: printed.rows,
            start,
            end: self.text.len(),
        }));
        Ok(start)
    }

    /// Whether the text has these rows as a table already, so that they are not printed twice where nothing can be drawn: a
    /// table and a chart of the same rows. Gives where the reference stands. A table that was printed for a chart is a table
    /// of its own from then on, and nothing stands in the chart's place.
    fn stands_already(
        &mut self,
        result: crate::result::Handle,
        printed: &PrintedTable,
        kind: Option<super::ChartKind>,
    ) -> Option<usize> {
        let known = self.tables.iter_mut().find(|known| {
            known.result == result
                && known.from == printed.from
                && known.rows >= printed.rows
                && printed
                    .columns
                    .iter()
                    .all(|column| known.columns.contains(column))
                && (kind.is_some() || known.chart.is_some())
        })?;
        if kind.is_none()
            && let Some(chart) = known.chart.take().and_then(|at| self.charts.get_mut(at))
        {
            chart.end = chart.start;
        }
        if self.last == LastWritten::Table {
            self.held_back.clear();
        } else {
            self.separate_from_table();
        }
        let place = self.text.len();
        self.charts.extend(kind.map(|kind| RequestedChart {
            kind,
            result,
            columns: printed.columns.clone(),
            rows: printed.rows,
            start: place,
            end: place,
        }));
        self.last = LastWritten::Nothing;
        Some(place)
    }

    /// Writes what was held back, or begins a paragraph if a table stands before. Gives where the next thing begins.
    fn separate_from_table(&mut self) -> usize {
        let held_back = std::mem::take(&mut self.held_back);
        match self.last {
            LastWritten::Table => self.text.push_str("\n\n"),
            LastWritten::Figure => {
                let rest = self.unit.strip_from(&held_back, true);
                self.text.push_str(rest.unwrap_or(&held_back));
            }
            LastWritten::Text => self.text.push_str(&held_back),
            LastWritten::Nothing => self.begin_paragraph(),
        }
        self.last = LastWritten::Text;
        self.text.len()
    }

    /// Notes what was written from `start` to the end of the text.
    fn note(
        &mut self,
        start: usize,
        kind: Option<FigureKind>,
        trace: Option<crate::grounding::Trace>,
        marks: Notation,
    ) {
        self.figures.push(ReferencedFigure {
            start,
            end: self.text.len(),
            kind,
            trace,
            printed_row: false,
            separators: marks.separators(),
        });
    }
}
