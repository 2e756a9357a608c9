use std::path::PathBuf;

/// Why there are no settings. The message names the place, what is wrong there, and what would be right; it never
/// holds the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file that was asked for by name does not exist.
    #[error("{path} does not exist, but {asked_by} names it; `cardinal init` writes one", path = .path.display())]
    NoSuchFile {
        path: PathBuf,
        /// The flag or variable that names it.
        asked_by: &'static str,
    },
    /// The file is there but cannot be read.
    #[error("failed to read {path}: {reason}", path = .path.display())]
    Unreadable { path: PathBuf, reason: String },
    /// A setting cannot be taken.
    #[error("{place}: {problem}")]
    Setting {
        /// File and line or key, variable, or flag.
        place: String,
        /// What is wrong, and what is allowed.
        problem: String,
    },
}

impl ConfigError {
    /// A setting at `place` cannot be taken because of `problem`.
    pub(super) fn setting(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Setting {
            place: place.into(),
            problem: problem.into(),
        }
    }
}
