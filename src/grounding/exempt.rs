//! Figures that need no source, by rule.

use serde_json::Value;

use super::count::of_word;
use super::figure::{Rule, Trace};
use super::material::Claim;
use super::number::{Kind, Number, Separators, numbers};
use super::scope::{FigureContext, MentionTarget, TextContext};
use super::text::{Span, TextWord, words};
use super::tolerance::Tolerance;
use super::vocabulary::Concept;
use crate::result::Cell;

/// Four digits that may be a year are one when it is at most so far from today, or one of the results.
const NEAR_YEARS: f64 = 15.0;
/// Most bytes of an address before a number in it.
const LONGEST_LINK: usize = 2_000;

/// What the conversation says besides results.
pub(super) struct QuotableNumbers {
    question: Vec<f64>,
    shown: Vec<QuotableNumber>,
    /// Whether there is no result that figures could come from: then a number alone shows nothing, since a whole
    /// catalog has most of the small ones.
    bare: bool,
}

/// A number the model was shown, with the words around it.
struct QuotableNumber {
    value: f64,
    around: [Option<String>; 2],
}

impl QuotableNumbers {
    pub(super) fn of(claim: &Claim<'_>, bare: bool) -> Self {
        let told = |number: &Number| !matches!(number.kind, Kind::Date | Kind::Year);
        let mut question: Vec<f64> = finite(claim.question)
            .filter(told)
            .map(|number| number.value)
            .collect();
        question.extend(words(claim.question).iter().filter_map(|word| {
            let number = of_word(&word.low).and_then(|number| u32::try_from(number).ok());
            number.map(f64::from)
        }));
        let earlier = claim.earlier.iter().flat_map(|text| finite(text)).filter(told);
        question.extend(earlier.map(|number| number.value));
        let mut shown = Vec::new();
        for text in claim.shown {
            let words = if bare { words(text) } else { Vec::new() };
            shown.extend(finite(text).map(|number| QuotableNumber {
                value: number.value,
                around: around(&words, &number).map(|word| word.map(str::to_owned)),
            }));
        }
        Self {
            question,
            shown,
            bare,
        }
    }

    /// The rule for a number that stands where it may be quoted from.
    pub(super) fn quoted(&self, number: &Number, context: &TextContext<'_, '_>) -> Option<Rule> {
        let same = |value: f64| (value - number.value).abs() < 1e-9;
        if self.question.iter().any(|value| same(*value)) {
            return Some(Rule::Question);
        }
        let here = around(&context.words, number);
        let fits = |shown: &QuotableNumber| {
            let mut pairs = shown.around.iter().zip(here);
            !self.bare || pairs.any(|(there, here)| here.is_some() && there.as_deref() == here)
        };
        let shown = self.shown.iter().any(|shown| same(shown.value) && fits(shown));
        shown.then_some(Rule::Shown)
    }
}

fn finite(text: &str) -> impl Iterator<Item = Number> {
    let numbers = numbers(text, Separators::English).into_iter();
    numbers.filter(|number| number.value.is_finite())
}

/// The words before and after a number.
fn around<'w>(words: &'w [TextWord<'_>], number: &Number) -> [Option<&'w str>; 2] {
    let before = words
        .partition_point(|word| word.span.end <= number.start)
        .checked_sub(1);
    let after = words.partition_point(|word| word.span.start < number.end);
    [before.and_then(|at| words.get(at)), words.get(after)].map(|word| word.map(|word| word.low.as_str()))
}

/// The rule for what a number is, whatever its value.
pub(super) fn by_form(
    number: &Number,
    context: &TextContext<'_, '_>,
    today: jiff::civil::Date,
) -> Option<Rule> {
    let span = Span::new(number.start, number.end);
    if in_link(context.text, span) {
        return Some(Rule::Link);
    }
    if in_name(context, span) {
        return Some(Rule::Name);
    }
    if super::key_hours::is_end_of_hours(context, span) || super::name_numbers::is_of_scale(context, number) {
        return Some(Rule::Label);
    }
    let year = |mention: &super::scope::Mention<'_>| matches!(mention.what, MentionTarget::TextPeriod(period) if period.bare_year && period.span.holds(span));
    match number.kind {
        Kind::Quantity if context.mentions_over(span).any(year) => Some(Rule::Year),
        Kind::Quantity => None,
        Kind::Year => (context
            .index
            .years
            .iter()
            .any(|year| (f64::from(*year) - number.value).abs() < 0.5)
            || (f64::from(today.year()) - number.value).abs() <= NEAR_YEARS)
            .then_some(Rule::Year),
        Kind::ListMarker => Some(Rule::ListNumber),
        Kind::Ordinal => Some(Rule::Ordinal),
        Kind::Date | Kind::Label => Some(Rule::Label),
        Kind::Span => Some(Rule::Span),
    }
}

/// The rule for a number that nothing else explains.
pub(super) fn by_words(
    number: &Number,
    wanted: &Tolerance,
    seat: &FigureContext<'_, '_, '_>,
) -> Option<Rule> {
    let context = seat.context;
    if is_bound(wanted, seat) {
        return Some(Rule::Bound);
    }
    if is_row_number(number, seat) {
        return Some(Rule::ListNumber);
    }
    if is_end_of_range(number, context) {
        return Some(Rule::Name);
    }
    if number.percent && (number.value - 100.0).abs() < 1e-9 {
        return Some(Rule::Whole);
    }
    let before = context.word_before(number.start);
    let before = before.and_then(|at| context.words.get(at));
    let close = before.is_some_and(|word| {
        let between = context.text.get(word.span.end..number.start).unwrap_or_default();
        between.len() <= 2 && Concept::BeforeId.has(&word.low)
    });
    if close {
        return Some(Rule::Id);
    }
    let counted = || context.text.lines().filter(|line| is_item(line)).count();
    let items = *context.memo.items.get_or_init(counted);
    let listed =
        u32::try_from(items).is_ok_and(|items| items > 1 && (number.value - f64::from(items)).abs() < 0.5);
    let in_item = is_item(seat.place.line.of(context.text));
    (listed
        && !in_item
        && (number.last_place - 1.0).abs() < f64::EPSILON
        && !number.percent
        && number.currency.is_none())
    .then_some(Rule::ListNumber)
}

