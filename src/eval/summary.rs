//! What a run comes to, computed from its records alone.

mod agreement;
mod efficiency;
mod group;
mod traced;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

pub use agreement::JudgeAgreement;
pub use efficiency::{Efficiency, Latency};
pub use group::{CaseRun, PassRate, group};
pub use traced::TracedFigures;

use super::compare::RunComparison;
use super::record::TrialRecord;
use super::stats::{Interval, Method, detectable, pass_pow, smallest_visible};
use crate::agent::Outcome;

/// Version of the summary's format.
pub(crate) const SUMMARY_VERSION: u32 = 1;

/// What a run comes to.
#[derive(Debug, Clone, Serialize)]
pub struct RunSummary {
    /// Version of this format: `SUMMARY_VERSION`.
    pub version: u32,
    /// How the program ends, and why.
    pub exit: RunExit,
    /// Whether the run was interrupted before all of its trials had ended.
    pub interrupted: bool,
    pub ran: RunOverview,
    pub counts: TrialCounts,
    /// Share of trials that passed; whatever could not be run counts as failed.
    pub accuracy: Option<PassRate>,
    /// The same without trials that could not be run.
    pub accuracy_without_errors: Option<PassRate>,
    /// The chance that `k` trials of a case all pass.
    pub reliability: Vec<PassPow>,
    /// Tags, each with its share.
    pub by_tag: BTreeMap<String, PassRate>,
    pub efficiency: Efficiency,
    /// How many of the figures in answers were traced to results; `None` when no answer states any.
    pub traced: Option<TracedFigures>,
    /// What a language model thought of the answers, where one was asked.
    pub judge: Option<JudgeAgreement>,
    /// How long turns took; of live runs only.
    pub latency: Option<Latency>,
    /// What the run could have told from chance.
    pub power: StatisticalPower,
    /// How it did against an earlier run.
    pub comparison: Option<RunComparison>,
    pub cases: Vec<CaseRun>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunExit {
    /// 0, 1 or 3; 130 when the run was interrupted.
    pub code: u8,
    pub reason: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct RunOverview {
    /// Suites, each with the hash of what it asks about.
    pub suites: BTreeMap<String, String>,
    pub modes: BTreeSet<String>,
    pub models: BTreeSet<String>,
    pub prompts: BTreeSet<String>,
    pub catalogs: BTreeSet<String>,
    pub graders: BTreeSet<u32>,
    /// When the first trial began.
    pub started: Option<jiff::Timestamp>,
    pub program: &'static str,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TrialCounts {
    pub cases: u32,
    /// Cases all trials of which passed.
    pub cases_passed: u32,
    pub trials: u32,
    pub passed: u32,
    /// Trials that a grader failed.
    pub regressed: u32,
    /// Trials that sent something else than was recorded.
    pub diverged: u32,
    /// Trials that rest on something that has changed since.
    pub stale: u32,
    /// Trials that could not be run to their end.
    pub errored: u32,
    /// Trials that an interrupted run did not come to.
    pub not_run: u32,
}

/// The chance that `k` trials of a case all pass.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PassPow {
    pub k: u32,
    /// The chance, averaged over cases.
    pub value: f64,
}

/// What changes of accuracy a run of this size can show; 0.1 are ten points. `None` where it can show none.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct StatisticalPower {
    /// Cases, or families of them.
    pub clusters: u32,
    /// Below this no net change can be told from chance.
    pub smallest_visible: Option<f64>,
    /// This net change is found four times out of five, if 3 % of the cases flip each way anyway.
    pub detectable: Option<f64>,
}

impl RunSummary {
    /// The summary of a run, which has to be sorted.
    pub fn of(records: &[TrialRecord], comparison: Option<RunComparison>) -> Self {
        let cases = group(records);
        let counts = counts(records, &cases);
        let clusters = group::clusters(&cases);
        Self {
            version: SUMMARY_VERSION,
            exit: exit(&counts, comparison.as_ref()),
            interrupted: false,
            ran: ran(records),
            counts,
            accuracy: PassRate::of(&cases),
            accuracy_without_errors: PassRate::without_errors(&cases),
            reliability: reliability(&cases),
            by_tag: by_tag(&cases),
            efficiency: Efficiency::of(records),
            traced: TracedFigures::of(records),
            judge: JudgeAgreement::of(records),
            latency: Latency::of(records),
            power: StatisticalPower {
                clusters,
                smallest_visible: smallest_visible(clusters),
                detectable: detectable(clusters),
            },
            comparison,
            cases,
        }
    }

    /// The summary of a run that was interrupted: whatever it came to, it says nothing about the whole.
    #[must_use]
    pub fn interrupted(mut self) -> Self {
        let TrialCounts { trials, not_run, .. } = self.counts;
        self.interrupted = true;
        self.exit = RunExit {
            code: Outcome::Cancelled.exit_code(),
            reason: format!("interrupted: {} of {trials} trials were begun", trials - not_run),
        };
        self
    }

    /// The last line of every report: cases all trials of which passed, and the others.
    pub fn closing_line(&self) -> String {
        let failed = self.counts.cases - self.counts.cases_passed;
        format!("{} passed, {failed} failed", self.counts.cases_passed)
    }
}

