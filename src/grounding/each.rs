//! Amounts for one of something that are told without `per`: "a seat sold for $25.00", "12.4 items a member".

use super::figure_context::once;
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

/// What a sentence tells of one of something.
#[derive(Debug, Clone, Copy)]
pub(super) struct ToldOfOne {
    /// Where a subject and its verb end: `a visit brings`.
    subject: Option<usize>,
    /// Whether it stands behind a figure: `12.4 items a member`.
    behind: bool,
}

/// Whether the sentence of a figure, or the one before it, tells of one of something.
pub(super) fn is_for_one(seat: &FigureContext<'_, '_, '_>) -> bool {
    let place = seat.place;
    if place.row.is_some() {
        return false;
    }
    let told = |sentence: Span| {
        once(&seat.context.memo.each, sentence, || ToldOfOne {
            subject: subject(seat, sentence),
            behind: behind(seat, sentence),
        })
    };
    let here = told(place.sentence);
    here.behind
        || here.subject.is_some_and(|end| end <= seat.span.start)
        || place.before.is_some_and(|before| told(before).subject.is_some())
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

/// Where it is first said what one of something does with an amount that follows: `a visit brings in`.
fn subject(seat: &FigureContext<'_, '_, '_>, sentence: Span) -> Option<usize> {
    let words = seat.context.words_in(sentence);
    seat.context.work.spend(words.len());
    let articles = words.iter().enumerate().filter(|(_, word)| is_article(word));
    let mut reaches = articles.map(|(at, _)| words.iter().skip(at + 1).take(REACH));
    reaches.find_map(|mut reach| {
        reach.next().filter(|word| !among(NO_THINGS, word))?;
        reach.find(|word| among(VERBS, word)).map(|word| word.span.end)
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
