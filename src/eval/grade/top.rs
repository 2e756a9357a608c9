use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use super::enumeration;
use super::figure;
use super::mention;
use super::view::{AnswerView, ResultView};
use super::written::WrittenFigure;
use super::{AskedQuestion, GradeResult};
use crate::eval::gold::{FigureUnit, GoldPlace, GoldScalar, GoldTop, Locale, TopItem};
use crate::grounding::{Kind, Number, Separators, numbers};
use crate::text::built_in_pattern;

/// What stands between one of a ranking and the next.
static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(r"(?i)\b(followed by|ahead of|leads before|(,\s*|and )then( comes?| follows?)?)\W*$")
});

pub(super) fn grade(gold: &GoldTop, answer: &AnswerView, asked: &AskedQuestion<'_>) -> GradeResult {
    let n = gold.n.map_or(gold.items.len(), |n| n as usize);
    let names: Vec<&str> = gold.items.iter().take(n).map(|item| item.name.as_str()).collect();
    let wanted = format!("expected in this order: {}", names.join(", "));
    if gold.place == GoldPlace::Result {
        return match answer.evidence.iter().find(|result| in_result(gold, n, result)) {
            Some(result) => Ok(format!("{wanted}, found it in {}", result.title())),
            None => Err(format!("{wanted}, found no result that begins so")),
        };
    }
    let text = mention::folded(&answer.text);
    let mentions = mentions(gold, &text);
    if let Some(wrong) = wrong_value(&mentions, &text).or_else(|| wrong_row(gold, &text)) {
        return Err(format!("{wanted}, found {wrong}"));
    }
    let found: Vec<&str> = mentions.iter().map(|(_, item)| item.name.as_str()).collect();
    let said = match found.as_slice() {
        [] => "nothing of it in the text".to_owned(),
        found => format!("{} in the text", found.join(", ")),
    };
    let items: Vec<&TopItem> = mentions.iter().take(n).map(|(_, item)| *item).collect();
    if items.len() < n || !ranked(gold, &items) {
        return Err(format!("{wanted}, found {said}"));
    }
    if let Some((place, item)) = mentions.first()
        && comes_behind(&text, place)
    {
        return Err(format!("{wanted}, found {} behind another", item.name));
    }
    let first: Vec<String> = items.iter().map(|item| item.name.clone()).collect();
    match enumeration::flaw(asked.question, &answer.text, &first, true) {
        Some(flaw) => Err(format!("{wanted}, found {said}, but {flaw}")),
        None => Ok(format!("{wanted}, found {said}")),
    }
}

/// A place behind another, said of a name: "Acorn is second", "Acorn comes in just behind Marigold".
static IS_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    built_in_pattern(
        r"(?i)^[*_`]*,?\s+(?:(?:is|was|are|were|comes?|came|ranks?|ranked|in|only|just|right|closely|the|on|place|a|an)\s+)*(?:second|third|fourth|fifth|last|2nd|3rd|4th|runner-up|behind|trails?|trailing)\b",
    )
});

/// Whether a sentence puts another before the first of a ranking: "Marigold leads, followed by Acorn", "Acorn is second".
pub(super) fn comes_behind(text: &str, first: &Range<usize>) -> bool {
    if IS_BEHIND.is_match(text.get(first.end..).unwrap_or_default()) {
        return true;
    }
    let before = text.get(..first.start).unwrap_or_default();
    let sentence = before.rsplit(['.', '\n', ':', ';']).next().unwrap_or_default();
    BEHIND.is_match(sentence)
}

/// Whether these are the gold's first, where items of one value are as good as each other.
fn ranked(gold: &GoldTop, found: &[&TopItem]) -> bool {
    let distinct = found
        .iter()
        .enumerate()
        .all(|(at, item)| !found.iter().take(at).any(|other| std::ptr::eq(*item, *other)));
    distinct
        && found.iter().zip(&gold.items).all(|(found, place)| {
            // Of two of one name each has its own place.
            found.value == place.value && (found.name == place.name || found.value.is_some())
        })
}

