//! Figures that are said to be at an end of their column, or its mean: "the largest subtotal is 599.94", "$57.58 on average".

use super::index::NumberCell;
use super::scope::FigureContext;
use super::text::{Span, root};
use super::vocabulary::Concept;
use crate::result::{ColumnSummary, Extent};

/// Words between a figure and the word before it that says which end of a column it is.
const REACH: usize = 4;
/// Words between a figure and what says behind it that it is a mean.
const NOUN: usize = 3;
const COPULAS: [&str; 7] = ["is", "was", "of", "at", "with", "ist", "war"];

/// Whether the words right before a figure call it the greatest or least of a cell's column, and it is not.
pub(super) fn is_no_extreme(seat: &FigureContext<'_, '_, '_>, cell: NumberCell) -> bool {
    let context = seat.context;
    let index = context.index;
    let (Some(material), Some(shape)) = (
        index.materials.get(cell.material),
        index.shapes.get(cell.material),
    ) else {
        return false;
    };
    let table = material.table;
    let whole = table.extent == Extent::Complete && shape.seen == table.rows.len();
    if !whole || shape.seen < 3 || seat.place.row.is_some() {
        return false;
    }
    let since = context
        .number_before(seat.span.start)
        .map_or(0, |number| number.end);
    let start = seat.place.clause.start.max(since).min(seat.span.start);
    let words = context.words_in(Span::new(start, seat.span.start));
    let ranks = |low: &str| (Concept::Most.has(low), Concept::Least.has(low));
    let Some(at) = words.iter().rposition(|word| ranks(&word.low) != (false, false)) else {
        return false;
    };
    let (led, between) = (
        at.checked_sub(1).and_then(|at| words.get(at)),
        words.get(at + 1..).unwrap_or_default(),
    );
    let the = led.is_some_and(|word| matches!(word.low.as_str(), "the" | "der" | "die" | "das"));
    let told = between
        .last()
        .is_some_and(|word| COPULAS.contains(&word.low.as_str()));
    let names = shape
        .column_words
        .iter()
        .find(|(column, _)| *column == cell.column);
    let of_column = names.is_some_and(|(_, names)| {
        let mut between = between.iter();
        between.any(|word| names.iter().any(|name| name == root(&word.low)))
    });
    if !(the && told && of_column) || between.len() > REACH || !seat.named_rows(cell.material).is_empty() {
        return false;
    }
    let Some(ColumnSummary::Numbers { min, max, .. }) = index.summary(cell.material, cell.column) else {
        return false;
    };
    let apart = |other: f64| (cell.value - other).abs() > other.abs() * 1e-9;
    match words.get(at).map(|word| ranks(&word.low)) {
        Some((true, false)) => apart(max.as_f64()),
        Some((false, true)) => apart(min.as_f64()),
        _ => false,
    }
}

/// Whether nothing but what is measured stands before some words: `minutes late on average`.
fn is_behind_a_noun(behind: &str, words: &str) -> bool {
    let plain = |noun: &str| noun.chars().all(|c| c.is_alphabetic() || c == ' ') && !noun.contains(" and ");
    let noun = behind.split_once(words).map(|(noun, _)| noun);
    noun.is_some_and(|noun| plain(noun) && noun.split_ascii_whitespace().count() <= NOUN)
}

impl FigureContext<'_, '_, '_> {
    /// Whether the words right beside the figure speak of a mean, a least or a most, and the column is another one of these by
    /// its name: `$57.58 on average` is no `max_price`.
    pub(super) fn is_of_another_extreme(&self, material: usize, column: usize) -> bool {
        let Some(shape) = self
            .context
            .index
            .shapes
            .get(material)
            .filter(|_| self.place.row.is_none())
        else {
            return false;
        };
        let Some(own) = shape.extremes.get(&column).filter(|_| shape.extremes.len() > 1) else {
            return false;
        };
        let before = self
            .context
            .number_before(self.span.start)
            .map_or(0, |number| number.end);
        let clause = self.place.aside.unwrap_or(self.place.clause);
        let before = Span::new(before.max(clause.start), self.span.start);
        let behind = self.context.text.get(self.span.end..).unwrap_or_default();
        let mut said: Vec<Concept> = ["on average", "at most", "at the most", "at least", "at the least"]
            .iter()
            .zip([
                Concept::Mean,
                Concept::Most,
                Concept::Most,
                Concept::Least,
                Concept::Least,
            ])
            .filter(|(words, _)| {
                let behind = behind.trim_start_matches(['*', '_']).trim_start();
                behind.starts_with(**words) || is_behind_a_noun(behind, words)
            })
            .map(|(_, concept)| concept)
            .collect();
        if said.is_empty() {
            let words = self.context.words_in(before).iter().rev().take(REACH);
            said.extend(
                words
                    .filter_map(|word| super::shape::extreme_of(&word.low))
                    .take(1),
            );
        }
        said.first()
            .is_some_and(|concept| concept != own && shape.extremes.values().any(|one| one == concept))
    }
}
