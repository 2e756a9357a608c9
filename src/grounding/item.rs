//! Names that are said to be first or last of their kind: the best month, the weakest product.

use super::figure::{Figure, FigureKind, FigureStatus, Reason, Trace};
use super::scope::{Mention, MentionTarget, TextContext};
use super::text::{Relation, Span};
use super::vocabulary::{Concept, said_by};
use crate::result::Extent;

/// Whether a text may say of something that it is the first or last of its kind.
pub(crate) fn ranks(text: &str) -> bool {
    let ranking = Concept::Most.bit() | Concept::Least.bit() | Concept::MostOrLeast.bit();
    super::text::words(text)
        .iter()
        .any(|word| said_by(&word.low) & ranking != 0)
}

/// The names of one text that are said to be first or last, each with what came of checking it.
pub(super) fn items(context: &TextContext<'_, '_>) -> Vec<Figure> {
    let mut found: Vec<Figure> = Vec::new();
    for mention in &context.mentions {
        if context.work.is_over() {
            break;
        }
        // Mentions are in the order of the text. A name that several results have is first where it is first in one of them.
        let before = found
            .last()
            .filter(|figure| figure.start == mention.span.start)
            .map(|figure| figure.status == FigureStatus::Matched);
        if before == Some(true) {
            continue;
        }
        if let Some(figure) = item(context, mention) {
            if before.is_some() {
                found.pop();
            }
            found.push(figure);
        }
    }
    found
}

fn item(context: &TextContext<'_, '_>, mention: &Mention<'_>) -> Option<Figure> {
    let place = context.layout.place(mention.span);
    if place.row.is_some() {
        return None;
    }
    let said = context
        .words_in(place.clause)
        .iter()
        .filter(|word| !mention.span.holds(word.span))
        .fold(0, |all, word| all | said_by(&word.low));
    let has = |concept: Concept| said & concept.bit() != 0;
    let (most, least) = match (has(Concept::Most), has(Concept::Least), has(Concept::MostOrLeast)) {
        // The most punctual line is the one with the fewest delays.
        (true, false, false) | (false, true, false) if is_of_quality(context, place.clause) => (true, true),
        // What lost most has the least change.
        (true, false, false) if has(Concept::Down) || has(Concept::Lessening) => (true, true),
        (true, false, false) => (true, false),
        (false, true, false) => (false, true),
        (false, false, true) => (true, true),
        _ => return None,
    };
    let mut numbers = context.numbers_in(place.clause).iter();
    let numbered = numbers.any(|number| number.kind == super::number::Kind::Ordinal);
    if has(Concept::OtherRank) || numbered || is_among_some(context, place.sentence) {
        return None;
    }
    let mut outcome: Option<(FigureStatus, Trace)> = None;
    for at in 0..context.index.materials.len() {
        let Some((fits, trace)) = check(context, mention, at, (most, least)) else {
            continue;
        };
        if fits {
            outcome = Some((FigureStatus::Matched, trace));
            break;
        }
        let reason = Reason::NotExtreme;
        outcome.get_or_insert((FigureStatus::Unmatched { reason }, trace));
    }
    let (status, trace) = outcome?;
    let sources = if status == FigureStatus::Matched {
        vec![trace]
    } else {
        Vec::new()
    };
    Some(super::ground::figure(
        context,
        mention.span,
        FigureKind::Item,
        status,
        sources,
    ))
}

/// Whether a clause has `most` or `least` before an adjective, which no column is named by: either end of a column may be meant.
fn is_of_quality(context: &TextContext<'_, '_>, clause: Span) -> bool {
    let words = context.words_in(clause);
    words.windows(2).any(|pair| {
        let [word, next] = pair else { return false };
        let gap = Span::new(word.span.end, next.span.start).of(context.text);
        let named = context.mentions_over(next.span).next().is_some();
        let thing =
            next.low.ends_with('s') || matches!(next.low.as_str(), "of" | "in" | "with" | "by" | "and");
        matches!(word.low.as_str(), "most" | "least") && gap == " " && !named && !thing
    })
}

/// Whether a sentence sets a bound, so that the first or last of only some is meant: `with at least 10 reviews`.
fn is_among_some(context: &TextContext<'_, '_>, sentence: Span) -> bool {
    const BOUND: [&str; 8] = [
        "least",
        "minimum",
        "over",
        "than",
        "above",
        "exceeding",
        "under",
        "below",
    ];
    const FIRST: [&str; 7] = ["with", "of", "among", "counting", "having", "only", "for"];
    let words = context.words_in(sentence);
    let opens = words
        .first()
        .is_some_and(|word| FIRST.contains(&word.low.as_str()));
    let bound = words
        .windows(2)
        .any(|pair| matches!(pair, [word, next] if BOUND.contains(&word.low.as_str()) && next.low.starts_with(|c: char| c.is_ascii_digit())));
    opens && bound
}

/// Whether the one row that the clause names has the most or the least of any column, and where its name stands.
fn check(
    context: &TextContext<'_, '_>,
    mention: &Mention<'_>,
    at: usize,
    (most, least): (bool, bool),
) -> Option<(bool, Trace)> {
    let index = context.index;
    let (material, shape) = (index.materials.get(at)?, index.shapes.get(at)?);
    let extent = material.table.extent;
    let limited = matches!(extent, Extent::AskedLimit { .. });
    if !(limited || extent == Extent::Complete) || shape.seen < material.table.rows.len() || shape.seen < 3 {
        return None;
    }
    let (column, row) = match mention.what {
        MentionTarget::Label(label) if label.material == at => {
            let (column, values) = shape.labels.iter().find(|(column, _)| *column == label.column)?;
            (*column, only(values, |value| *value == label.value)?)
        }
        MentionTarget::TextPeriod(period) => {
            let (column, days) = shape.times.first()?;
            (
                *column,
                only(days, |days| period.relation(*days) == Relation::Same)?,
            )
        }
        _ => return None,
    };
    let seat = context.seat(mention.span);
    let alone = |rows: &Vec<usize>| rows.len() == 1 && rows.first() != Some(&row);
    let groups = seat.groups(at);
    if groups.iter().any(alone) {
        return None;
    }
    let within = groups
        .iter()
        .filter(|rows| rows.len() > 1 && rows.contains(&row))
        .min_by_key(|rows| rows.len());
    let extreme = |row: usize| {
        shape.numeric.iter().any(|column| {
            let value = |row: usize| index.exact(at, *column, row);
            let Some(own) = value(row) else { return false };
            context.work.spend(shape.seen);
            let others = || {
                let all = within.is_none().then_some(0..shape.seen).into_iter().flatten();
                all.chain(within.into_iter().flatten().copied()).filter_map(value)
            };
            (most && others().all(|other| other <= own)) || (least && others().all(|other| own <= other))
        })
    };
    let fits = extreme(row);
    // The first rows by some order say which is first by it, and nothing of the other end.
    if limited && !extreme(0) {
        return None;
    }
    let name = material.table.columns.get(column)?.name.clone();
    let result = material.handle.to_owned();
    Some((
        fits,
        Trace::Cell {
            result,
            row: row + 1,
            column: name,
        },
    ))
}

/// The one row that fits, if it is only one.
fn only<T>(values: &[Option<T>], wanted: impl Fn(&T) -> bool) -> Option<usize> {
    let mut rows = values
        .iter()
        .enumerate()
        .filter(|(_, value)| value.as_ref().is_some_and(&wanted));
    let (row, _) = rows.next()?;
    rows.next().is_none().then_some(row)
}
