//! Two figures with a colon between them that are no time of day: the goals of "61:29".

use super::index::CellIndex;
use super::number::{Kind, Number, Separators, numbers};
use super::text::Span;

/// The numbers of a text, where `61:29` is two of them. A result that has times or durations may mean one by it.
pub(super) fn scores_apart(text: &str, all: Vec<Number>, index: &CellIndex<'_>) -> Vec<Number> {
    if !index.clocks.is_empty() || !all.iter().any(|number| halves(text, number).is_some()) {
        return all;
    }
    let mut apart = Vec::with_capacity(all.len() + 1);
    for number in all {
        match halves(text, &number) {
            Some(halves) => apart.extend(halves.into_iter().flat_map(|half| {
                let read = numbers(half.of(text), Separators::English).into_iter();
                read.map(move |one| Number {
                    start: half.start + one.start,
                    end: half.start + one.end,
                    ..one
                })
            })),
            None => apart.push(number),
        }
    }
    apart
}

/// The two sides of what looks like a time of day, where no day has it.
fn halves(text: &str, number: &Number) -> Option<[Span; 2]> {
    let span = Span::new(number.start, number.end);
    let (left, right) = span.of(text).split_once(':')?;
    let value = |side: &str| side.parse::<u32>().ok();
    let (hours, minutes) = (value(left)?, value(right)?);
    let colon = number.start + left.len();
    let sides = [Span::new(number.start, colon), Span::new(colon + 1, number.end)];
    (number.kind == Kind::Date && (hours > 24 || minutes > 59)).then_some(sides)
}
