//! Figures of a text whose source is known, for what follows to be computed from.

use super::cells::FigureSource;
use super::figure::{DerivationOperation, Figure, Trace};
use super::index::CellIndex;
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

    /// Takes a figure in that was found to be derived.
    pub(super) fn take_derived(&mut self, figure: &Figure, index: &CellIndex<'_>) {
        let Some((operation, value, source)) = derived_from(figure, index) else {
            return;
        };
        if matches!(
            operation,
            DerivationOperation::Sum | DerivationOperation::Difference
        ) {
            self.sums
                .push((Span::new(figure.start, figure.end), source.clone()));
        }
        self.derived.push((value, source));
    }
}

/// Of a figure that was found to be derived: how, what it comes to, and the source that it is for what follows, which may say it
/// again or compute with it.
fn derived_from(figure: &Figure, index: &CellIndex<'_>) -> Option<(DerivationOperation, f64, FigureSource)> {
    let trace = figure.sources.first()?;
    let Trace::Derivation {
        operation,
        inputs,
        value,
    } = trace
    else {
        return None;
    };
    let handle = &inputs.first()?.result;
    let material = index
        .materials
        .iter()
        .position(|material| material.handle == *handle)?;
    let source = FigureSource {
        trace: trace.clone(),
        material,
        cell: None,
    };
    Some((*operation, value.parse().ok()?, source))
}
