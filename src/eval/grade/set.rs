use std::collections::BTreeSet;

use serde_json::Value;

use super::cell;
use super::days;
use super::enumeration;
use super::mention;
use super::view::{AnswerView, ResultView};
use super::{AskedQuestion, GradeResult};
use crate::eval::gold::{GoldPlace, GoldSet};
use crate::grounding::{Kind, Separators, numbers};

pub(super) fn grade(gold: &GoldSet, answer: &AnswerView, asked: &AskedQuestion<'_>) -> GradeResult {
    let names: Vec<String> = gold.values.iter().map(mention::name).collect();
    let wanted = format!("expected {}", names.join(", "));
    if gold.place == GoldPlace::Result {
        let keys: BTreeSet<String> = gold.values.iter().map(key).collect();
        return match answer.evidence.iter().find(|result| holds(result, &keys)) {
            Some(result) => Ok(format!(
                "{wanted}, found just these in a column of {}",
                result.title()
            )),
            None => Err(format!("{wanted}, found them as the values of no column")),
        };
    }
    let all: Vec<&Value> = gold.values.iter().chain(&gold.others).collect();
    let text = if all.iter().all(|value| days::is_day(value)) {
        days::in_iso(&answer.text, cell::only_year(&all))
    } else {
        answer.text.clone()
    };
    let said = said(&text, &all);
    let (own, others) = said.split_at_checked(gold.values.len()).unwrap_or_default();
    if let Some((other, _)) = gold.others.iter().zip(others).find(|(_, said)| **said) {
        return Err(format!("{wanted}, found {} too", mention::name(other)));
    }
    let missing = names.iter().zip(own).filter(|(_, said)| !**said);
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    if !missing.is_empty() {
        return Err(format!(
            "{wanted}, found no {} in the text",
            missing.join(", no ")
        ));
    }
    match enumeration::flaw(asked.question, &text, &names, false) {
        Some(flaw) => Err(format!("{wanted}, found them all in the text, but {flaw}")),
        None => Ok(format!("{wanted}, found all in the text")),
    }
}

/// Which of the values a text says: names as whole words, numbers as numbers.
fn said(text: &str, values: &[&Value]) -> Vec<bool> {
    let text = mention::folded(text);
    let names: Vec<String> = values
        .iter()
        .map(|value| mention::folded(&mention::name(value)))
        .collect();
    let figures = numbers(&text, Separators::English);
    let figure = |wanted: f64| {
        figures.iter().any(|number| {
            let counts = matches!(number.kind, Kind::Quantity | Kind::Year | Kind::Ordinal);
            // The figure's own digits decide: noise is for what was computed.
            counts && (number.value - wanted).abs() <= wanted.abs() * f64::EPSILON
        })
    };
    mention::each(&text, &names)
        .iter()
        .zip(values)
        .map(|(places, value)| match value {
            Value::Number(number) => number.as_f64().is_some_and(figure),
            _ => !places.is_empty(),
        })
        .collect()
}

/// A value as members of sets are compared: moments and numbers by their worth, names in any case.
fn key(value: &Value) -> String {
    if let Some(moment) = cell::moment(value) {
        return format!("at {moment}");
    }
    match cell::number(value).filter(|_| !cell::is_code(value)) {
        Some(number) => number.to_string(),
        None => mention::same_as(&mention::name(value)),
    }
}

/// Whether the values of one of the columns are just these.
fn holds(result: &ResultView, keys: &BTreeSet<String>) -> bool {
    (0..result.columns.len()).any(|at| {
        let values = result.rows.iter().map(|row| row.get(at).unwrap_or(&Value::Null));
        values.map(key).collect::<BTreeSet<String>>() == *keys
    })
}