/// The items that a folded text names, with the end of the name, in the order of their first mention.
fn mentions<'a>(gold: &'a GoldTop, text: &str) -> Vec<(Range<usize>, &'a TopItem)> {
    let names: Vec<String> = gold
        .items
        .iter()
        .map(|item| mention::folded(&item.name))
        .collect();
    let mut found: Vec<(Range<usize>, &TopItem)> = Vec::new();
    for (item, places) in gold.items.iter().zip(mention::each(text, &names)) {
        // Two of one name take its mentions in turn, but each the one that stands with its value, if there is one.
        let before = found.iter().filter(|(_, other)| other.name == item.name).count();
        let shared = gold.items.iter().filter(|other| other.name == item.name).count() > 1;
        let own = item.value.filter(|_| shared).and_then(|value| {
            let own = scalar_of(value);
            places.iter().position(|place| stands_beside(text, place, &own))
        });
        found.extend(
            places
                .into_iter()
                .nth(own.unwrap_or(before))
                .map(|place| (place, item)),
        );
    }
    found.sort_by_key(|(place, _)| place.start);
    found
}

/// Whether the rest of the line behind a name has this value.
fn stands_beside(text: &str, place: &Range<usize>, value: &GoldScalar) -> bool {
    let line = text.get(place.end..).and_then(|rest| rest.lines().next());
    numbers(line.unwrap_or_default(), Separators::English)
        .iter()
        .filter(|number| number.kind == Kind::Quantity)
        .any(|number| figure::readings(number).any(|figure| figure::near(value, figure)))
}

/// An item with other figures beside its name than its own.
fn wrong_value(mentions: &[(Range<usize>, &TopItem)], text: &str) -> Option<String> {
    let numbers = numbers(text, Separators::English);
    mentions.iter().enumerate().find_map(|(at, (place, item))| {
        let value = item.value?;
        let next = mentions.get(at + 1).map_or(text.len(), |(next, _)| next.start);
        let beside = text.get(place.end..next)?.lines().next().unwrap_or_default();
        let beside_it = |number: &&Number| {
            let inside = number.start >= place.end && number.end <= place.end + beside.len();
            inside && number.kind == Kind::Quantity
        };
        let mut figures = numbers.iter().filter(beside_it).peekable();
        let own = scalar_of(value);
        let right = figures.peek().is_none()
            || figures.any(|number| figure::readings(number).any(|figure| figure::near(&own, figure)));
        (!right).then(|| format!("{} with {} instead of {value}", item.name, beside.trim()))
    })
}

/// An item whose rows in the text's tables have figures, but never its own: its name may stand in a sentence before them.
fn wrong_row(gold: &GoldTop, text: &str) -> Option<String> {
    let rows: Vec<&str> = text
        .lines()
        .filter(|line| line.trim_start().starts_with('|'))
        .collect();
    let rows = rows.join("\n");
    let names: Vec<String> = gold
        .items
        .iter()
        .map(|item| mention::folded(&item.name))
        .collect();
    gold.items
        .iter()
        .zip(mention::each(&rows, &names))
        .find_map(|(item, places)| {
            let own = scalar_of(item.value?);
            let has_figures = |place: &Range<usize>| {
                let line = rows.get(place.end..).and_then(|rest| rest.lines().next());
                let figures = numbers(line.unwrap_or_default(), Separators::English);
                figures.iter().any(|number| number.kind == Kind::Quantity)
            };
            let wrong = places.iter().any(has_figures)
                && !places.iter().any(|place| stands_beside(&rows, place, &own));
            wrong.then(|| format!("{} in a row without {}", item.name, own.value))
        })
}

fn scalar_of(value: f64) -> GoldScalar {
    GoldScalar {
        value,
        unit: FigureUnit::Number,
        currency: None,
        absolute: None,
        relative: None,
        min_digits: Some(2),
        change: false,
        locale: Locale::En,
        place: GoldPlace::Text,
        turn: None,
    }
}

/// Whether the first rows of a result are the ranking, and there are no more where `n` were asked for.
fn in_result(gold: &GoldTop, n: usize, result: &ResultView) -> bool {
    (0..result.columns.len()).any(|at| {
        let rows: Vec<&Vec<Value>> = result.rows.iter().take(n).collect();
        let items: Option<Vec<&TopItem>> = rows
            .iter()
            .map(|row| {
                let name = mention::same_as(&mention::name(row.get(at).unwrap_or(&Value::Null)));
                gold.items
                    .iter()
                    .find(|item| mention::same_as(&item.name) == name && holds(row, item))
            })
            .collect();
        items.is_some_and(|items| items.len() == n && ranked(gold, &items))
    })
}

/// Whether a row has the item's value.
fn holds(row: &[Value], item: &TopItem) -> bool {
    item.value.is_none_or(|value| {
        let own = scalar_of(value);
        row.iter()
            .filter_map(|cell| figure::FigureReading::of_cell(WrittenFigure::read(cell)?))
            .any(|figure| figure::near(&own, figure))
    })
}
