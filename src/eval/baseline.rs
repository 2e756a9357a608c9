//! What a run is held against: for each case how often it passed, and what has to be equal to compare it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use super::record::{CaseKey, Mode, TrialRecord, Verdict};
use crate::atomic_file::{self, FileAccess};

/// Version of the baseline's format.
pub(crate) const BASELINE_VERSION: u32 = 1;

/// A run, reduced to what a later one is compared with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Baseline {
    /// Version of this format: `BASELINE_VERSION`.
    pub version: u32,
    /// Every case that ran, sorted.
    pub cases: Vec<BaselineCase>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BaselineCase {
    #[serde(flatten)]
    pub key: CaseKey,
    /// The family it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    pub passed: u32,
    pub trials: u32,
    /// Trials of which nothing is known.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub errored: u32,
    /// What has to be equal.
    pub keys: Comparability,
}

impl BaselineCase {
    pub fn passes(&self) -> bool {
        self.passed == self.trials
    }
}

/// What has to be equal for a case to be comparable with itself in another run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparability {
    /// Hash of what its suite asks about.
    pub suite: String,
    pub case: String,
    pub mode: Mode,
    pub model: String,
    /// Hash of the prompt; `None` when no answer came.
    pub prompt: Option<String>,
    /// Fingerprint of the catalog; `None` when no answer came.
    pub catalog: Option<String>,
    pub grader: u32,
}

/// Why a baseline could not be used or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BaselineError {
    #[error("{} is not a baseline: {reason}", path.display())]
    Read { path: PathBuf, reason: String },
    /// Nothing may rest on a run with errors in it.
    #[error(
        "no baseline was written: {errored} of its trials could not be run to their end, the first is {first}"
    )]
    Errored { errored: u32, first: CaseKey },
    /// It could not be written.
    #[error("failed to write the baseline {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl Baseline {
    /// The baseline that records make, which have to be sorted.
    pub fn of(records: &[TrialRecord]) -> Self {
        let cases = records
            .chunk_by(|a, b| a.suite == b.suite && a.case == b.case)
            .filter_map(case)
            .collect();
        Self {
            version: BASELINE_VERSION,
            cases,
        }
    }

    /// What recorded cases were graded as when they were recorded; records of their replays say so, and have to be sorted.
    /// What the graders did not come to now is taken to have passed, so that it counts as lost.
    pub fn recorded(replays: &[TrialRecord]) -> Self {
        let mut before: Vec<TrialRecord> = replays.to_vec();
        for record in &mut before {
            let graded = matches!(record.verdict, Verdict::Passed | Verdict::Regressed { .. });
            record.verdict = match &record.taped {
                Some(taped) if graded => taped.verdict.clone(),
                _ => Verdict::Passed,
            };
        }
        Self::of(&before)
    }

    pub fn read(path: &Path) -> Result<Self, BaselineError> {
        let wrong = |reason: String| BaselineError::Read {
            path: path.to_owned(),
            reason,
        };
        let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
        let baseline: Self = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if baseline.version != BASELINE_VERSION {
            return Err(wrong(format!(
                "its version is {}, and this program reads version {BASELINE_VERSION}",
                baseline.version
            )));
        }
        Ok(baseline)
    }

    /// Writes it at once or not at all, replacing an earlier one. Refused when a trial could not be run.
    pub fn write(&self, path: &Path) -> Result<(), BaselineError> {
        let errored = self.cases.iter().map(|case| case.errored).sum();
        if let Some(case) = self.cases.iter().find(|case| case.errored > 0) {
            return Err(BaselineError::Errored {
                errored,
                first: case.key.clone(),
            });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written = folder
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| Ok(serde_json::to_string_pretty(self)?))
            .and_then(|text| atomic_file::replace(path, format!("{text}\n").as_bytes(), FileAccess::Default));
        written.map_err(|source| BaselineError::Write {
            path: path.to_owned(),
            source,
        })
    }
}

fn case(records: &[TrialRecord]) -> Option<BaselineCase> {
    let first = records.first()?;
    let count = |counted: fn(&TrialRecord) -> bool| {
        u32::try_from(records.iter().filter(|record| counted(record)).count()).unwrap_or(u32::MAX)
    };
    let known = |key: fn(&TrialRecord) -> Option<&String>| records.iter().find_map(key).cloned();
    Some(BaselineCase {
        key: first.case_key(),
        cluster: first.cluster.clone(),
        passed: count(|record| record.verdict.passed()),
        trials: count(|_| true),
        errored: count(|record| record.verdict.errored()),
        keys: Comparability {
            suite: first.keys.suite.clone(),
            case: first.keys.case.clone(),
            mode: first.mode,
            model: first.model.clone(),
            prompt: known(|record| record.keys.prompt.as_ref()),
            catalog: known(|record| record.keys.catalog.as_ref()),
            grader: first.keys.grader,
        },
    })
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands the field over by reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}
