use std::io;
use std::path::PathBuf;

/// Why a benchmark came to no suites.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file could not be read.
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A line is not as it has to be.
    #[error("{}, line {line}: {reason}", path.display())]
    Line {
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        reason: String,
    },
    /// There is no question at all.
    #[error("{} holds no question", .0.display())]
    Empty(PathBuf),
    /// Suites are there already, and are never overwritten.
    #[error("{} exists already; name another folder", .0.display())]
    Exists(PathBuf),
    /// A file could not be written.
    #[error("failed to write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
}
