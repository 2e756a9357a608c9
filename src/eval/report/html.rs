use serde::Serialize;
use serde_json::Value;
use tera::{Context, Tera};

use super::ReportError;
use super::markdown::{effect, figures};
use super::transcript::{cell, items};
use crate::eval::record::TrialRecord;
use crate::eval::summary::Summary;

/// The page; its name ends in `.html`, so that everything put into it is escaped.
const PAGE: (&str, &str) = ("page.html", include_str!("html.tera"));
/// Rows of a result that are shown.
const ROWS: usize = 50;

/// What the page shows.
#[derive(Debug, Serialize)]
struct Page<'a> {
    title: String,
    summary: &'a Summary,
    figures: Vec<(&'static str, String)>,
    effect: Option<String>,
    trials: Vec<Shown<'a>>,
    latency: Plot,
    cost: Plot,
}

/// One trial.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    anchor: String,
    record: &'a TrialRecord,
    verdict: String,
    passed: bool,
    turns: Vec<Turn<'a>>,
}

/// One turn of a trial.
#[derive(Debug, Serialize)]
struct Turn<'a> {
    question: &'a str,
    outcome: String,
    text: String,
    calls: Vec<Call>,
    results: Vec<ResultTable>,
}

/// One tool call.
#[derive(Debug, Serialize)]
struct Call {
    name: String,
    arguments: String,
    status: String,
    message: String,
}

/// One result.
#[derive(Debug, Serialize)]
struct ResultTable {
    name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    more: usize,
}

/// Bars, one for each trial, as wide as the plot divided by their number.
#[derive(Debug, Default, Serialize)]
struct Plot {
    bars: Vec<Bar>,
    most: String,
}

/// One bar, in units of a plot that is 1000 wide and 100 high.
#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    label: String,
    passed: bool,
}

/// One page with everything in it: no network, no files beside it, readable with a keyboard and in the dark.
pub fn html(summary: &Summary, records: &[TrialRecord]) -> Result<String, ReportError> {
    let page = Page {
        title: summary.closing_line(),
        summary,
        figures: figures(summary),
        effect: summary.comparison.as_ref().and_then(effect),
        trials: (1..).zip(records).map(shown).collect(),
        latency: plot(records, |record| Some(record.spent().total_ms / 1000.0), "s"),
        cost: plot(records, |record| record.spent().cost_usd, "USD"),
    };
    let (name, template) = PAGE;
    let mut tera = Tera::new();
    tera.add_raw_template(name, template)
        .and_then(|()| Context::from_serialize(&page))
        .and_then(|context| tera.render(name, &context))
        .map_err(|error| ReportError {
            report: "HTML",
            reason: error.to_string(),
        })
}

fn shown((number, record): (usize, &TrialRecord)) -> Shown<'_> {
    Shown {
        anchor: format!("t{number}"),
        record,
        verdict: record.verdict.to_string(),
        passed: record.verdict.passed(),
        turns: record
            .turns
            .iter()
            .enumerate()
            .map(|(at, question)| turn(question, record.answers.get(at).unwrap_or(&Value::Null)))
            .collect(),
    }
}

fn turn<'a>(question: &'a str, answer: &Value) -> Turn<'a> {
    let word = |value: &Value, key: &str| value.get(key).map_or_else(String::new, cell);
    Turn {
        question,
        outcome: word(answer, "outcome"),
        text: word(answer, "text"),
        calls: items(answer, "tool_calls")
            .iter()
            .map(|call| Call {
                name: word(call, "name"),
                arguments: word(call, "arguments"),
                status: word(call, "status"),
                message: word(call, "message"),
            })
            .collect(),
        results: items(answer, "evidence")
            .iter()
            .map(|result| {
                let rows = items(result, "rows");
                let cells = |row: &Value| row.as_array().into_iter().flatten().map(cell).collect();
                ResultTable {
                    name: format!("{} {}", word(result, "kind"), word(result, "name")),
                    columns: items(result, "columns").iter().map(cell).collect(),
                    rows: rows.iter().take(ROWS).map(cells).collect(),
                    more: rows.len().saturating_sub(ROWS),
                }
            })
            .collect(),
    }
}

/// Nothing is drawn when nothing was measured, or all of it is zero.
fn plot(records: &[TrialRecord], value: impl Fn(&TrialRecord) -> Option<f64>, unit: &str) -> Plot {
    let values: Vec<(&TrialRecord, f64)> = records
        .iter()
        .filter_map(|record| value(record).map(|value| (record, value)))
        .collect();
    let most = values.iter().map(|(_, value)| *value).fold(0.0, f64::max);
    if most <= 0.0 {
        return Plot::default();
    }
    let width = 1000.0 / values.iter().map(|_| 1.0).sum::<f64>();
    let mut x = 0.0;
    let mut bars = Vec::with_capacity(values.len());
    for (record, value) in values {
        let height = 100.0 * value / most;
        bars.push(Bar {
            x,
            y: 100.0 - height,
            width: width * 0.9,
            height,
            label: format!("{} trial {}: {value:.4} {unit}", record.case_key(), record.trial),
            passed: record.verdict.passed(),
        });
        x += width;
    }
    Plot {
        bars,
        most: format!("{most:.4} {unit}"),
    }
}
