use std::path::PathBuf;

use crate::eval::import::ImportError;
use crate::eval::opinion::JudgeError;
use crate::eval::recordings::{PromoteError, RecordingError};
use crate::eval::report::ReportError;
use crate::eval::{BaselineError, ResultsError, RunError, SuiteError};

/// Why an eval came to nothing.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum EvalError {
    /// A suite cannot be read.
    #[error(transparent)]
    Suite(#[from] SuiteError),
    #[error(transparent)]
    Run(#[from] RunError),
    /// It cannot be recorded, or its recordings cannot be read.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// A tape cannot be made a case.
    #[error(transparent)]
    Promote(#[from] Box<PromoteError>),
    /// Results cannot be read or written.
    #[error(transparent)]
    Results(#[from] ResultsError),
    /// A baseline cannot be used or written.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A report cannot be put together.
    #[error(transparent)]
    Report(#[from] ReportError),
    /// The judge that was named cannot be asked.
    #[error(transparent)]
    Judge(#[from] JudgeError),
    /// A benchmark came to no suites.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A report would replace a suite.
    #[error("{} looks like a suite or a folder, not like a report: name another file", .0.display())]
    NoReport(PathBuf),
    /// A report would go where there is nothing to put it into.
    #[error("there is no folder {}: make it, or name another file", .0.display())]
    NoFolder(PathBuf),
    /// Two reports would be mixed up.
    #[error("only one report can go to stdout: name a file for the others")]
    OneStdout,
    /// Two suites have one name, so that their cases cannot be told apart.
    #[error("two suites are named {0}: rename one of them")]
    SameName(String),
    /// The results hold no such case.
    #[error("the results hold no case {0}; `cardinal eval show RESULTS` lists them")]
    NoCase(String),
}

impl EvalError {
    /// What to do about it, where the error itself cannot know that.
    pub(in crate::cli) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Suite(SuiteError::Unreadable { .. }) => Some(
                "name a suite: a folder with a suite.yaml; `cardinal eval init FOLDER` writes one to begin with",
            ),
            Self::Results(ResultsError::Read { .. }) => Some(
                "name results: a folder that `cardinal eval run` wrote, by default under .cardinal/evals",
            ),
            Self::Results(ResultsError::Write { .. }) => {
                Some("see that the folder can be written and has room")
            }
            _ => None,
        }
    }
}
