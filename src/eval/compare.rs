//! Two runs of the same cases, paired case by case.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, BaselineCase, Comparability};
use super::record::CaseKey;
use super::stats::{ClusterSample, Interval, PairedTest, cluster_bootstrap, mcnemar, sign_flip};

/// Something that has to be equal, and may be allowed to differ on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComparedKey {
    /// The suite: its dataset, what is curated of it, and that no case is missing.
    Suite,
    Case,
    Mode,
    Model,
    Prompt,
    Catalog,
    Grader,
}

impl ComparedKey {
    /// Its name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Suite => "suite",
            Self::Case => "case",
            Self::Mode => "mode",
            Self::Model => "model",
            Self::Prompt => "prompt",
            Self::Catalog => "catalog",
            Self::Grader => "grader",
        }
    }
}

/// A key in which the two runs differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyDifference {
    pub key: ComparedKey,
    /// In how many of the cases that both have.
    pub cases: u32,
    pub before: String,
    pub after: String,
    pub allowed: bool,
}

/// How a run did against an earlier one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunComparison {
    /// Whether every key that has to be equal is, no case is gone, and there is one to compare.
    pub comparable: bool,
    pub differences: Vec<KeyDifference>,
    pub compared: u32,
    /// Cases that passed before and do not now: each is a regression.
    pub lost: Vec<CaseKey>,
    /// Cases that passed before, did not in this run, and did when they were asked once more: flaky, and no regressions
    /// until confirmed.
    #[serde(default)]
    pub flaky: Vec<CaseKey>,
    /// Cases that pass now and did not before.
    pub won: Vec<CaseKey>,
    /// Cases that are only in this run.
    pub new: Vec<CaseKey>,
    /// Cases that are only in the earlier run, though they were not filtered out.
    pub gone: Vec<CaseKey>,
    /// The change of the share of passed trials.
    pub effect: Option<EffectSize>,
}

/// The change of the share of passed trials over the cases compared.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct EffectSize {
    /// After minus before; 0.1 are ten points.
    pub change: f64,
    /// Where it may lie, by resampling clusters.
    pub interval: Option<Interval>,
    /// How likely a change of this size is by chance alone.
    pub p: f64,
    /// The test that says so.
    pub test: PairedTest,
}

impl RunComparison {
    /// Takes back what a second asking did not confirm: `again` has the cases of [`lost`](Self::lost), asked once more as
    /// often as before. A case that it lacks, or that did not pass there every time, stays lost.
    pub fn confirm(&mut self, again: &Baseline) {
        let passes = |key: &CaseKey| {
            let case = again.cases.iter().find(|case| case.key == *key);
            case.is_some_and(BaselineCase::passes)
        };
        let (flaky, lost) = self.lost.drain(..).partition(passes);
        self.flaky = flaky;
        self.lost = lost;
    }
}

/// How strictly runs are compared.
#[derive(Debug, Clone, Default)]
pub struct CompareOptions {
    pub across: BTreeSet<ComparedKey>,
    /// Whether only some cases of the suites ran, so that missing ones say nothing.
    pub filtered: bool,
}

/// Compares a run with an earlier one.
pub fn compare(before: &Baseline, after: &Baseline, options: &CompareOptions) -> RunComparison {
    let earlier: BTreeMap<&CaseKey, &BaselineCase> =
        before.cases.iter().map(|case| (&case.key, case)).collect();
    let now: BTreeSet<&CaseKey> = after.cases.iter().map(|case| &case.key).collect();
    let pairs: Vec<(&BaselineCase, &BaselineCase)> = after
        .cases
        .iter()
        .filter_map(|case| earlier.get(&case.key).map(|earlier| (*earlier, case)))
        .collect();
    let differences = differences(&pairs, &options.across);
    let gone = only(&before.cases, |key| !options.filtered && !now.contains(key));
    // A case that is taken out must not take its regression with it.
    let whole = gone.is_empty() || options.across.contains(&ComparedKey::Suite);
    let comparable = !pairs.is_empty() && whole && differences.iter().all(|difference| difference.allowed);
    let keys = |chosen: fn(&BaselineCase, &BaselineCase) -> bool| -> Vec<CaseKey> {
        let chosen = pairs.iter().filter(|(before, after)| chosen(before, after));
        chosen.map(|(_, after)| after.key.clone()).collect()
    };
    let (lost, won) = if comparable {
        (
            keys(|before, after| before.passes() && !after.passes()),
            keys(|before, after| !before.passes() && after.passes()),
        )
    } else {
        (Vec::new(), Vec::new())
    };
    RunComparison {
        comparable,
        compared: if comparable { count(pairs.len()) } else { 0 },
        effect: comparable.then(|| effect(&pairs)).flatten(),
        lost,
        flaky: Vec::new(),
        won,
        new: only(&after.cases, |key| !earlier.contains_key(key)),
        gone,
        differences,
    }
}

