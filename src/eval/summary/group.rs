use std::collections::BTreeMap;

use serde::Serialize;

use super::count;
use crate::eval::record::{CaseKey, TrialRecord, Verdict};
use crate::eval::stats::{ClusterSample, Interval, cluster_bootstrap, one_sided, wilson};

/// All trials of one case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseRun {
    #[serde(flatten)]
    pub key: CaseKey,
    pub tags: Vec<String>,
    /// The family it belongs to.
    pub cluster: Option<String>,
    pub passed: u32,
    pub trials: u32,
    /// Trials that could not be run to their end.
    pub errored: u32,
    /// The verdict of each trial, in order.
    pub verdicts: Vec<Verdict>,
}

impl CaseRun {
    pub fn passes(&self) -> bool {
        self.passed == self.trials
    }
}

/// The cases of records, which have to be sorted.
pub fn group(records: &[TrialRecord]) -> Vec<CaseRun> {
    records
        .chunk_by(|a, b| a.suite == b.suite && a.case == b.case)
        .filter_map(|trials| {
            let first = trials.first()?;
            let verdicts: Vec<Verdict> = trials.iter().map(|trial| trial.verdict.clone()).collect();
            Some(CaseRun {
                key: first.case_key(),
                tags: first.tags.clone(),
                cluster: first.cluster.clone(),
                passed: count(verdicts.iter().filter(|verdict| verdict.passed()).count()),
                trials: count(verdicts.len()),
                errored: count(verdicts.iter().filter(|verdict| verdict.errored()).count()),
                verdicts,
            })
        })
        .collect()
}

/// A share of trials that passed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct PassRate {
    pub cases: u32,
    pub passed: u32,
    pub trials: u32,
    /// The mean over cases of the share of their trials that passed.
    pub share: f64,
    /// Where the true share may lie; `None` when that cannot be said, as of several trials of one case.
    pub interval: Option<Interval>,
}

impl PassRate {
    /// The standing of these cases, with errors as failures. `None` without any.
    pub fn of(cases: &[CaseRun]) -> Option<Self> {
        Self::counted(cases, |case| case.trials)
    }

    /// The standing of these cases without trials that could not be run. `None` when that leaves none.
    pub(crate) fn without_errors(cases: &[CaseRun]) -> Option<Self> {
        Self::counted(cases, |case| case.trials - case.errored)
    }

    fn counted(cases: &[CaseRun], trials: fn(&CaseRun) -> u32) -> Option<Self> {
        let cases: Vec<(&CaseRun, u32)> = cases
            .iter()
            .map(|case| (case, trials(case)))
            .filter(|(_, trials)| *trials > 0)
            .collect();
        let passed = cases.iter().map(|(case, _)| case.passed).sum();
        let trials: u32 = cases.iter().map(|(_, trials)| trials).sum();
        let independent = cases
            .iter()
            .all(|(case, trials)| *trials == 1 && case.cluster.is_none());
        let mut families: BTreeMap<(&str, &str), ClusterSample> = BTreeMap::new();
        for (case, trials) in &cases {
            let sample = families.entry(family(case)).or_insert(ClusterSample {
                part: 0.0,
                whole: 0.0,
            });
            sample.part += f64::from(case.passed) / f64::from(*trials);
            sample.whole += 1.0;
        }
        let samples: Vec<ClusterSample> = families.into_values().collect();
        let (part, whole): (f64, f64) = (
            samples.iter().map(|sample| sample.part).sum(),
            samples.iter().map(|sample| sample.whole).sum(),
        );
        (whole > 0.0).then(|| Self {
            cases: count(cases.len()),
            passed,
            trials,
            share: part / whole,
            interval: match passed {
                passed if independent => wilson(passed, trials),
                0 => one_sided(count(samples.len()), false),
                passed if passed == trials => one_sided(count(samples.len()), true),
                _ => cluster_bootstrap(&samples),
            },
        })
    }
}

/// How many families of cases there are; a case without one is its own.
pub(super) fn clusters(cases: &[CaseRun]) -> u32 {
    let families: std::collections::BTreeSet<(&str, &str)> = cases.iter().map(family).collect();
    count(families.len())
}

fn family(case: &CaseRun) -> (&str, &str) {
    (&case.key.suite, case.cluster.as_deref().unwrap_or(&case.key.case))
}