/// Whether a round number is a bound that the text itself sets, of which it then says how many things keep to it:
/// `no month had less than 20,000`.
fn is_bound(wanted: &Tolerance, seat: &FigureContext<'_, '_, '_>) -> bool {
    let before = seat.context.word_before(seat.span.start);
    let before = before.and_then(|at| seat.context.words.get(at));
    // `over by 1.2M` says by how much.
    if before.is_some_and(|word| matches!(word.low.as_str(), "by" | "um" | "de" | "por")) {
        return false;
    }
    let mut words = seat.context.words_in(seat.place.sentence).iter();
    let mut counted = || words.any(|word| Concept::Counting.has(&word.low) || of_word(&word.low).is_some());
    wanted.bound && wanted.digits <= 2 && counted()
}

/// Whether a number is an end of a range that is a name in the data: `children up to 12` of `0-12`, `over-65s` of `65+`.
fn is_end_of_range(number: &Number, context: &TextContext<'_, '_>) -> bool {
    const TO_END: [&str; 8] = ["to", "over", "under", "above", "below", "than", "from", "least"];
    let before = context.word_before(number.start);
    let before = before.and_then(|at| context.words.get(at));
    if !before.is_some_and(|word| TO_END.contains(&word.low.as_str())) {
        return false;
    }
    let written = Span::new(number.start, number.end).of(context.text);
    let both = context.index.materials.iter().zip(&context.index.shapes);
    let mut names = both.flat_map(|(material, shape)| {
        let columns = shape.labels.iter().map(|(column, _)| *column);
        let rows = material.table.rows.iter().take(shape.seen);
        columns.flat_map(move |column| rows.clone().filter_map(move |row| row.get(column)))
    });
    names.any(|name| match name {
        Cell::Text(name) => {
            let ends = || {
                name.split(['-', '–', '+', '<', '>', ' '])
                    .filter(|end| !end.is_empty())
            };
            ends().all(|end| end.bytes().all(|byte| byte.is_ascii_digit()))
                && ends().any(|end| end == written)
        }
        _ => false,
    })
}

/// Whether a number only counts a table's rows.
fn is_row_number(number: &Number, seat: &FigureContext<'_, '_, '_>) -> bool {
    let Some(cell) = seat.place.row else { return false };
    let text = seat.context.text;
    let alone = cell.cell.of(text).trim_matches([' ', '*', '.']).len() == number.end - number.start;
    let header = cell
        .header
        .map(|header| header.of(text).trim_matches([' ', '*']).to_lowercase());
    let counting = ["#", "no", "no.", "nr", "nr.", "rank", "pos", "place", ""];
    alone && header.is_some_and(|header| counting.contains(&header.as_str()))
}

fn is_item(line: &str) -> bool {
    let body = line.trim_start();
    let digits = body.trim_start_matches(|c: char| c.is_ascii_digit());
    body.starts_with(['-', '*', '•']) || (digits.len() < body.len() && digits.starts_with(['.', ')']))
}

fn in_link(text: &str, span: Span) -> bool {
    let mut from = span.start.saturating_sub(LONGEST_LINK);
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    let left = text.get(from..span.start).unwrap_or_default();
    let start = left
        .rfind([' ', '\n', '(', '<', '"', '\t'])
        .map_or(0, |at| at + 1);
    left.get(start..).is_some_and(|word| word.contains("://"))
}

/// Whether digits are part of a label, or of the name of an entry or column.
fn in_name(context: &TextContext<'_, '_>, span: Span) -> bool {
    // `1` under `Linie` of `Linie 1`
    let headed = |mention: &super::scope::Mention<'_>| matches!(mention.what, MentionTarget::Label(label) if mention.span == span && label.words.len() > 1);
    if context.mentions_over(span).any(headed) {
        return true;
    }
    let label = context
        .mentions_over(span)
        .any(|mention| matches!(mention.what, MentionTarget::Label(label) if mention.span != span || label.is_range() || label.is_alone()));
    label || context.in_name(span)
}

/// Arguments of calls that are the figure.
pub(super) fn arguments(wanted: &Tolerance, context: &TextContext<'_, '_>) -> Vec<Trace> {
    let mut found = Vec::new();
    for material in context.index.materials {
        let mut pointers = Vec::new();
        walk(material.arguments, &mut String::new(), &mut |pointer, value| {
            let number = value.as_f64().or_else(|| value.as_str()?.parse().ok());
            let id = pointer.ends_with("_id");
            if !id && number.is_some_and(|number| wanted.admits(number)) {
                pointers.push(pointer.to_owned());
            }
        });
        found.extend(pointers.into_iter().map(|pointer| Trace::Argument {
            result: material.handle.to_owned(),
            pointer,
        }));
    }
    found
}

/// Visits every single value with its JSON pointer.
pub(super) fn walk(value: &Value, pointer: &mut String, visit: &mut impl FnMut(&str, &Value)) {
    let length = pointer.len();
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&at.to_string());
                walk(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
                walk(item, pointer, visit);
                pointer.truncate(length);
            }
        }
        single => visit(pointer, single),
    }
}
