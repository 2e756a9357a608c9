use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::judge::{judge, keys};
use super::record::{Mode, RECORD_VERSION, TrialRecord, Verdict};
use super::{Case, Suite, Trial};

/// What came of a trial, before it is graded.
#[derive(Debug, Default)]
pub(super) struct FinishedTrial {
    /// The answers that came, in order.
    pub(super) answers: Vec<Value>,
    /// Why there are no more of them, or why there is nothing to grade.
    pub(super) broken: Option<Verdict>,
}

/// What a record says of a trial beside its case and its answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct TrialContext<'a> {
    pub(super) suite: &'a Suite,
    /// Counted from 1.
    pub(super) trial: u32,
    pub(super) today: Date,
    pub(super) model: &'a str,
    pub(super) mode: Mode,
    pub(super) started: Timestamp,
}

impl FinishedTrial {
    /// A trial without an answer that could not be run.
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::broken(Verdict::HarnessError { reason })
    }

    /// A trial without an answer that has its verdict already.
    pub(super) fn broken(verdict: Verdict) -> Self {
        Self {
            answers: Vec::new(),
            broken: Some(verdict),
        }
    }

    /// Grades the answers, unless something is broken.
    pub(super) fn record(self, case: &Case, context: TrialContext<'_>) -> TrialRecord {
        let answered = Trial {
            case_id: case.id.clone(),
            trial: context.trial,
            answers: self.answers,
        };
        let (verdict, grades) = match self.broken {
            Some(verdict) => (verdict, Vec::new()),
            None => judge(case, &answered),
        };
        TrialRecord {
            version: RECORD_VERSION,
            suite: context.suite.name.clone(),
            case: case.id.clone(),
            trial: context.trial,
            turns: case.turns.clone(),
            tags: case.tags.clone(),
            cluster: case.cluster.clone(),
            verdict,
            grades,
            keys: keys(context.suite, case, &answered.answers),
            answers: answered.answers,
            model: context.model.to_owned(),
            mode: context.mode,
            today: context.today,
            started: context.started,
            taped: None,
            off_tape: Vec::new(),
            judge: None,
        }
    }
}
