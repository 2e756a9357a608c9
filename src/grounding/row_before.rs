//! A figure of a sentence without names, which goes on about the one row of the sentence before: "Level 4 had 3,052 patients. The
//! median wait was 74 minutes."

use super::cells::{SourceCandidate, Sources};
use super::scope::{Entailment, FigureContext, MentionTarget};
use super::vocabulary::Concept;

/// Words that a sentence begins with which goes on about the same.
const SAME: [&str; 10] = [
    "the", "its", "their", "it", "they", "his", "her", "he", "she", "that",
];

/// Whether all cells that a figure may be are of other rows than the one that the sentence goes on about.
pub(super) fn is_of_another_row(seat: &FigureContext<'_, '_, '_>, found: &Sources, kept: &[usize]) -> bool {
    let context = seat.context;
    let sentence = seat.place.sentence;
    if seat.place.row.is_some() || seat.place.before.is_none() {
        return false;
    }
    let words = context.words_in(sentence);
    let same = words
        .first()
        .is_some_and(|word| SAME.contains(&word.low.as_str()));
    let apart = words.iter().any(|word| {
        let concepts = [
            Concept::Most,
            Concept::Least,
            Concept::MostOrLeast,
            Concept::Other,
            Concept::Total,
            Concept::SomeRows,
        ];
        concepts.iter().any(|concept| concept.has(&word.low))
            || matches!(word.low.as_str(), "next" | "another" | "runner" | "except")
    });
    let mut mentions = context.mentions_in(sentence);
    if !same || apart || mentions.any(|mention| !matches!(mention.what, MentionTarget::Column { .. })) {
        return false;
    }
    let mut kept = kept.iter().filter_map(|at| found.at(*at)).peekable();
    let is_other = |candidate: &SourceCandidate| {
        let SourceCandidate::Cell(cell) = candidate else {
            return false;
        };
        let rows = seat.rows_around(cell.material);
        let exact = |row: usize| context.index.exact(cell.material, cell.column, row);
        matches!(rows.as_slice(), [only] if *only != cell.row && exact(*only) != exact(cell.row))
            && seat.says_column(cell.material, cell.column) == Entailment::Yes
    };
    kept.peek().is_some() && kept.all(is_other)
}