fn only(cases: &[BaselineCase], chosen: impl Fn(&CaseKey) -> bool) -> Vec<CaseKey> {
    let chosen = cases.iter().filter(|case| chosen(&case.key));
    chosen.map(|case| case.key.clone()).collect()
}

fn differences(
    pairs: &[(&BaselineCase, &BaselineCase)],
    across: &BTreeSet<ComparedKey>,
) -> Vec<KeyDifference> {
    let mut found: BTreeMap<ComparedKey, KeyDifference> = BTreeMap::new();
    for (before, after) in pairs {
        let (before, after) = (listed(&before.keys), listed(&after.keys));
        for ((key, before), (_, after)) in before.into_iter().zip(after) {
            // A case without an answer has no prompt and no catalog; it fails, and is comparable in that.
            let (Some(before), Some(after)) = (before, after) else {
                continue;
            };
            if before != after {
                found
                    .entry(key)
                    .or_insert_with(|| KeyDifference {
                        key,
                        cases: 0,
                        before,
                        after,
                        allowed: across.contains(&key),
                    })
                    .cases += 1;
            }
        }
    }
    found.into_values().collect()
}

fn listed(keys: &Comparability) -> [(ComparedKey, Option<String>); 7] {
    [
        (ComparedKey::Suite, Some(keys.suite.clone())),
        (ComparedKey::Case, Some(keys.case.clone())),
        (ComparedKey::Mode, Some(keys.mode.to_string())),
        (ComparedKey::Model, Some(keys.model.clone())),
        (ComparedKey::Prompt, keys.prompt.clone()),
        (ComparedKey::Catalog, keys.catalog.clone()),
        (ComparedKey::Grader, Some(keys.grader.to_string())),
    ]
}

fn effect(pairs: &[(&BaselineCase, &BaselineCase)]) -> Option<EffectSize> {
    let single = pairs
        .iter()
        .all(|(before, after)| before.trials == 1 && after.trials == 1 && after.cluster.is_none());
    let mut clusters: BTreeMap<(&str, &str), ClusterSample> = BTreeMap::new();
    for (before, after) in pairs {
        let family = after.cluster.as_deref().unwrap_or(&after.key.case);
        let sample = clusters
            .entry((&after.key.suite, family))
            .or_insert(ClusterSample {
                part: 0.0,
                whole: 0.0,
            });
        sample.part += share(after)? - share(before)?;
        sample.whole += 1.0;
    }
    let samples: Vec<ClusterSample> = clusters.into_values().collect();
    let differences: Vec<f64> = samples.iter().map(|sample| sample.part).collect();
    let cases: f64 = samples.iter().map(|sample| sample.whole).sum();
    let flips = |chosen: fn(f64) -> bool| count(differences.iter().filter(|change| chosen(**change)).count());
    let (p, test) = if single {
        let (lost, won) = (flips(|change| change < 0.0), flips(|change| change > 0.0));
        (mcnemar(lost, won), PairedTest::McNemar)
    } else {
        (sign_flip(&differences), PairedTest::SignFlip)
    };
    Some(EffectSize {
        change: differences.iter().sum::<f64>() / cases,
        interval: cluster_bootstrap(&samples),
        p,
        test,
    })
}

fn share(case: &BaselineCase) -> Option<f64> {
    (case.trials > 0).then(|| f64::from(case.passed) / f64::from(case.trials))
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
