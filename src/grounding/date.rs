//! Periods that an answer names: found in rows, in the filters of a query, in the question, or near today.

use std::cell::OnceCell;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::exempt::walk;
use super::figure::{FigureStatus, Reason, Rule, Trace};
use super::material::Claim;
use super::number::{Separators, numbers};
use super::scope::TextContext;
use super::text::{Days, Relation, TextPeriod, periods, words};

/// Most rows that are given as the source of one period.
const MOST_ROWS: usize = 3;

/// Looks for where a period comes from.
pub(super) fn source(
    period: &TextPeriod,
    context: &TextContext<'_, '_>,
    claim: &Claim<'_>,
    said: &QuotablePeriods,
) -> (FigureStatus, Vec<Trace>) {
    let mut found = cells(period, context);
    found.extend(filters(period, context));
    if !found.is_empty() {
        return (FigureStatus::Matched, found);
    }
    let exempt = |rule| (FigureStatus::Exempt { rule }, Vec::new());
    // `May 2018` where May is a row and 2018 in the name of a column.
    let years: Vec<i16> = context
        .index
        .shapes
        .iter()
        .flat_map(|shape| shape.column_years.values().copied())
        .collect();
    if period
        .days(0)
        .is_some_and(|days| period.dated() && years.contains(&days.0.year()))
    {
        return exempt(Rule::Label);
    }
    let stands = |days: &Vec<Days>| {
        let mut days = days.iter();
        days.any(|days| period.relation(*days) != Relation::Apart)
    };
    let asked = said.question.get_or_init(|| {
        let questions = claim.earlier.iter().chain([&claim.question]);
        questions.flat_map(|text| days_in(text, claim.today)).collect()
    });
    if stands(asked) {
        return exempt(Rule::Question);
    }
    if period
        .days(claim.today.year())
        .is_some_and(|days| near(days, claim.today))
    {
        return exempt(Rule::Today);
    }
    let shown = said.shown.get_or_init(|| {
        let texts = claim.shown.iter();
        texts.flat_map(|text| days_in(text, claim.today)).collect()
    });
    if stands(shown) {
        return exempt(Rule::Shown);
    }
    if !period.dated() {
        return exempt(Rule::Label);
    }
    let reason = Reason::NoSource;
    (FigureStatus::Unmatched { reason }, Vec::new())
}

/// The days of periods that other texts name, read when they are asked for.
#[derive(Default)]
pub(super) struct QuotablePeriods {
    question: OnceCell<Vec<Days>>,
    shown: OnceCell<Vec<Days>>,
}

/// The days of each period that a text names; an open year is today's.
fn days_in(text: &str, today: Date) -> Vec<Days> {
    let numbers = numbers(text, Separators::English);
    let found = periods(text, &words(text), &numbers, &[]);
    found
        .iter()
        .filter_map(|period| period.days(today.year()))
        .collect()
}

/// Whether days hold today, lie in its year, or less than a year before it.
fn near(days: Days, today: Date) -> bool {
    let year_ago = today.checked_sub(1.year()).unwrap_or(Date::MIN);
    (days.0 <= today && today < days.1) || (days.0 >= year_ago && days.0.year() <= today.year())
}

fn cells(period: &TextPeriod, context: &TextContext<'_, '_>) -> Vec<Trace> {
    let index = context.index;
    let mut found = Vec::new();
    let mut best = Relation::Within;
    for (material, shape) in index.materials.iter().zip(&index.shapes) {
        for (column, days) in &shape.times {
            let Some(column) = material.table.columns.get(*column) else {
                continue;
            };
            context.work.spend(days.len());
            for (row, days) in days.iter().enumerate() {
                let relation = days.map_or(Relation::Apart, |days| period.relation(days));
                let better = relation == Relation::Same && best != Relation::Same;
                if relation == Relation::Apart || (best == Relation::Same && relation != Relation::Same) {
                    continue;
                }
                if better {
                    found.clear();
                    best = Relation::Same;
                }
                if found.len() < MOST_ROWS {
                    found.push(Trace::Cell {
                        result: material.handle.to_owned(),
                        row: row + 1,
                        column: column.name.clone(),
                    });
                }
            }
        }
    }
    found
}

fn filters(period: &TextPeriod, context: &TextContext<'_, '_>) -> Vec<Trace> {
    let index = context.index;
    let mut found = Vec::new();
    for (material, shape) in index.materials.iter().zip(&index.shapes) {
        let fixed = shape
            .period
            .is_some_and(|days| period.relation(days) != Relation::Apart);
        if fixed || is_relative(material.arguments) {
            found.push(Trace::Argument {
                result: material.handle.to_owned(),
                pointer: String::new(),
            });
        }
    }
    found.truncate(MOST_ROWS);
    found
}

/// Whether a call was limited to a period that moves with today.
fn is_relative(arguments: &serde_json::Value) -> bool {
    let mut relative = false;
    walk(arguments, &mut String::new(), &mut |_, value| {
        let moving = ["past", "last", "this", "next", "today", "yesterday"];
        relative |= value
            .as_str()
            .is_some_and(|text| !text.contains(' ') && moving.iter().any(|word| text.starts_with(word)));
    });
    relative
}
