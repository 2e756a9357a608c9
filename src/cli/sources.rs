//! Where the figures of an answer come from: `[1]` behind a figure, and one line for each source.

mod words;

use super::term::{line, plain};
use crate::agent::{Answer, Citation, CitedFigure, CitedResult, Evidence};
use crate::grounding::{FigureKind, Trace};
use crate::result::{call_for_people, value_words};
use words::{calculation_word, operation_word, total_of};

/// Most sources that are listed.
const MOST_SOURCES: usize = 20;
/// Most figures listed under one source.
const MOST_FIGURES: usize = 40;
/// Most characters of what names a row.
const MOST_KEY: usize = 120;

/// A source, and the figures that come from it.
#[derive(Debug)]
struct SourceNote {
    source: String,
    /// Each figure with its place in the source.
    figures: Vec<(String, String)>,
}

/// The sources of an answer's figures, numbered from 1 in the order the text needs them.
#[derive(Debug)]
pub(super) struct SourceList {
    notes: Vec<SourceNote>,
    /// The number for each figure of the answer.
    numbers: Vec<Option<usize>>,
}

impl SourceList {
    /// Numbers and, where there are none, names have a source; dates speak for themselves.
    pub(super) fn of(answer: &Answer) -> Self {
        let mut list = Self {
            notes: Vec::new(),
            numbers: Vec::with_capacity(answer.figures.len()),
        };
        let telling = |figure: &CitedFigure, kind| figure.figure.has_source() && figure.figure.kind == kind;
        let any = answer
            .figures
            .iter()
            .any(|figure| telling(figure, FigureKind::Number));
        let kind = if any { FigureKind::Number } else { FigureKind::Item };
        for figure in &answer.figures {
            let citation = figure.sources.first().filter(|_| telling(figure, kind));
            let number = citation.map(|citation| list.take(figure, citation, answer));
            list.numbers.push(number);
        }
        list
    }

    /// The number of a figure's source, by the figure's place in the answer's list.
    pub(super) fn number_of(&self, figure: usize) -> Option<usize> {
        self.numbers.get(figure).copied().flatten()
    }

    /// One line for each source: `[1] metric "Revenue", created at in 2025, by month`.
    pub(super) fn short(&self) -> Vec<String> {
        self.listed(|number, note, lines| lines.push(format!("[{number}] {}", note.source)))
    }

    /// The same with each figure's place under it.
    pub(super) fn full(&self) -> Vec<String> {
        self.listed(|number, note, lines| {
            lines.push(format!("[{number}] {}", note.source));
            let shown = note.figures.iter().take(MOST_FIGURES);
            lines.extend(shown.map(|(figure, place)| format!("    {}", line(&format!("{figure}: {place}")))));
            let more = note.figures.len().saturating_sub(MOST_FIGURES);
            if more > 0 {
                lines.push(format!("    and {more} more"));
            }
        })
    }

    fn listed(&self, write: impl Fn(usize, &SourceNote, &mut Vec<String>)) -> Vec<String> {
        let mut lines = Vec::new();
        for (number, note) in (1..).zip(self.notes.iter().take(MOST_SOURCES)) {
            write(number, note, &mut lines);
        }
        let more = self.notes.len().saturating_sub(MOST_SOURCES);
        if more > 0 {
            lines.push(format!("and {more} more sources: --json has them"));
        }
        lines
    }

    fn take(&mut self, figure: &CitedFigure, citation: &Citation, answer: &Answer) -> usize {
        let (source, place) = match calculation(citation, answer) {
            Some(calculated) => calculated,
            None => (source(citation, answer), place(citation)),
        };
        let source = plain(&source).replace('\n', " ");
        let entry = (figure.figure.text.clone(), place);
        let known = self.notes.iter().position(|note| note.source == source);
        if let Some(note) = known.and_then(|at| self.notes.get_mut(at)) {
            if !note.figures.contains(&entry) {
                note.figures.push(entry);
            }
        } else {
            self.notes.push(SourceNote {
                source,
                figures: vec![entry],
            });
        }
        known.map_or(self.notes.len(), |at| at + 1)
    }
}

