//! Results of earlier turns: they count only where this turn has nothing that fits, and the sentence looks back.

use std::cell::RefCell;

use super::cells::{SourceCandidate, Sources};
use super::figure_context::once;
use super::material::Claim;
use super::scope::{Entailment, FigureContext, MentionTarget};
use super::text::{Relation, stem, words};
use super::vocabulary::Concept;

/// Of the sources that fit, the places of those that fit best. A result of an earlier turn counts only where no result of this
/// turn has the figure, and only if the sentence says that it looks back.
pub(super) fn kept(seat: &FigureContext<'_, '_, '_>, claim: &Claim<'_>, found: &Sources) -> Vec<usize> {
    let materials = seat.context.index.materials;
    let current = |candidate: &SourceCandidate| {
        materials
            .get(candidate.material())
            .is_some_and(|material| material.current)
    };
    let any_current = materials.iter().any(|material| material.current);
    let best_of = |wanted: &dyn Fn(&SourceCandidate) -> bool| -> Vec<usize> {
        let fitting = found.fitting.iter().enumerate();
        let fitting: Vec<(usize, Entailment)> = fitting
            .filter(|(_, (_, candidate))| wanted(candidate))
            .map(|(at, (says, _))| (at, *says))
            .collect();
        let best = fitting.iter().map(|(_, says)| *says).max();
        let fitting = fitting.into_iter();
        fitting
            .filter(|(_, says)| Some(*says) == best)
            .map(|(at, _)| at)
            .collect()
    };
    let of_now = best_of(&|candidate| current(candidate));
    if !of_now.is_empty() || !any_current {
        return if any_current { of_now } else { best_of(&|_| true) };
    }
    let known = RefCell::default();
    best_of(&|candidate| {
        once(&known, (candidate.material(), candidate.row()), || {
            looks_back(seat, claim, candidate)
        })
    })
}

/// Whether a sentence may mean a result of an earlier turn: it names its period, its filter or its entry, or says
/// that it compares.
fn looks_back(seat: &FigureContext<'_, '_, '_>, claim: &Claim<'_>, candidate: &SourceCandidate) -> bool {
    let context = seat.context;
    let at = candidate.material();
    let (Some(material), Some(shape)) = (context.index.materials.get(at), context.index.shapes.get(at))
    else {
        return false;
    };
    let sentence: Vec<&str> = context
        .words_in(seat.place.sentence)
        .iter()
        .map(|word| word.low.as_str())
        .collect();
    // Money can be of no result of this turn if that has none.
    let amounts = |at: usize| context.index.has_amounts(at);
    let any_amounts = (0..context.index.materials.len())
        .filter(|at| context.index.materials.get(*at).is_some_and(|one| one.current))
        .any(amounts);
    if (seat.is_money() && !any_amounts)
        || sentence.iter().any(|word| Concept::LooksBack.has(word))
        || seat.says_filters(at, true) == Entailment::Yes
    {
        return true;
    }
    let days = candidate.row().and_then(|row| {
        let days = shape.times.iter().find_map(|(_, days)| *days.get(row)?)?;
        (seat.says_row(at, row) == Entailment::Yes).then_some(days)
    });
    // A month without a year may as well be one of this turn's result.
    let named = days.is_some_and(|days| {
        context
            .mentions_in(seat.place.sentence)
            .any(|mention| match mention.what {
                MentionTarget::TextPeriod(period) => {
                    period.dated() && matches!(period.relation(days), Relation::Same | Relation::Holds)
                }
                _ => false,
            })
    });
    let both = context.index.materials.iter().zip(&context.index.shapes);
    let theirs: Vec<&String> = both
        .filter(|(other, _)| other.current)
        .flat_map(|(_, shape)| &shape.name_words)
        .collect();
    let others = context.index.materials.iter().filter(|other| other.current);
    let own_title = others.clone().all(|other| other.title != material.title)
        && words(material.title)
            .iter()
            .filter(|word| word.low.len() > 3 && !theirs.iter().any(|name| *name == stem(&word.low)))
            .any(|word| sentence.iter().any(|said| stem(said) == stem(&word.low)));
    let question = words(claim.question);
    let asked = question.iter().any(|word| Concept::LooksBack.has(&word.low));
    named || own_title || asked
}
