//! Counts that a text may state of a result: of rows with a label, of things it lists.

use std::collections::HashSet;
use std::rc::Rc;

use super::cells::FigureSource;
use super::figure::{DerivationOperation, DerivedFrom, Trace};
use super::figure_context::once;
use super::scope::{FigureContext, MentionTarget};
use super::text::Span;
use super::tolerance::Tolerance;
use crate::result::Extent;

/// Numbers as words, as far as answers write them so.
const WORDS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

/// The number a word is.
pub(crate) fn of_word(low: &str) -> Option<usize> {
    WORDS.iter().position(|word| *word == low)
}

/// The small numbers that the figure's sentence says, in digits or words.
pub(super) fn said(seat: &FigureContext<'_, '_, '_>) -> Vec<usize> {
    let mut found: Vec<usize> = seat
        .context
        .words_in(seat.place.sentence)
        .iter()
        .filter(|word| !seat.span.touches(word.span))
        .filter(|word| {
            let numbers = seat.context.numbers;
            let first = numbers.partition_point(|number| number.end <= word.span.start);
            let mut inside = numbers
                .iter()
                .skip(first)
                .take_while(|number| number.start < word.span.end);
            inside.all(|number| Span::new(number.start, number.end) == word.span)
        })
        .filter_map(|word| of_word(&word.low).or_else(|| word.low.parse().ok()))
        .filter(|number| (2..=100).contains(number))
        .collect();
    found.dedup();
    found
}

/// Counts of rows of one result.
pub(super) fn counts(
    seat: &FigureContext<'_, '_, '_>,
    wanted: &Tolerance,
    at: usize,
    groups: &[Vec<usize>],
    found: &mut Vec<FigureSource>,
) {
    let none = seat.place.row.is_some() && wanted.admits(0.0);
    let counting =
        wanted.count && (seat.counts_things() || none) && (wanted.admits(0.0) || !seat.counts_a_column(at));
    let Some(material) = seat.context.index.materials.get(at).filter(|_| counting) else {
        return;
    };
    let exactly = |count: usize| u32::try_from(count).is_ok_and(|count| wanted.admits(f64::from(count)));
    let mut push = |rows: &[usize], column: &str| {
        let trace = Trace::Derivation {
            operation: DerivationOperation::Count,
            inputs: vec![DerivedFrom {
                result: material.handle.to_owned(),
                column: column.to_owned(),
                rows: rows.iter().map(|row| row + 1).collect(),
                total: None,
            }],
            value: rows.len().to_string(),
        };
        found.push(FigureSource {
            trace,
            material: at,
            cell: None,
        });
    };
    if let Some(rows) = groups.iter().find(|rows| rows.len() > 1 && exactly(rows.len())) {
        push(rows, "");
    }
    if exactly(1)
        && let Some(rows) = groups.iter().find(|rows| rows.len() == 1)
        && seat.counts_one_key(at)
    {
        push(rows, "");
    }
    if exactly(0)
        && let Some(column) = absent_group(seat, at)
    {
        push(&[], &column);
    }
    let own = seat.named_rows(at);
    if own.len() > 1 && exactly(own.len()) {
        push(&own, "");
    }
    let listed = listed(seat, at);
    if listed.len() > 1 && exactly(listed.len()) {
        push(&listed, "");
    }
}

/// The column of labels that has no row for what the text counts none of: `0 cancelled orders`, where the whole result
/// has rows for shipped and pending ones alone.
fn absent_group(seat: &FigureContext<'_, '_, '_>, at: usize) -> Option<String> {
    let index = seat.context.index;
    let (material, shape) = (index.materials.get(at)?, index.shapes.get(at)?);
    let whole = material.table.extent == Extent::Complete && material.rows_seen >= material.table.rows.len();
    let (column, _) = shape.labels.first().filter(|_| whole && material.current)?;
    let near = if seat.place.row.is_some() {
        seat.place.line
    } else {
        let behind = seat.context.words_from(seat.span.end).first()?;
        Span::new(seat.span.start, behind.span.end)
    };
    let mut mentions = seat.context.mentions_in(near);
    let named =
        mentions.any(|mention| matches!(mention.what, MentionTarget::Label(label) if label.material == at));
    (!named).then(|| {
        material
            .table
            .columns
            .get(*column)
            .map(|column| column.name.clone())
    })?
}

/// The rows whose labels the text names anywhere, one for each label.
fn listed(seat: &FigureContext<'_, '_, '_>, at: usize) -> Rc<Vec<usize>> {
    once(&seat.context.memo.listed, at, || Rc::new(all_listed(seat, at)))
}

fn all_listed(seat: &FigureContext<'_, '_, '_>, at: usize) -> Vec<usize> {
    let Some(shape) = seat.context.index.shapes.get(at) else {
        return Vec::new();
    };
    let mut rows: Vec<usize> = Vec::new();
    let mut known: HashSet<usize> = HashSet::new();
    for mention in &seat.context.mentions {
        if seat.context.work.is_over() {
            break;
        }
        seat.context.work.spend(1);
        let row = match mention.what {
            MentionTarget::Label(label) if label.material == at => shape
                .labels
                .iter()
                .zip(&shape.label_rows)
                .find(|((column, _), _)| *column == label.column)
                .and_then(|(_, rows)| rows.get(label.value)?.first().copied()),
            MentionTarget::TextPeriod(period) => shape.times.first().and_then(|(_, days)| {
                seat.context.work.spend(days.len());
                days.iter().position(|days| {
                    days.is_some_and(|days| period.relation(days) == super::text::Relation::Same)
                })
            }),
            _ => None,
        };
        rows.extend(row.filter(|row| known.insert(*row)));
    }
    rows
}
