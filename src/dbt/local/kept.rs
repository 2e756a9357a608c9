use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use crate::dbt::health::ProjectState;
use crate::file_stamp::FileStamp;

/// What the artifacts said, for as long as none of their files changes: a large manifest takes seconds to read.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptState {
    kept: Arc<Mutex<Option<ReadState>>>,
}

#[derive(Debug)]
struct ReadState {
    stamps: Vec<Option<FileStamp>>,
    state: ProjectState,
}

impl KeptState {
    /// What was kept while the files were as they are now.
    pub(super) fn of(&self, stamps: &[Option<FileStamp>]) -> Option<ProjectState> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let read = kept.as_ref().filter(|read| read.stamps == stamps)?;
        Some(read.state.clone())
    }

    /// Keeps what files of these stamps said.
    pub(super) fn keep(&self, stamps: Vec<Option<FileStamp>>, state: ProjectState) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(ReadState { stamps, state });
    }
}

/// The stamps of these files; `None` of one that is not there.
pub(super) fn stamps(paths: &[PathBuf]) -> Vec<Option<FileStamp>> {
    paths.iter().map(|path| FileStamp::of(path)).collect()
}