/// What a figure of a calculation of this answer was made of, and its formula with its inputs.
fn calculation(citation: &Citation, answer: &Answer) -> Option<(String, String)> {
    let Trace::Cell { result, row, .. } = &citation.trace else {
        return None;
    };
    let named = |item: &&Evidence| item.result.to_string() == *result;
    let made = answer.evidence.iter().find(named)?;
    let derivation = made.origin.derivations().get(row.checked_sub(1)?)?;
    let of: Vec<String> = derivation
        .inputs()
        .into_iter()
        .filter_map(|handle| answer.cited(&handle.to_string()))
        .map(|cited| self::result(&cited))
        .collect();
    let of = if of.is_empty() {
        String::new()
    } else {
        format!(" from {}", of.join(" and "))
    };
    let word = calculation_word(derivation.operation);
    Some((format!("{word}, calculated{of}"), derivation.to_string()))
}

/// What a figure comes from: the results, and whether it was worked out from them.
fn source(citation: &Citation, answer: &Answer) -> String {
    let cited = citation
        .results()
        .into_iter()
        .filter_map(|name| answer.cited(name));
    let of: Vec<String> = cited.map(|cited| result(&cited)).collect();
    let of = of.join(" and ");
    match &citation.trace {
        Trace::Derivation { operation, .. } => {
            format!("{}, calculated from {of}", operation_word(*operation))
        }
        _ => of,
    }
}

/// Where in its source a figure stands.
fn place(citation: &Citation) -> String {
    match &citation.trace {
        Trace::Cell { column, row, .. } => {
            let key = key(citation);
            let key = if key.is_empty() { key } else { format!(" ({key})") };
            format!("{column} in row {row}{key}")
        }
        Trace::RowCount { rows, .. } if rows.is_empty() => "number of rows".to_owned(),
        Trace::RowCount { rows, .. } => format!("number of these rows: {}", row_list(rows)),
        Trace::Total { column, total, .. } => format!("{} over all rows", total_of(*total, column)),
        Trace::Argument { .. } => "what was asked for".to_owned(),
        Trace::Derivation { inputs, value, .. } => {
            let from: Vec<String> = inputs.iter().map(input).collect();
            let value: String = value.chars().take(16).collect();
            format!("{} = {value}", from.join(" and "))
        }
    }
}

fn input(input: &crate::grounding::DerivedFrom) -> String {
    match input.total {
        Some(total) => total_of(total, &input.column),
        None if input.column.is_empty() => row_list(&input.rows),
        None => format!("{} in {}", input.column, row_list(&input.rows)),
    }
}

fn row_list(rows: &[usize]) -> String {
    let shown: Vec<String> = rows.iter().take(6).map(usize::to_string).collect();
    let more = if rows.len() > shown.len() { " …" } else { "" };
    let word = if rows.len() == 1 { "row" } else { "rows" };
    format!("{word} {}{more}", shown.join(", "))
}

/// `metric "Revenue", created at in 2025, by month`.
fn result(result: &CitedResult) -> String {
    let made = if result.operations.is_some() {
        "rows of "
    } else {
        ""
    };
    if let Some(source) = &result.source {
        let asked = call_for_people(&source.arguments);
        let joint = if asked.is_empty() { "" } else { ", " };
        return format!("{made}{} \"{}\"{joint}{asked}", source.kind_words(), source.name);
    }
    if let Some(lookup) = &result.lookup {
        return format!("dbt, {}", lookup.name);
    }
    let from: Vec<String> = result.from.iter().map(ToString::to_string).collect();
    format!("{}, calculated from {}", result.result, from.join(", "))
}

fn key(citation: &Citation) -> String {
    let parts: Vec<String> = citation
        .key
        .iter()
        .map(|(column, value)| format!("{column} {}", value_words(value)))
        .collect();
    parts.join(", ").chars().take(MOST_KEY).collect()
}
