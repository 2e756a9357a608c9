//! Lists that are really a series: `- 2025-01: 28,550.43`, one name and one figure an item.

use super::document::{Inline, InlineSpan, MarkdownBlock};
use super::layout::{first_source, text_of};

/// Fewest items that make a series.
const FEWEST: usize = 3;
/// Most characters of a figure with its unit.
const MOST_FIGURE: usize = 24;

#[derive(Debug)]
pub(super) struct SeriesRow {
    pub(super) name: String,
    pub(super) figure: String,
    /// The number of the figure's source.
    pub(super) source: Option<usize>,
}

/// The rows of a list, if all its items are of this form.
pub(super) fn rows(items: &[Vec<MarkdownBlock>]) -> Option<Vec<SeriesRow>> {
    if items.len() < FEWEST {
        return None;
    }
    items
        .iter()
        .map(|item| match item.as_slice() {
            [MarkdownBlock::Paragraph(inline)] => row(inline),
            _ => None,
        })
        .collect()
}

/// The row behind a list that sums it up: a line right below it, or `Total: 446,213.55` as a paragraph of its own.
pub(super) fn total(block: &MarkdownBlock) -> Option<SeriesRow> {
    match block {
        MarkdownBlock::Tail(inline) => row(inline),
        MarkdownBlock::Paragraph(inline) => row(inline).filter(|row| row.name.eq_ignore_ascii_case("total")),
        _ => None,
    }
}

/// One line of this form.
fn row(inline: &Inline) -> Option<SeriesRow> {
    if inline.iter().any(|span| matches!(span, InlineSpan::Break { .. })) {
        return None;
    }
    let text = text_of(inline);
    let (name, figure) = text.rsplit_once(": ")?;
    let figure = figure.trim();
    let is_figure = figure.chars().count() <= MOST_FIGURE
        && !figure.contains(": ")
        && figure
            .chars()
            .find(|c| !matches!(c, '$' | '€' | '£' | '-' | '+' | '−' | '~'))
            .is_some_and(|c| c.is_ascii_digit());
    is_figure.then(|| SeriesRow {
        name: name.trim().to_owned(),
        figure: figure.to_owned(),
        source: first_source(inline),
    })
}
