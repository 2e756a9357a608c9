use std::io;
use std::path::PathBuf;

/// Why the day's ledger cannot be used. Nothing is spent then: a count that cannot be read is not taken for zero.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// The file system said no.
    #[error("failed to {action} the day's ledger {}; see that it can be written, or set budget.ledger_dir", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error(
        "the day's ledger {} cannot be read ({reason}); nothing is spent until it is put right: restore it, or remove it \
         to count this day from zero",
        path.display()
    )]
    Corrupt {
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It was written by another version of the program.
    #[error(
        "the day's ledger {} has format version {found}, this program reads {known}; use the program that wrote it until \
         the day is over",
        path.display()
    )]
    Version {
        path: PathBuf,
        found: u64,
        /// The version this program reads.
        known: u64,
    },
    /// The work on it was broken off.
    #[error("the day's ledger was not asked to the end: {0}")]
    Aborted(String),
    /// Another process holds it and does not let go.
    #[error("the day's ledger is held by another process: {} has been locked for {seconds} seconds", path.display())]
    Busy { path: PathBuf, seconds: u64 },
}
