//! Amounts for one of something that are told without `per`: "a seat sold for $25.00", "12.4 items a member".

use super::number::Kind;
use super::scope::FigureContext;
use super::text::{Span, TextWord};

/// What one of something does with an amount.
const VERBS: &str = "sold sells sell cost costs brings brought bring worth spends spent spend earns earned earn pays paid pay \
    fetched fetches averages averaged yields yielded comes came goes went leads led makes made takes took uses used kostet bringt";
/// What is not one of several.
const NO_THINGS: &str = "total lot few number sum record bit further quarter third half share rate margin gain rise drop decline \
    increase decrease loss profit combined mere modest year little while result";
/// Words from what it is one of to the verb: `a place on the East Terrace sold`.
const REACH: usize = 8;
/// Words between a figure and what it is for one of: `12.4 items a member`.
const UNIT: usize = 2;

/// Whether the sentence of a figure, or the one before it, tells of one of something.
pub(super) fn is_for_one(seat: &FigureContext<'_, '_, '_>) -> bool {
    let place = seat.place;
    if place.row.is_some() {
        return false;
    }
    let here = || subject(seat, Span::new(place.sentence.start, seat.span.start));
    let before = || place.before.is_some_and(|before| subject(seat, before));
    here() || before() || behind(seat, place.sentence)
}

fn among(list: &str, word: &TextWord<'_>) -> bool {
    list.split_ascii_whitespace().any(|one| one == word.low)
}

fn is_article(word: &TextWord<'_>) -> bool {
    matches!(
        word.low.as_str(),
        "a" | "an" | "one" | "each" | "every" | "ein" | "eine"
    )
}

/// Whether one of something does what an amount follows: `a visit brings in`.
fn subject(seat: &FigureContext<'_, '_, '_>, bytes: Span) -> bool {
    let words = seat.context.words_in(bytes);
    seat.context.work.spend(words.len());
    let articles = words.iter().enumerate().filter(|(_, word)| is_article(word));
    let mut reaches = articles.map(|(at, _)| words.iter().skip(at + 1).take(REACH));
    reaches.any(|mut reach| {
        let thing = reach.next().is_some_and(|word| !among(NO_THINGS, word));
        thing && reach.any(|word| among(VERBS, word))
    })
}

/// Whether one of something stands behind a figure of the sentence: `12.4 items a member`.
fn behind(seat: &FigureContext<'_, '_, '_>, sentence: Span) -> bool {
    let context = seat.context;
    let figures = context.numbers_in(sentence).iter();
    let mut figures = figures.filter(|number| number.kind == Kind::Quantity);
    figures.any(|number| {
        let words = context.words_from(number.end);
        let article = words
            .iter()
            .take(UNIT + 1)
            .position(|word| matches!(word.low.as_str(), "a" | "an"));
        let Some((first, of)) = article.and_then(|at| Some((words.get(at)?, words.get(at + 1)?))) else {
            return false;
        };
        let unit = Span::new(number.end, first.span.start).of(context.text);
        let rest = context.text.get(of.span.end..).unwrap_or_default();
        let ends = rest.is_empty()
            || rest.starts_with([',', '.', ';', ')', '\n'])
            || [" and ", " in ", " at ", " on ", " against "]
                .iter()
                .any(|word| rest.starts_with(word));
        let plain = unit.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '*'));
        plain && ends && sentence.holds(of.span) && !among(NO_THINGS, of)
    })
}
