use std::path::PathBuf;

use crate::tapes::TapeFolder;

/// Where the turns of a session are recorded, each on a tape of its own.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub enum Recording {
    #[default]
    Off,
    /// The next turn in this file, which must not exist yet.
    File {
        path: PathBuf,
        /// The folder of the prompts and catalogs that tapes share: that of the tape, or one of those above it.
        shared: PathBuf,
    },
    /// Each turn in a new file of this folder, from which old tapes are removed.
    Folder(TapeFolder),
}

impl Recording {
    /// The next turn in this file, with what it shares beside it.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let shared = path.parent().map(PathBuf::from).unwrap_or_default();
        Self::File { path, shared }
    }
}