/// Against a baseline only cases that passed there can fail the run; without one every case has to pass.
fn exit(counts: &TrialCounts, comparison: Option<&RunComparison>) -> RunExit {
    let (code, reason) = match comparison {
        _ if counts.cases == 0 => (1, "nothing ran".to_owned()),
        None if counts.cases_passed == counts.cases => (0, "every case passed".to_owned()),
        None => {
            let failed = counts.cases - counts.cases_passed;
            (1, format!("{failed} of {} cases failed", counts.cases))
        }
        Some(comparison) if !comparison.comparable => (3, incomparable(comparison)),
        Some(comparison) if comparison.lost.is_empty() && comparison.flaky.is_empty() => {
            (0, "no case that passed in the baseline fails now".to_owned())
        }
        Some(comparison) if comparison.lost.is_empty() => {
            let flaky = comparison.flaky.len();
            (
                0,
                format!(
                    "{flaky} of the cases that passed in the baseline failed, but not when asked again: flaky (unconfirmed)"
                ),
            )
        }
        Some(comparison) => {
            let lost = comparison.lost.len();
            (
                1,
                format!("{lost} of the cases that passed in the baseline fail now"),
            )
        }
    };
    RunExit { code, reason }
}

fn incomparable(comparison: &RunComparison) -> String {
    let mut why: Vec<String> = comparison
        .differences
        .iter()
        .filter(|difference| !difference.allowed)
        .map(|difference| {
            let (key, cases) = (difference.key.name(), difference.cases);
            format!(
                "the {key} differs in {cases} cases (`{}` before, `{}` now)",
                difference.before, difference.after
            )
        })
        .collect();
    if !comparison.gone.is_empty() {
        why.push(format!("{} of its cases did not run", comparison.gone.len()));
    }
    if why.is_empty() {
        why.push("they have no case in common".to_owned());
    }
    format!(
        "the baseline is not comparable: {}; write a new one with --write-baseline, or compare on purpose with --across",
        why.join("; ")
    )
}

fn ran(records: &[TrialRecord]) -> RunOverview {
    let set = |value: fn(&TrialRecord) -> Option<String>| records.iter().filter_map(value).collect();
    RunOverview {
        suites: records
            .iter()
            .map(|record| (record.suite.clone(), record.keys.suite.clone()))
            .collect(),
        modes: set(|record| Some(record.mode.to_string())),
        models: set(|record| Some(record.model.clone())),
        prompts: set(|record| record.keys.prompt.clone()),
        catalogs: set(|record| record.keys.catalog.clone()),
        graders: records.iter().map(|record| record.keys.grader).collect(),
        started: records.iter().map(|record| record.started).min(),
        program: env!("CARGO_PKG_VERSION"),
    }
}

fn counts(records: &[TrialRecord], cases: &[CaseRun]) -> TrialCounts {
    let named = |name: &str| {
        count(
            records
                .iter()
                .filter(|record| record.verdict.name() == name)
                .count(),
        )
    };
    TrialCounts {
        cases: count(cases.len()),
        cases_passed: count(cases.iter().filter(|case| case.passes()).count()),
        trials: count(records.len()),
        passed: named("passed"),
        regressed: named("regressed"),
        diverged: named("diverged"),
        stale: named("stale"),
        errored: named("harness_error"),
        not_run: named("not_run"),
    }
}

/// For 1, 2, 4, 8 and so on, up to the trials that every case has. Nothing when there is one trial only.
fn reliability(cases: &[CaseRun]) -> Vec<PassPow> {
    let most = cases.iter().map(|case| case.trials).min().unwrap_or_default();
    if most < 2 {
        return Vec::new();
    }
    let counts: Vec<(u32, u32)> = cases.iter().map(|case| (case.passed, case.trials)).collect();
    let mut draws: Vec<u32> = std::iter::successors(Some(1_u32), |k| k.checked_mul(2))
        .take_while(|k| *k < most)
        .collect();
    draws.push(most);
    let value = |k| pass_pow(&counts, k).map(|value| PassPow { k, value });
    draws.into_iter().filter_map(value).collect()
}

fn by_tag(cases: &[CaseRun]) -> BTreeMap<String, PassRate> {
    let tags: BTreeSet<&String> = cases.iter().flat_map(|case| &case.tags).collect();
    tags.into_iter()
        .filter_map(|tag| {
            let tagged: Vec<CaseRun> = cases
                .iter()
                .filter(|case| case.tags.contains(tag))
                .cloned()
                .collect();
            PassRate::of(&tagged).map(|standing| (tag.clone(), standing))
        })
        .collect()
}

pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Interval {
    /// `58.0–70.6 %`, `at least 47.3 %`.
    pub fn percent(&self) -> String {
        let (low, high) = (self.low * 100.0, self.high * 100.0);
        match self.method {
            Method::OneSided if self.low > 0.0 => format!("at least {low:.1} %"),
            Method::OneSided => format!("at most {high:.1} %"),
            Method::Wilson | Method::ClusterBootstrap => format!("{low:.1}–{high:.1} %"),
        }
    }
}
