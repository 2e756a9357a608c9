use std::path::PathBuf;
use std::sync::Arc;

use crate::tapes::TapeFolder;
use crate::wire::TapeCopy;

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
        /// Where each line goes as well, before it is used.
        copy: Option<Arc<dyn TapeCopy>>,
    },
    /// Each turn in a new file of this folder, from which old tapes are removed.
    Folder(TapeFolder),
}

impl Recording {
    /// The next turn in this file, with what it shares beside it.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let shared = path.parent().map(PathBuf::from).unwrap_or_default();
        Self::File {
            path,
            shared,
            copy: None,
        }
    }

    /// The same, with each line written to a second place as well. Only a recording in one file has such a place.
    #[cfg(feature = "postgres")]
    #[must_use]
    pub(crate) fn copied_to(mut self, second: Arc<dyn TapeCopy>) -> Self {
        if let Self::File { copy, .. } = &mut self {
            *copy = Some(second);
        }
        self
    }
}
