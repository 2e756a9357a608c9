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
    /// Why there are no more of them.
    pub(super) failure: Option<String>,
}

impl Ended {
    /// A trial that brought nothing.
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self {
            answers: Vec::new(),
            failure: Some(reason.into()),
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
        let (verdict, grades) = match self.failure {
            Some(reason) => (Verdict::HarnessError { reason }, Vec::new()),
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
        }
    }
}
