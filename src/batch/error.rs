use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use super::lock::LockHolder;
use crate::app::Error as AppError;

/// A row that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowFault {
    /// Counted from 1.
    pub line: u32,
    /// What is wrong with it.
    pub what: String,
}

/// Why a run of questions cannot begin or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum BatchError {
    #[error("{}", told(name, faults, *more))]
    BadRows {
        name: String,
        faults: Vec<RowFault>,
        /// How many more there are at least.
        more: usize,
    },
    #[error("{0} has no question")]
    Empty(String),
    /// Questions and answers are one file.
    #[error("{} holds the questions; name another file for the answers", .0.display())]
    SameFile(PathBuf),
    /// A report would replace something that the run needs.
    #[error("{} is {what}; name another file for {report}", path.display())]
    Needed {
        path: PathBuf,
        /// What it is to the run.
        what: &'static str,
        /// The option that names it, too.
        report: &'static str,
    },
    /// A file is in the way.
    #[error(
        "{path} is there already, and no run that could go on with it; name another file with --out, or begin again with \
         --fresh, which replaces it",
        path = .0.display()
    )]
    NotOurs(PathBuf),
    /// A folder is in the way.
    #[error("{} is a folder; name a file for the answers with --out", .0.display())]
    IsFolder(PathBuf),
    /// Another process is at it.
    #[error("another run writes to {}: {holder}; wait for it, or name another file with --out", output.display())]
    Locked { output: PathBuf, holder: LockHolder },
    /// It would not be the same run any more.
    #[error(
        "{what} changed since this run began (it was {before}, and is now {now}), so that its answers would not belong \
         together; begin again with --fresh, or name another file with --out"
    )]
    Changed {
        what: String,
        before: String,
        now: String,
    },
    /// The notes of the run cannot be used.
    #[error("{}: {reason}; begin again with --fresh, or name another file with --out", path.display())]
    Manifest { path: PathBuf, reason: String },
    /// A line of the answers is none.
    #[error(
        "{}, line {line}: {reason}; begin again with --fresh, or name another file with --out", path.display()
    )]
    BadLine {
        path: PathBuf,
        line: u64,
        reason: String,
    },
    /// A file could not be read.
    #[error("failed to read {name}")]
    Read {
        /// The file, or what else it is.
        name: String,
        source: io::Error,
    },
    /// A file could not be written.
    #[error("failed to write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// A turn could not be recorded, so that what it costs would be lost with the process.
    #[error("a question cannot be recorded")]
    Unrecorded(#[source] Box<AppError>),
    /// The model's server refused every question for its credential.
    #[error(
        "no question was let in: {told}; set a key that is, and give the same command with --retry-failed"
    )]
    CredentialRefused {
        /// What the first answer said.
        told: String,
    },
    /// A provider's batch API failed.
    #[error(
        "the batch {batch} at {provider} failed: {reason}; nothing that came is lost, and the same command goes on"
    )]
    Provider {
        /// Its id there, or its number here.
        batch: String,
        provider: &'static str,
        reason: String,
    },
    /// Completions that are on their way would be paid for twice.
    #[error(
        "completions of this run are at the provider's batch API ({batches}); go on with --provider-batch, so that they are \
         not paid for twice, or begin again with --fresh, which cancels them"
    )]
    AtProvider { batches: String },
    #[error(transparent)]
    App(#[from] Box<AppError>),
    /// A part of the run ended in the middle.
    #[error("a part of the run broke: {0}")]
    Aborted(String),
}

impl BatchError {
    pub(super) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            name: path.display().to_string(),
            source,
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}

fn told(name: &str, faults: &[RowFault], more: usize) -> String {
    let mut text = format!("{name} cannot be asked:");
    for RowFault { line, what } in faults {
        // Writing to a string does not fail.
        let _ = write!(text, "\n  line {line}: {what}");
    }
    if more > 0 {
        let _ = write!(text, "\n  and {more} more");
    }
    text
}
