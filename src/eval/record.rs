//! What a run leaves behind: one line of JSON for each trial, enough to grade and report it again.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::opinion::Opinions;
use super::{Grade, Trial};

/// Version of the records' format.
pub(crate) const RECORD_VERSION: u32 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// From the model and the data source themselves.
    Live,
    Replay,
    /// The model from tape, the tools live.
    ReplayModel,
    /// The model live, over recorded results as far as they go.
    Counterfactual,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Live => "live",
            Self::Replay => "replay",
            Self::ReplayModel => "replay-model",
            Self::Counterfactual => "counterfactual",
        })
    }
}

/// What came of a trial. All but `passed` count as failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    Regressed {
        graders: Vec<String>,
    },
    /// What was sent is not what was recorded.
    Diverged {
        /// The first place that differs: turn, step, exchange and JSON pointer, or call, row and column.
        at: String,
        #[serde(default)]
        was: String,
        #[serde(default)]
        now: String,
        /// The command that records it again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<String>,
    },
    /// What it was run from has changed since.
    Stale {
        what: Vec<String>,
        /// The command that records it again, when it was recorded.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<String>,
    },
    /// It could not be run to its end: nothing is known about the answer.
    HarnessError {
        reason: String,
    },
    /// The run was interrupted before it came to this trial: left out, it would not count as failed.
    NotRun,
}

impl Verdict {
    /// Its name, as in JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Regressed { .. } => "regressed",
            Self::Diverged { .. } => "diverged",
            Self::Stale { .. } => "stale",
            Self::HarnessError { .. } => "harness_error",
            Self::NotRun => "not_run",
        }
    }

    pub fn passed(&self) -> bool {
        matches!(self, Self::Passed)
    }

    /// Whether nothing is known about the answer.
    pub fn errored(&self) -> bool {
        matches!(self, Self::HarnessError { .. } | Self::NotRun)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Regressed { graders } => write!(f, "failed: {}", graders.join(", ")),
            Self::Diverged {
                at,
                was,
                now,
                command,
            } => {
                write!(f, "diverged at {at}: recorded {was}, now {now}")?;
                again(f, command.as_deref())
            }
            Self::Stale { what, command } => {
                write!(f, "stale: {} changed since it ran", what.join(", "))?;
                again(f, command.as_deref())
            }
            Self::HarnessError { reason } => write!(f, "could not be run: {reason}"),
            Self::NotRun => f.write_str("not run: the run was interrupted before"),
        }
    }
}

fn again(f: &mut fmt::Formatter<'_>, command: Option<&str>) -> fmt::Result {
    command.map_or(Ok(()), |command| {
        write!(f, "; to record it again, if that is meant: {command}")
    })
}

/// The recording that a trial was run from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingSource {
    pub set: String,
    /// Who or what answered as the model when it was recorded.
    pub answered_by: String,
    /// What the graders said then.
    pub verdict: Verdict,
    /// Whether its tapes hold a hash of all texts that a model can be sent. Where they do not, a note that changed and
    /// was not met goes unnoticed.
    #[serde(default)]
    pub texts_hashed: bool,
}

/// What has to be equal for two trials to be comparable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrialKeys {
    /// Hash of what the suite asks about: its dataset, with the bytes of its files, and what is curated of it. Its cases
    /// have hashes of their own.
    pub suite: String,
    /// Hash of the dataset's data, where that can be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Hash of the case, with what it expects.
    pub case: String,
    /// Hash of what is asked only: a case may be graded anew as long as this stays.
    pub asked: String,
    /// Hash of the prompt; `None` when no answer came.
    pub prompt: Option<String>,
    /// Fingerprint of the catalog; `None` when no answer came.
    pub catalog: Option<String>,
    pub grader: u32,
}

/// One trial of one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Version of this format: `RECORD_VERSION`.
    pub version: u32,
    pub suite: String,
    pub case: String,
    /// Counted from 1.
    pub trial: u32,
    /// What was asked, turn by turn.
    pub turns: Vec<String>,
    /// What the case is about.
    pub tags: Vec<String>,
    /// The family of cases it belongs to.
    pub cluster: Option<String>,
    pub verdict: Verdict,
    pub grades: Vec<Grade>,
    /// The answer of each turn, as `ask --json` prints it.
    pub answers: Vec<Value>,
    /// The model, `provider:name`.
    pub model: String,
    /// How the answers were had.
    pub mode: Mode,
    /// The day it was asked on.
    pub today: Date,
    /// What has to be equal to compare it.
    pub keys: TrialKeys,
    /// When it began; of a replay, when it was recorded.
    pub started: Timestamp,
    /// The recording it was run from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taped: Option<RecordingSource>,
    /// Requests that were on no tape and that the sandbox answered, where recorded results are asked first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub off_tape: Vec<String>,
    /// What a language model thinks of it, where one was asked. Never part of the verdict.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judge: Option<Opinions>,
}

impl TrialRecord {
    /// What graders read of it.
    pub fn trial(&self) -> Trial {
        Trial {
            case_id: self.case.clone(),
            trial: self.trial,
            answers: self.answers.clone(),
        }
    }

    /// The case, told apart from those of other suites.
    pub fn case_key(&self) -> CaseKey {
        CaseKey {
            suite: self.suite.clone(),
            case: self.case.clone(),
        }
    }

    /// What it cost, over all turns.
    pub fn spent(&self) -> TrialUsage {
        let mut spent = TrialUsage {
            cost_usd: (!self.answers.is_empty() || self.verdict == Verdict::NotRun).then_some(0.0),
            ..TrialUsage::default()
        };
        for answer in &self.answers {
            let number = |pointer| answer.pointer(pointer).and_then(Value::as_f64);
            spent.cost_usd = spent
                .cost_usd
                .zip(number("/usage/cost_usd"))
                .map(|(sum, more)| sum + more);
            spent.input_tokens += number("/usage/input_tokens").unwrap_or_default();
            spent.cached_tokens += number("/usage/cached_tokens").unwrap_or_default();
            spent.output_tokens += number("/usage/output_tokens").unwrap_or_default();
            spent.total_ms += number("/timings/total_ms").unwrap_or_default();
            spent.tool_calls += answer
                .get("tool_calls")
                .and_then(Value::as_array)
                .map_or(0.0, |calls| calls.iter().map(|_| 1.0).sum());
        }
        spent
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TrialUsage {
    /// US dollars; `None` when a price is unknown.
    pub cost_usd: Option<f64>,
    /// Prompt tokens, cached ones included.
    pub input_tokens: f64,
    /// Of these, read from the provider's cache.
    pub cached_tokens: f64,
    pub output_tokens: f64,
    /// Tool calls, refused ones too.
    pub tool_calls: f64,
    pub total_ms: f64,
}

/// Names a case in a run of several suites.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaseKey {
    pub suite: String,
    pub case: String,
}

impl fmt::Display for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.suite, self.case)
    }
}
