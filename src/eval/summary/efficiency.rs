use std::collections::BTreeMap;

use serde::Serialize;

use super::count;
use crate::eval::record::{CaseKey, Mode, TrialRecord};
use crate::eval::stats::{ClusterSample, Interval, cluster_bootstrap, quantile};

/// What a run cost, over all its trials.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Efficiency {
    /// US dollars; `None` when a price is unknown.
    pub cost_usd: Option<f64>,
    /// US dollars for each trial that passed, failed ones paid too; `None` when a price is unknown or none passed.
    pub cost_per_right_usd: Option<f64>,
    /// Where that may lie, by resampling cases.
    pub cost_per_right_interval: Option<Interval>,
    /// Prompt tokens, cached ones included.
    pub input_tokens: f64,
    pub output_tokens: f64,
    /// Share of prompt tokens read from the provider's cache; `None` without prompt tokens.
    pub cached_share: Option<f64>,
    pub tool_calls_per_question: Option<f64>,
}

impl Efficiency {
    pub(super) fn of(records: &[TrialRecord]) -> Self {
        let questions: f64 = records
            .iter()
            .flat_map(|record| &record.answers)
            .map(|_| 1.0)
            .sum();
        let (mut input, mut cached, mut output, mut calls) = (0.0, 0.0, 0.0, 0.0);
        let mut cost = Some(0.0);
        let mut right = 0.0;
        let mut cases: BTreeMap<CaseKey, ClusterSample> = BTreeMap::new();
        for record in records {
            let spent = record.spent();
            input += spent.input_tokens;
            cached += spent.cached_tokens;
            output += spent.output_tokens;
            calls += spent.tool_calls;
            cost = cost.zip(spent.cost_usd).map(|(sum, more)| sum + more);
            let passed = if record.verdict.passed() { 1.0 } else { 0.0 };
            right += passed;
            let sample = cases.entry(record.case_key()).or_insert(ClusterSample {
                part: 0.0,
                whole: 0.0,
            });
            sample.part += spent.cost_usd.unwrap_or_default();
            sample.whole += passed;
        }
        let samples: Vec<ClusterSample> = cases.into_values().collect();
        Self {
            cost_usd: cost,
            cost_per_right_usd: cost.filter(|_| right > 0.0).map(|cost| cost / right),
            cost_per_right_interval: cost
                .filter(|cost| *cost > 0.0 && right > 0.0)
                .and_then(|_| cluster_bootstrap(&samples)),
            input_tokens: input,
            output_tokens: output,
            cached_share: (input > 0.0).then(|| cached / input),
            tool_calls_per_question: (questions > 0.0).then(|| calls / questions),
        }
    }
}

/// How long trials took, in milliseconds, over all turns of each.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Latency {
    pub trials: u32,
    /// Half took no longer.
    pub p50_ms: f64,
    /// 95 % took no longer; a rough figure below 60 trials.
    pub p95_ms: f64,
}

impl Latency {
    /// Of live trials that brought answers; `None` when there is none.
    pub(super) fn of(records: &[TrialRecord]) -> Option<Self> {
        let mut times: Vec<f64> = records
            .iter()
            .filter(|record| record.mode == Mode::Live && !record.answers.is_empty())
            .map(|record| record.spent().total_ms)
            .collect();
        Some(Self {
            trials: count(times.len()),
            p50_ms: quantile(&mut times, 0.5)?,
            p95_ms: quantile(&mut times, 0.95)?,
        })
    }
}
