//! Graders: whether an answer is right. Each looks at one kind of expectation, reads nothing but the stored answers, and
//! says in its reason what was expected and what was found.
//!
//! The text decides. A gold is found where the text makes it the answer (`answer.rs`), prints it as a table (`table.rs`,
//! `markdown.rs`) or tells a few rows in prose (`prose.rs`). Rows of a result count only where a case says `in: result`.
//! Values are compared, not names: a column is found by what stands in it, a figure in the precision it is written in.
//!
//! For the gold `{scalar: {value: 561, unit: count}}` the answer "561 orders came from Texas" passes, "It is 377, 498 or
//! 561" does not. Start at [`grade`].

mod answer;
mod cell;
mod column;
mod column_units;
mod counted;
mod days;
mod denial;
mod enumeration;
mod evidence;
mod figure;
mod in_text;
mod limits;
mod markdown;
mod marks;
mod mention;
mod names;
mod period;
mod prose;
mod query;
mod rows;
mod said_of;
mod scalar;
mod set;
mod simple;
mod stated_units;
mod table;
mod tools;
mod top;
mod view;
mod written;

use std::borrow::Cow;

use super::case::Case;
use super::gold::{Gold, GoldScalar, Locale};
use super::trial::{Grade, Trial};
use crate::grounding::Separators;
use view::AnswerView;

pub use table::{TableMismatch, match_tables};

/// Version of what graders think: two grades of different versions cannot be compared.
pub const GRADER_VERSION: u32 = 10;

/// A grader's yes or no, with what was expected and found.
type GradeResult = Result<String, String>;

/// Grades a trial: one grade for each kind of expectation, and one for each gold.
pub fn grade(case: &Case, trial: &Trial) -> Vec<Grade> {
    let views: Result<Vec<AnswerView>, String> = trial.answers.iter().map(AnswerView::read).collect();
    let views = match views {
        Ok(views) if views.len() == case.turns.len() => views,
        Ok(views) => {
            let reason = format!("expected {} answers, found {}", case.turns.len(), views.len());
            return vec![made("answers", Err(reason))];
        }
        Err(reason) => return vec![made("answers", Err(reason))],
    };
    let Some(last) = views.last() else {
        return vec![made("answers", Err("found no answer".to_owned()))];
    };
    let readings = other_readings(&views);
    let expect = &case.expect;
    let mut grades = Vec::new();
    let mut take = |name: &str, verdict: Option<GradeResult>| {
        grades.extend(verdict.map(|verdict| made(name, verdict)));
    };
    take("outcome", simple::outcome(&expect.outcome, last));
    take("answer", simple::nothing_said(last));
    for (name, gold) in named(&expect.gold) {
        let verdict = of_gold(gold, case, &views).or_else(|reason| {
            let mut others = readings.iter();
            others
                .find_map(|views| of_gold(gold, case, views).ok())
                .ok_or(reason)
        });
        take(&name, Some(verdict));
    }
    take("text", simple::text(&expect.text, last));
    take("evidence", evidence::used(&expect.evidence, &views));
    take("query", query::same(&expect.query, last));
    take("trajectory", tools::trajectory(&expect.tools, &views));
    take("guards", limits::guards(&expect.guards, &views));
    take("budget", limits::budget(&expect.budget, &views));
    grades
}

/// The answers as they may be read as well, with figures in other units; none where nothing speaks of a unit.
fn other_readings(views: &[AnswerView]) -> Vec<Vec<AnswerView>> {
    let ways = [column_units::in_column_units, stated_units::in_stated_units];
    let read = |way: fn(&AnswerView) -> Option<AnswerView>| -> Option<Vec<AnswerView>> {
        let others: Vec<Option<AnswerView>> = views.iter().map(way).collect();
        let any = others.iter().any(Option::is_some);
        let pairs = others.into_iter().zip(views);
        any.then(|| {
            pairs
                .map(|(other, view)| other.unwrap_or_else(|| view.clone()))
                .collect()
        })
    };
    ways.into_iter().filter_map(read).collect()
}

