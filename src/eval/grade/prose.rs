//! Tables of one row or a few that a text tells in sentences: "Google brought 104,510.07 USD and Facebook 83,950.75".

use std::ops::Range;

use serde_json::Value;

use super::cell;
use super::figure;
use super::in_text;
use super::mention;
use super::{AskedQuestion, answer};
use crate::eval::gold::{FigureUnit, GoldPlace, GoldScalar, GoldTable, Locale};
use crate::grounding::{Kind, Number, Separators};

/// Most rows that people tell in sentences.
const MOST_ROWS: usize = 6;

/// Whether the text tells the gold's rows: one row with all it holds as the answer, or each row's figures beside its name.
pub(super) fn tells(gold: &GoldTable, text: &str, asked: &AskedQuestion<'_>) -> bool {
    let lines: Vec<&str> = text.lines().filter(|line| !line.contains('|')).collect();
    let text = mention::folded(&lines.join("\n"));
    let needed: Vec<usize> = gold
        .columns
        .iter()
        .enumerate()
        .filter(|(_, name)| {
            gold.required
                .as_ref()
                .is_none_or(|required| required.contains(name))
        })
        .map(|(at, _)| at)
        .collect();
    match gold.rows.as_slice() {
        [] => false,
        [row] => {
            let cells: Vec<&Value> = needed.iter().filter_map(|at| row.get(*at)).collect();
            tells_one(gold, &cells, &text, asked)
        }
        rows if rows.len() <= MOST_ROWS => tells_each(gold, rows, &needed, &text),
        _ => false,
    }
}

/// Whether every cell of a row is said, figures as the answer.
fn tells_one(gold: &GoldTable, cells: &[&Value], text: &str, asked: &AskedQuestion<'_>) -> bool {
    let figures: Vec<Number> = in_text::figures(text, Separators::English)
        .into_iter()
        .filter(|number| matches!(number.kind, Kind::Quantity | Kind::Year))
        .collect();
    let own = |number: &Number| cells.iter().any(|cell| is(gold, cell, number));
    cells.iter().all(|cell| {
        if is_name(cell) {
            let names = [mention::folded(&mention::name(cell))];
            let places = mention::each(text, &names);
            let said = places.first().and_then(|places| places.first());
            return said
                .is_some_and(|place| !answer::is_offered(text, place) && !is_alternative(text, place));
        }
        figures
            .iter()
            .filter(|number| is(gold, cell, number))
            .any(|number| {
                let same_kind = |other: &&Number| {
                    other.kind == Kind::Quantity
                        && other.percent == number.percent
                        && other.currency.is_some() == number.currency.is_some()
                };
                let others: Vec<&Number> = figures
                    .iter()
                    .filter(same_kind)
                    .filter(|other| !own(other))
                    .collect();
                answer::names_it(&asked.questions, text, number, &others).is_ok()
            })
    })
}

/// Whether each row's figures stand between its name and the next one's, or all of them before.
fn tells_each(gold: &GoldTable, rows: &[Vec<Value>], needed: &[usize], text: &str) -> bool {
    let Some(key) = needed
        .iter()
        .find(|at| rows.iter().all(|row| row.get(**at).is_some_and(is_name)))
    else {
        return false;
    };
    let names: Vec<String> = rows
        .iter()
        .map(|row| mention::folded(&mention::name(row.get(*key).unwrap_or(&Value::Null))))
        .collect();
    let mut told: Vec<(Range<usize>, &Vec<Value>)> = Vec::new();
    for (places, row) in mention::each(text, &names).into_iter().zip(rows) {
        let Some(place) = places.into_iter().next() else {
            return false;
        };
        told.push((place, row));
    }
    told.sort_by_key(|(place, _)| place.start);
    if told.iter().any(|(place, _)| answer::is_offered(text, place)) {
        return false;
    }
    let figures: Vec<Number> = in_text::figures(text, Separators::English)
        .into_iter()
        .filter(|number| number.kind == Kind::Quantity)
        .collect();
    let says = |part: Range<usize>, row: &[Value], first: bool| {
        let inside: Vec<&Number> = figures
            .iter()
            .filter(|number| part.start <= number.start && number.end <= part.end)
            .collect();
        let own = |number: &&Number| row.iter().any(|cell| is(gold, cell, number));
        let nearest = if first { inside.first() } else { inside.last() };
        nearest.is_some_and(own)
            && needed.iter().filter(|at| *at != key).all(|at| {
                let cell = row.get(*at).unwrap_or(&Value::Null);
                let name = [mention::folded(&mention::name(cell))];
                let words = text.get(part.clone()).unwrap_or_default();
                if is_name(cell) {
                    mention::each(words, &name)
                        .iter()
                        .any(|places| !places.is_empty())
                } else {
                    inside.iter().any(|number| is(gold, cell, number))
                }
            })
    };
    let after = told.iter().enumerate().all(|(at, (place, row))| {
        let next = told.get(at + 1).map_or(text.len(), |(next, _)| next.start);
        says(place.end..next, row, true)
    });
    let before = || {
        told.iter().enumerate().all(|(at, (place, row))| {
            let previous = at.checked_sub(1).and_then(|at| told.get(at));
            says(
                previous.map_or(0, |(place, _)| place.end)..place.start,
                row,
                false,
            )
        })
    };
    after || before()
}

/// Whether a cell is a name: a text that is neither a figure nor a day. A year as a text is one.
fn is_name(cell: &Value) -> bool {
    let year = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    let named = cell::number(cell).is_none() || cell::is_code(cell) || cell.as_str().is_some_and(year);
    cell.is_string() && named && cell::moment(cell).is_none()
}

fn is_alternative(text: &str, place: &Range<usize>) -> bool {
    let after = text.get(place.end..).unwrap_or_default().trim_start();
    let before = text.get(..place.start).unwrap_or_default().trim_end();
    after.starts_with("or ") || before.ends_with(" or")
}

/// Whether a figure of a text is a cell.
fn is(gold: &GoldTable, cell: &Value, number: &Number) -> bool {
    let Some(value) = cell.as_f64().or_else(|| cell.as_str()?.trim().parse().ok()) else {
        return false;
    };
    let units: &[FigureUnit] = if number.percent {
        &[FigureUnit::Percent, FigureUnit::Fraction]
    } else {
        &[FigureUnit::Number]
    };
    units.iter().any(|unit| {
        let scalar = GoldScalar {
            value,
            unit: *unit,
            currency: None,
            absolute: gold.absolute,
            relative: gold.relative,
            min_digits: None,
            change: false,
            locale: Locale::En,
            place: GoldPlace::Text,
            turn: None,
        };
        figure::number_is(&scalar, number, false)
    })
}
