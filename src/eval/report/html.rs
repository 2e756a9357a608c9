mod plot;
mod view;

use std::collections::BTreeSet;

use serde::Serialize;
use tera::{Context, Tera};

use self::plot::{Plot, plot};
use self::view::{Badge, TrialSection, trial_section};
use super::ReportError;
use super::markdown::{effect, figures};
use crate::eval::record::{CaseKey, TrialRecord};
use crate::eval::summary::RunSummary;

/// The page; its name ends in `.html`, so that everything put into it is escaped.
const PAGE: (&str, &str) = ("page.html", include_str!("html/page.tera"));
const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

#[derive(Debug, Serialize)]
struct HtmlPage<'a> {
    title: String,
    ok: bool,
    reason: &'a str,
    /// Lets this page's own style and script run, and nothing that came in with an answer.
    nonce: String,
    style: &'static str,
    script: &'static str,
    figures: Vec<(&'static str, String)>,
    compared: bool,
    effect: Option<String>,
    changes: Vec<ChangeRow>,
    verdicts: Vec<VerdictCount>,
    tags: BTreeSet<&'a str>,
    columns: Vec<u32>,
    suites: Vec<SuiteTable>,
    plots: Vec<Plot>,
    trials: Vec<TrialSection<'a>>,
}

/// What is not as in the baseline.
#[derive(Debug, Serialize)]
struct ChangeRow {
    class: &'static str,
    kind: &'static str,
    text: String,
    anchor: Option<String>,
}

/// How many trials came to a verdict.
#[derive(Debug, Serialize)]
struct VerdictCount {
    #[serde(flatten)]
    mark: Badge,
    count: usize,
}

/// The cases of a suite by their trials.
#[derive(Debug, Serialize)]
struct SuiteTable {
    name: String,
    cases: Vec<CaseRow>,
}

/// The trials of a case.
#[derive(Debug, Serialize)]
struct CaseRow {
    name: String,
    tags: String,
    cells: Vec<MatrixCell>,
    /// Trials that other cases have and this one has not.
    gaps: Vec<u32>,
}

/// One trial in the matrix.
#[derive(Debug, Serialize)]
struct MatrixCell {
    #[serde(flatten)]
    mark: Badge,
    anchor: String,
    verdict: String,
}

/// One page with everything in it: no network, no files beside it, readable with a keyboard and in the dark, and without
/// its script.
pub fn html(summary: &RunSummary, records: &[TrialRecord]) -> Result<String, ReportError> {
    let page = page(summary, records);
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

fn page<'a>(summary: &'a RunSummary, records: &'a [TrialRecord]) -> HtmlPage<'a> {
    let most = summary
        .cases
        .iter()
        .map(|case| case.trials)
        .max()
        .unwrap_or_default();
    let time = |record: &TrialRecord| (!record.answers.is_empty()).then(|| record.spent().total_ms / 1000.0);
    let cost = |record: &TrialRecord| record.spent().cost_usd.filter(|_| !record.answers.is_empty());
    let plots = [
        plot("latency", "Latency", "s", records, time),
        plot("cost", "Cost", "USD", records, cost),
    ];
    HtmlPage {
        title: summary.closing_line(),
        ok: summary.exit.code == 0,
        reason: &summary.exit.reason,
        nonce: nonce(records),
        style: STYLE,
        script: SCRIPT,
        figures: figures(summary),
        compared: summary.comparison.is_some(),
        effect: summary.comparison.as_ref().and_then(effect),
        changes: changes(summary, records),
        verdicts: verdicts(records),
        tags: records
            .iter()
            .flat_map(|record| record.tags.iter().map(String::as_str))
            .collect(),
        columns: (1..=most).collect(),
        suites: suites(records, most),
        plots: plots.into_iter().flatten().collect(),
        trials: records.iter().enumerate().map(trial_section).collect(),
    }
}

/// No answer can know it: it is a hash of all of them, and the same for the same records.
fn nonce(records: &[TrialRecord]) -> String {
    let bytes = serde_json::to_vec(records).unwrap_or_default();
    blake3::hash(&bytes).to_hex().chars().take(32).collect()
}

/// Where a trial stands on the page.
fn anchor(place: usize) -> String {
    format!("t{}", place + 1)
}

fn verdicts(records: &[TrialRecord]) -> Vec<VerdictCount> {
    let marks: BTreeSet<Badge> = records.iter().map(|record| Badge::of(&record.verdict)).collect();
    let of = |mark: Badge| {
        records
            .iter()
            .filter(move |record| Badge::of(&record.verdict) == mark)
    };
    marks
        .into_iter()
        .map(|mark| VerdictCount {
            count: of(mark).count(),
            mark,
        })
        .collect()
}

fn suites(records: &[TrialRecord], most: u32) -> Vec<SuiteTable> {
    let placed: Vec<(usize, &TrialRecord)> = records.iter().enumerate().collect();
    let row = |trials: &[(usize, &TrialRecord)]| {
        let (_, first) = trials.first()?;
        let missing = most.saturating_sub(u32::try_from(trials.len()).unwrap_or(most));
        Some(CaseRow {
            name: first.case.clone(),
            tags: first.tags.join(", "),
            cells: trials
                .iter()
                .map(|(place, record)| MatrixCell {
                    mark: Badge::of(&record.verdict),
                    anchor: anchor(*place),
                    verdict: record.verdict.to_string(),
                })
                .collect(),
            gaps: (0..missing).collect(),
        })
    };
    placed
        .chunk_by(|(_, a), (_, b)| a.suite == b.suite)
        .filter_map(|suite| {
            let (_, first) = suite.first()?;
            let cases = suite.chunk_by(|(_, a), (_, b)| a.case == b.case);
            Some(SuiteTable {
                name: first.suite.clone(),
                cases: cases.filter_map(row).collect(),
            })
        })
        .collect()
}

fn changes(summary: &RunSummary, records: &[TrialRecord]) -> Vec<ChangeRow> {
    let Some(comparison) = &summary.comparison else {
        return Vec::new();
    };
    let differences = comparison.differences.iter().map(|difference| {
        let (key, before, after) = (difference.key.name(), &difference.before, &difference.after);
        ChangeRow {
            class: if difference.allowed { "plain" } else { "bad" },
            kind: if difference.allowed {
                "allowed"
            } else {
                "not comparable"
            },
            text: format!("the {key} differs: {before} before, {after} now"),
            anchor: None,
        }
    });
    let place = |key: &CaseKey| records.iter().position(|record| record.case_key() == *key);
    let kinds = [
        ("bad", "fails now", &comparison.lost),
        ("warn", "flaky (unconfirmed)", &comparison.flaky),
        ("good", "passes now", &comparison.won),
        ("plain", "new", &comparison.new),
        ("warn", "did not run", &comparison.gone),
    ];
    let cases = kinds.into_iter().flat_map(|(class, kind, cases)| {
        cases.iter().map(move |key| ChangeRow {
            class,
            kind,
            text: key.to_string(),
            anchor: place(key).map(anchor),
        })
    });
    differences.chain(cases).collect()
}
