//! Figures of a text whose source is known, for what follows to be computed from.

use super::cells::FigureSource;
use super::text::{Span, held};

/// Figures with the one source they have, in the order they stand in the text.
#[derive(Default)]
pub(super) struct KnownFigures {
    /// Figures that a result holds.
    pub(super) held: Vec<(Span, FigureSource)>,
    /// Figures that were found to be sums or differences.
    pub(super) sums: Vec<(Span, FigureSource)>,
    /// Figures that were found to be derived, with what they come to.
    pub(super) derived: Vec<(f64, FigureSource)>,
    /// Numbers of the question, each with whether it is in percent.
    pub(super) set: Vec<(rust_decimal::Decimal, bool)>,
    /// What the question asks for, as the words of an answer would say it.
    pub(super) asked: u64,
}

impl KnownFigures {
    /// Those that stand within some bytes: first what a result holds, then the sums.
    pub(super) fn within(&self, bytes: Span) -> impl Iterator<Item = &(Span, FigureSource)> {
        [&self.held, &self.sums].into_iter().flat_map(move |figures| {
            let range = held(figures, |(span, _)| *span, bytes);
            figures.get(range).unwrap_or_default()
        })
    }
}
