use std::path::PathBuf;

/// Why a suite was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum SuiteError {
    /// A file or folder could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A file is not as it has to be.
    #[error("{}:{line}: {reason}", path.display())]
    Invalid {
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong there, and what to do about it.
        reason: String,
    },
    /// There is no case at all.
    #[error("{}: the suite has no cases: write some into `cases`, or into cases/*.yaml beside it", path.display())]
    NoCases { path: PathBuf },
}
