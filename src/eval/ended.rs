use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;

use super::judge::{judge, keys};
use super::record::{Mode, RECORD_VERSION, TrialRecord, Verdict};
use super::{Case, Suite, Trial};

/// What came of a trial before anybody graded it.
#[derive(Debug, Default)]
pub(super) struct Ended {
    /// The answers that came, in order.
    pub(super) answers: Vec<Value>,
    /// Why there are no more of them, or why there is nothing to grade.
    pub(super) broken: Option<Verdict>,
}

impl Ended {
    /// A trial that brought nothing.
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        let reason = reason.into();
        Self::broken(Verdict::HarnessError { reason })
    }

    /// A trial that was not even run.
    pub(super) fn broken(verdict: Verdict) -> Self {
        Self {
            answers: Vec::new(),
            broken: Some(verdict),
        }
    }

    /// Grades it.
    #[expect(clippy::too_many_arguments, reason = "each is one field of the record")]
    pub(super) fn record(
        self,
        suite: &Suite,
        case: &Case,
        trial: u32,
        today: Date,
        model: &str,
        mode: Mode,
        started: Timestamp,
    ) -> TrialRecord {
        let answered = Trial {
            case_id: case.id.clone(),
            trial,
            answers: self.answers,
        };
        let (verdict, grades) = match self.broken {
            Some(verdict) => (verdict, Vec::new()),
            None => judge(case, &answered),
        };
        TrialRecord {
            version: RECORD_VERSION,
            suite: suite.name.clone(),
            case: case.id.clone(),
            trial,
            turns: case.turns.clone(),
            tags: case.tags.clone(),
            cluster: case.cluster.clone(),
            verdict,
            grades,
            keys: keys(suite, case, &answered.answers),
            answers: answered.answers,
            model: model.to_owned(),
            mode,
            today,
            started,
            taped: None,
            off_tape: Vec::new(),
            judge: None,
        }
    }
}
