//! A trial as the page shows it.

use serde::Serialize;
use serde_json::Value;

use super::anchor;
use crate::eval::Grade;
use crate::eval::record::{TrialRecord, Verdict};
use crate::eval::report::transcript::{cell, items, word_of};

/// Rows of a result that are trial_section.
const ROWS: usize = 50;

/// A verdict in a word, a sign and a colour, so that none of them is needed to tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Badge {
    #[serde(rename = "name")]
    kind: &'static str,
    class: &'static str,
    mark: &'static str,
    label: &'static str,
}

impl Badge {
    pub(super) fn of(verdict: &Verdict) -> Self {
        let (class, mark, label) = match verdict {
            Verdict::Passed => ("good", "✓", "passed"),
            Verdict::Regressed { .. } => ("bad", "✗", "failed"),
            Verdict::Diverged { .. } => ("bad", "≠", "diverged"),
            Verdict::Stale { .. } => ("warn", "~", "stale"),
            Verdict::HarnessError { .. } => ("warn", "!", "error"),
            Verdict::NotRun => ("warn", "–", "not run"),
        };
        Self {
            kind: verdict.name(),
            class,
            mark,
            label,
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct TrialSection<'a> {
    anchor: String,
    kind: &'static str,
    class: &'static str,
    mark: &'static str,
    label: &'static str,
    name: String,
    number: u32,
    /// JSON, for the script.
    tags: String,
    verdict: String,
    setting: String,
    turns: Vec<TurnSection<'a>>,
    grades: &'a [Grade],
    /// The judge and what it said, in a word and in its own.
    judge: Option<&'a str>,
    opinions: Vec<(&'static str, &'a str)>,
}

/// One turn of a trial.
#[derive(Debug, Serialize)]
struct TurnSection<'a> {
    question: &'a str,
    answered: bool,
    outcome: String,
    text: String,
    calls: Vec<CallRow>,
}

#[derive(Debug, Serialize)]
struct CallRow {
    name: String,
    arguments: String,
    status: String,
    class: &'static str,
    message: String,
    results: Vec<ResultRows>,
}

#[derive(Debug, Serialize)]
struct ResultRows {
    name: String,
    size: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    more: usize,
}

pub(super) fn trial_section((place, record): (usize, &TrialRecord)) -> TrialSection<'_> {
    let Badge {
        kind,
        class,
        mark,
        label,
    } = Badge::of(&record.verdict);
    TrialSection {
        anchor: anchor(place),
        kind,
        class,
        mark,
        label,
        name: record.case_key().to_string(),
        number: record.trial,
        tags: serde_json::to_string(&record.tags).unwrap_or_default(),
        verdict: record.verdict.to_string(),
        setting: format!("{}, {}, asked on {}", record.model, record.mode, record.today),
        turns: record
            .turns
            .iter()
            .enumerate()
            .map(|(at, question)| turn(question, record.answers.get(at)))
            .collect(),
        grades: &record.grades,
        judge: record.judge.as_ref().map(|judge| judge.model.as_str()),
        opinions: record
            .judge
            .iter()
            .flat_map(|judge| &judge.said)
            .map(|opinion| (word_of(opinion), opinion.reason.as_str()))
            .collect(),
    }
}

fn turn<'a>(question: &'a str, answer: Option<&Value>) -> TurnSection<'a> {
    let nothing = Value::Null;
    let answered = answer.is_some();
    let answer = answer.unwrap_or(&nothing);
    let results = items(answer, "evidence");
    let calls = (1_u64..).zip(items(answer, "tool_calls"));
    let mut calls: Vec<CallRow> = calls
        .map(|(number, made)| {
            let own = results.iter().filter(|result| call_of(result) == Some(number));
            call(made, own.map(table).collect())
        })
        .collect();
    let known = u64::try_from(calls.len()).unwrap_or(u64::MAX);
    let others: Vec<ResultRows> = results
        .iter()
        .filter(|result| call_of(result).is_none_or(|number| number == 0 || number > known))
        .map(table)
        .collect();
    if !others.is_empty() {
        calls.push(CallRow {
            name: "other results".to_owned(),
            arguments: String::new(),
            status: "ok".to_owned(),
            class: "plain",
            message: String::new(),
            results: others,
        });
    }
    TurnSection {
        question,
        answered,
        outcome: word(answer, "outcome"),
        text: word(answer, "text"),
        calls,
    }
}

/// The number of the call that brought a result.
fn call_of(result: &Value) -> Option<u64> {
    result.get("call")?.as_u64()
}

fn call(made: &Value, results: Vec<ResultRows>) -> CallRow {
    let status = word(made, "status");
    let arguments = made.get("arguments").filter(|arguments| !arguments.is_null());
    CallRow {
        name: word(made, "name"),
        arguments: arguments
            .and_then(|arguments| serde_json::to_string_pretty(arguments).ok())
            .unwrap_or_default(),
        class: match status.as_str() {
            "ok" | "served_from_turn" => "good",
            "failed" => "bad",
            _ => "warn",
        },
        status: status.replace('_', " "),
        message: word(made, "message"),
        results,
    }
}

fn table(result: &Value) -> ResultRows {
    let rows = items(result, "rows");
    let columns: Vec<String> = items(result, "columns").iter().map(cell).collect();
    let cells = |row: &Value| row.as_array().into_iter().flatten().map(cell).collect();
    let name = match word(result, "kind").as_str() {
        "" => "a calculation".to_owned(),
        kind => format!("{kind} {}", word(result, "name")),
    };
    ResultRows {
        name,
        size: format!("{} × {}", rows.len(), columns.len()),
        columns,
        rows: rows.iter().take(ROWS).map(cells).collect(),
        more: rows.len().saturating_sub(ROWS),
    }
}

/// A field as text; nothing where there is none.
fn word(value: &Value, key: &str) -> String {
    let found = value.get(key).filter(|found| !found.is_null());
    found.map_or_else(String::new, cell)
}
