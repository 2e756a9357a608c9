use std::sync::LazyLock;

use regex::Regex;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::Verdict;
use super::cell;
use super::figure::{self, Figure};
use super::view::{AnswerView, ResultView};
use crate::eval::gold::{GoldScalar, Place};
use crate::grounding::{Kind, Number, numbers};

/// Bytes around a number in which a word for a decrease is looked for.
const AROUND: usize = 40;
/// Numbers that a reason lists.
const MOST_LISTED: usize = 8;

static DOWN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(fell|falls?|fallen|falling|drop\w*|down|decreas\w*|declin\w*|lower|less|fewer|shrank|shrunk|reduc\w*|lost|below|smaller|decelerat\w*|minus|negative)\b",
    )
    .ok()
});

static UP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(rose|rises?|risen|rising|grew|grow\w*|up|increas\w*|gain\w*|higher|more|above|climb\w*|positive)\b").ok()
});

pub(super) fn grade(gold: &GoldScalar, answer: &AnswerView) -> Verdict {
    let wanted = wanted(gold);
    let found = numbers(&answer.text, gold.locale.into());
    let figures: Vec<&Number> = candidates(&found);
    let text = || {
        let right = figures
            .iter()
            .find(|number| figure::number_is(gold, number, decreases(&answer.text, number)));
        match right {
            Some(number) => Ok(format!(
                "{wanted}, found \"{}\" in the text",
                written(&answer.text, number)
            )),
            None => Err(format!(
                "{wanted}, found {} in the text",
                listed(&answer.text, &figures)
            )),
        }
    };
    match gold.place {
        Place::Text => text(),
        Place::Either if !figures.is_empty() => text(),
        Place::Either => in_results(
            gold,
            &wanted,
            answer
                .evidence
                .last()
                .into_iter()
                .filter(|one| one.rows.len() == 1),
        ),
        Place::Evidence => in_results(gold, &wanted, answer.evidence.iter()),
    }
}

/// The figures of a text; where it has none, the years and days in it.
fn candidates(found: &[Number]) -> Vec<&Number> {
    let of = |kinds: &[Kind]| -> Vec<&Number> {
        found
            .iter()
            .filter(|number| kinds.contains(&number.kind))
            .collect()
    };
    let figures = of(&[Kind::Quantity]);
    if figures.is_empty() {
        return found
            .iter()
            .filter(|number| matches!(number.kind, Kind::Year | Kind::Date) && number.value.is_finite())
            .collect();
    }
    figures
}

fn in_results<'a>(gold: &GoldScalar, wanted: &str, results: impl Iterator<Item = &'a ResultView>) -> Verdict {
    let mut seen = Vec::new();
    for result in results {
        let right = result
            .rows
            .iter()
            .flatten()
            .any(|value| number(value).is_some_and(|figure| figure::cell_is(gold, figure)));
        if right {
            return Ok(format!("{wanted}, found it in {}", result.title()));
        }
        seen.push(result.title());
    }
    let seen = if seen.is_empty() {
        "no figure in the text and no result of one row".to_owned()
    } else {
        format!("no such cell in {}", seen.join(", "))
    };
    Err(format!("{wanted}, found {seen}"))
}

/// A cell as a figure.
pub(super) fn number(value: &Value) -> Option<Figure> {
    let number = cell::number(value)?;
    let digits = number
        .mantissa()
        .unsigned_abs()
        .checked_ilog10()
        .map_or(1, |digits| digits + 1);
    Some(Figure {
        value: number.to_f64()?,
        last_place: 10_f64.powi(-i32::try_from(number.scale()).ok()?),
        digits,
    })
}

/// Whether the words beside a number make it a decrease: the nearest word of direction before it in its sentence, or
/// else the first one after it.
fn decreases(text: &str, number: &Number) -> bool {
    let (Some(down), Some(up)) = (DOWN.as_ref(), UP.as_ref()) else {
        return false;
    };
    let before = text.get(..number.start).unwrap_or_default();
    let mut from = before.len().saturating_sub(AROUND);
    while !before.is_char_boundary(from) {
        from += 1;
    }
    let before = before.get(from..).unwrap_or_default();
    let before = before.rsplit(['\n', ';']).next().unwrap_or_default();
    let before = before.rsplit(". ").next().unwrap_or_default();
    let last = |words: &Regex| words.find_iter(before).last().map(|found| found.start());
    match (last(down), last(up)) {
        (Some(fell), Some(rose)) => return fell > rose,
        (Some(_), None) => return true,
        (None, Some(_)) => return false,
        (None, None) => {}
    }
    let after = text.get(number.end..).unwrap_or_default();
    let end = after
        .find(['\n', ';', '.', ','])
        .unwrap_or(after.len())
        .min(AROUND);
    let end = (end..=after.len())
        .find(|at| after.is_char_boundary(*at))
        .unwrap_or(after.len());
    let after = after.get(..end).unwrap_or_default();
    let first = |words: &Regex| words.find(after).map_or(usize::MAX, |found| found.start());
    first(down) < first(up)
}

fn wanted(gold: &GoldScalar) -> String {
    let near = match (gold.absolute, gold.relative) {
        (None, None) => String::new(),
        (Some(absolute), None) => format!(" ± {absolute}"),
        (None, Some(relative)) => format!(" ± {} %", relative * 100.0),
        (Some(absolute), Some(relative)) => format!(" ± {absolute} or {} %", relative * 100.0),
    };
    let unit = serde_json::to_value(gold.unit).unwrap_or_default();
    format!(
        "expected the {} {}{near}",
        unit.as_str().unwrap_or_default(),
        gold.value
    )
}

fn written<'a>(text: &'a str, number: &Number) -> &'a str {
    text.get(number.start..number.end).unwrap_or_default()
}

fn listed(text: &str, figures: &[&Number]) -> String {
    if figures.is_empty() {
        return "no figure".to_owned();
    }
    let shown: Vec<String> = figures
        .iter()
        .take(MOST_LISTED)
        .map(|number| format!("\"{}\"", written(text, number)))
        .collect();
    let more = if figures.len() > shown.len() {
        " and others"
    } else {
        ""
    };
    format!("{}{more}", shown.join(", "))
}
