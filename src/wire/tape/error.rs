use std::path::{Path, PathBuf};

/// Why a tape cannot be written, read or followed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TapeError {
    /// The file cannot be made; most often it exists, and tapes are never overwritten.
    #[error("failed to create the tape {path}: {reason}", path = .path.display())]
    Create { path: PathBuf, reason: String },
    /// Something could not be written.
    #[error("failed to write to the tape {path}: {reason}", path = .path.display())]
    Write { path: PathBuf, reason: String },
    /// It would have held a credential, so it is not kept.
    #[error("the tape {path} is not kept: {place} may hold a credential", path = .path.display())]
    Withheld {
        path: PathBuf,
        /// Which part of the tape: the header or an exchange, by number.
        place: String,
    },
    /// System prompt or tools differ from those the turn began with.
    #[error(
        "the prompt changed while {path} was being recorded, first at {pointer}; record the turn again", path = .path.display()
    )]
    Changed {
        path: PathBuf,
        /// JSON pointer into the request's body.
        pointer: String,
    },
    /// The file cannot be read.
    #[error("failed to read the tape {path}: {reason}", path = .path.display())]
    Read { path: PathBuf, reason: String },
    /// It is of a version of the format that this program does not know.
    #[error("the tape {path} has format version {found}; this program reads version 1", path = .path.display())]
    Version {
        path: PathBuf,
        /// Its version, as written.
        found: String,
    },
    /// A line is not what the format says.
    #[error("the tape {path} is damaged at line {line}: {reason}", path = .path.display())]
    Damaged {
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line is not the one that was recorded.
    #[error("line {line} of the tape {path} was changed after it was recorded", path = .path.display())]
    Altered {
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
    },
    /// Lines were dropped, doubled or moved.
    #[error("line {line} of the tape {path} is out of order: exchange {expected} should be there, {found} is", path = .path.display())]
    Order {
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// The exchange that belongs there.
        expected: u64,
        found: u64,
    },
    /// It has no end: the recording was broken off, or the file was cut.
    #[error(
        "the tape {path} has no end: it was broken off after {exchanges} exchanges{}",
        .torn.map_or_else(String::new, |line| format!(", in the middle of line {line}")),
        path = .path.display()
    )]
    Unfinished {
        path: PathBuf,
        /// Whole exchanges on it.
        exchanges: usize,
        /// The line that is not whole, counted from 1, when there is one.
        torn: Option<usize>,
    },
    /// There is nothing to resume.
    #[error("the tape {path} is finished: there is nothing to resume", path = .path.display())]
    Finished { path: PathBuf },
    /// The turn would be resumed under other conditions than it began with.
    #[error(
        "the turn on the tape {path} began with another {what}: {recorded}, and it would go on with {now}; resume it as it \
         began", path = .path.display()
    )]
    BegunOtherwise {
        path: PathBuf,
        /// What differs: `model`, `principal`, `catalog`, `prompt`, or a setting by JSON pointer.
        what: String,
        recorded: String,
        now: String,
    },
    /// A turn that was resumed did not come to the end of its tape.
    #[error("the turn on the tape {path} cannot be gone on with, and its tape stays as it is: {reason}", path = .path.display())]
    Parted {
        path: PathBuf,
        /// Where the turn parts from its tape.
        reason: String,
    },
    /// It may hold a credential, so it is not read.
    #[error("the tape {path} is not read: line {line} may hold {what}; remove the file and record the turn again", path = .path.display())]
    Secret {
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What it looks like; never the text itself.
        what: &'static str,
    },
    /// A file that belongs beside it is not there or is another.
    #[error("the tape {tape} needs {path}: {reason}", tape = .tape.display(), path = .path.display())]
    Beside {
        tape: PathBuf,
        /// The file it needs.
        path: PathBuf,
        reason: String,
    },
}

impl TapeError {
    pub(crate) fn damaged(path: &Path, line: usize, reason: &impl ToString) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            line,
            reason: reason.to_string(),
        }
    }
}

/// A request that is not the one on the tape: where the two first differ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the request is not on the tape: {} was {recorded} and is now {now}; if that is meant, record the turn again: \
     {command}",
    .exchange.map_or_else(|| "what comes behind its last exchange".to_owned(), |number| format!("in exchange {number}, {pointer}"))
)]
pub struct Miss {
    /// Number of the recorded exchange that was compared; `None` when the tape has none left.
    pub exchange: Option<u64>,
    /// JSON pointer into the canonical request (`/method`, `/path`, `/body/messages/2/content`).
    pub pointer: String,
    /// What the tape has there, as JSON, shortened around the difference.
    pub recorded: String,
    pub now: String,
    /// The command that records the turn again.
    pub command: String,
}

/// Exchanges of the tape that the replay never asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{count} recorded exchanges were not asked for, first exchange {first} ({request}); if that is meant, record the \
     turn again: {command}"
)]
pub struct UnusedExchanges {
    pub count: usize,
    /// Number of the first.
    pub first: u64,
    /// Its method and path.
    pub request: String,
    /// The command that records the turn again.
    pub command: String,
}
