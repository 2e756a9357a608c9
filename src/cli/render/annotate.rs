//! What of an answer's text is written otherwise for people: figures get separators, and the number of their source.
//!
//! Only figures that are traced change, and only in how they are written. Zeros are added behind the point only to a
//! figure that is a cell as it stands, so that no rounded figure looks more exact than it is.

use std::collections::HashMap;
use std::ops::Range;

use super::numbers::{PlainNumber, is_code};
use crate::agent::{Answer, CitedFigure};
use crate::cli::sources::SourceList;
use crate::grounding::{FigureKind, FigureStatus, Trace};

/// A figure as it is written, and the number of its source.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AnnotatedFigure {
    /// Bytes of the answer's text.
    pub(super) range: Range<usize>,
    pub(super) text: String,
    pub(super) source: Option<usize>,
}

/// What the figures of one column have in common.
#[derive(Debug, Default, Clone, Copy)]
struct ColumnStyle {
    decimals: usize,
    long: bool,
}

/// The changes, in the order of the text.
pub(super) fn annotate(answer: &Answer, sources: Option<&SourceList>) -> Vec<AnnotatedFigure> {
    let mut columns: HashMap<&str, ColumnStyle> = HashMap::new();
    let points = answer
        .figures
        .iter()
        .all(|figure| !has_decimal_comma(&figure.figure.text));
    for figure in answer.figures.iter().filter(|figure| is_number(figure)) {
        let Some(number) = PlainNumber::read(&figure.figure.text) else {
            continue;
        };
        let style = columns.entry(column_of(figure).unwrap_or_default()).or_default();
        style.long |= number.is_long();
        if is_whole_cell(figure) {
            style.decimals = style.decimals.max(number.decimals());
        }
    }
    let mut edits: Vec<AnnotatedFigure> = answer
        .figures
        .iter()
        .enumerate()
        .filter(|(at, figure)| {
            is_number(figure) || sources.is_some_and(|sources| sources.number_of(*at).is_some())
        })
        .map(|(at, figure)| {
            let column = column_of(figure).unwrap_or_default();
            let style = columns.get(column).copied().unwrap_or_default();
            let text = &figure.figure.text;
            let number = PlainNumber::read(text)
                .filter(|_| points && style.long && is_number(figure) && !is_code(column))
                .map(|number| number.written(if is_whole_cell(figure) { style.decimals } else { 0 }));
            AnnotatedFigure {
                range: figure.figure.start..figure.figure.end,
                text: number.unwrap_or_else(|| text.clone()),
                source: sources.and_then(|sources| sources.number_of(at)),
            }
        })
        .collect();
    edits.sort_by_key(|edit| edit.range.start);
    edits
}

fn is_number(figure: &CitedFigure) -> bool {
    figure.figure.status == FigureStatus::Matched && figure.figure.kind == FigureKind::Number
}

/// The column whose value a figure is, or is a total of.
fn column_of(figure: &CitedFigure) -> Option<&str> {
    match &figure.sources.first()?.trace {
        Trace::Cell { column, .. } | Trace::Total { column, .. } => Some(column),
        _ => None,
    }
}

/// Whether a figure is a cell with all its digits.
fn is_whole_cell(figure: &CitedFigure) -> bool {
    let cell = figure.sources.first().and_then(|source| source.cell.as_ref());
    let number = PlainNumber::read(&figure.figure.text).and_then(PlainNumber::magnitude);
    match (cell.and_then(serde_json::Value::as_f64), number) {
        (Some(cell), Some(number)) => cell.abs().to_bits() == number.to_bits(),
        _ => false,
    }
}

/// Whether a figure is written as in languages whose decimal mark is the comma: then separators would mislead.
fn has_decimal_comma(text: &str) -> bool {
    text.rsplit_once(',').is_some_and(|(before, after)| {
        let digits = after.chars().take_while(char::is_ascii_digit).count();
        before.ends_with(|c: char| c.is_ascii_digit()) && digits > 0 && (digits != 3 || before.contains('.'))
    })
}