fn made(grader: &str, verdict: GradeResult) -> Grade {
    let (passed, reason) = match verdict {
        Ok(reason) => (true, reason),
        Err(reason) => (false, reason),
    };
    Grade {
        grader: grader.to_owned(),
        passed,
        reason,
    }
}

/// Each gold with its grader's name, numbered from the second of a kind on.
fn named(golds: &[Gold]) -> Vec<(String, &Gold)> {
    let mut seen = std::collections::BTreeMap::new();
    golds
        .iter()
        .map(|gold| {
            let kind = kind(gold);
            let count = seen.entry(kind).or_insert(0_u32);
            *count += 1;
            let name = if *count == 1 {
                kind.to_owned()
            } else {
                format!("{kind} {count}")
            };
            (name, gold)
        })
        .collect()
}

fn kind(gold: &Gold) -> &'static str {
    match gold {
        Gold::Scalar(_) => "scalar",
        Gold::Table(_) => "table",
        Gold::Set(_) => "set",
        Gold::Top(_) => "top_n",
        Gold::AnyOf(options) => options.first().map_or("any_of", kind),
    }
}

/// What was asked up to a turn, and which other figures belong to its answer.
#[derive(Debug)]
struct AskedQuestion<'a> {
    question: &'a str,
    /// All questions up to it.
    questions: String,
    /// Figures that the case expects of the same turn.
    golds: Vec<&'a GoldScalar>,
}

impl<'a> AskedQuestion<'a> {
    /// Of a turn, counted from 1.
    fn at(case: &'a Case, turn: usize) -> Self {
        let own = |gold: &GoldScalar| gold.turn.map_or(case.turns.len(), |turn| turn as usize) == turn;
        let before = case.turns.iter().take(turn);
        Self {
            question: before.clone().next_back().map_or("", String::as_str),
            questions: before.cloned().collect::<Vec<_>>().join(" "),
            golds: scalars(&case.expect.gold)
                .into_iter()
                .filter(|gold| own(gold))
                .collect(),
        }
    }
}

/// The figures among golds; those of which any is right do not belong to one answer together.
fn scalars(golds: &[Gold]) -> Vec<&GoldScalar> {
    let scalar = golds.iter().filter_map(|gold| match gold {
        Gold::Scalar(scalar) => Some(scalar),
        _ => None,
    });
    scalar.collect()
}

/// The answer with its numbers as English writes them.
fn in_english(answer: &AnswerView, locale: Locale) -> Cow<'_, AnswerView> {
    match answer.marks(locale) {
        Separators::English => Cow::Borrowed(answer),
        marks => Cow::Owned(answer.in_english(marks)),
    }
}

fn of_gold(gold: &Gold, case: &Case, views: &[AnswerView]) -> GradeResult {
    let place = |turn: Option<u32>| turn.map_or(views.len(), |turn| turn as usize);
    let about = |turn: Option<u32>| {
        let at = place(turn);
        at.checked_sub(1)
            .and_then(|at| views.get(at))
            .ok_or_else(|| format!("there is no answer of turn {at}"))
    };
    let asked = |turn: Option<u32>| AskedQuestion::at(case, place(turn));
    match gold {
        Gold::Scalar(scalar) => scalar::grade(scalar, about(scalar.turn)?, &asked(scalar.turn)),
        Gold::Table(table) => {
            let answer = in_english(about(table.turn)?, table.locale);
            table::grade(table, &answer, &asked(table.turn))
        }
        Gold::Set(set) => set::grade(set, about(set.turn)?, &asked(set.turn)),
        Gold::Top(top) => {
            let answer = in_english(about(top.turn)?, top.locale);
            top::grade(top, &answer, &asked(top.turn))
        }
        Gold::AnyOf(options) => {
            let mut reasons = Vec::new();
            for option in options {
                match of_gold(option, case, views) {
                    Ok(reason) => return Ok(reason),
                    Err(reason) => reasons.push(reason),
                }
            }
            Err(format!(
                "none of {} fits: {}",
                reasons.len(),
                reasons.join("; or ")
            ))
        }
    }
}
