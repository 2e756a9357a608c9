use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::dbt::health::ProjectState;

/// What tells a file from the one that it was: when it was written and how long it is. `None` where there is none.
pub(super) type ArtifactStamp = Option<(SystemTime, u64)>;

/// What the artifacts said, for as long as none of their files changes: a large manifest takes seconds to read.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptState {
    kept: Arc<Mutex<Option<ReadState>>>,
}

#[derive(Debug)]
struct ReadState {
    stamps: Vec<ArtifactStamp>,
    state: ProjectState,
}

impl KeptState {
    /// What was kept while the files were as they are now.
    pub(super) fn of(&self, stamps: &[ArtifactStamp]) -> Option<ProjectState> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let read = kept.as_ref().filter(|read| read.stamps == stamps)?;
        Some(read.state.clone())
    }

    /// Keeps what files of these stamps said.
    pub(super) fn keep(&self, stamps: Vec<ArtifactStamp>, state: ProjectState) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(ReadState { stamps, state });
    }
}

/// The stamps of these files.
pub(super) fn stamps(paths: &[PathBuf]) -> Vec<ArtifactStamp> {
    let stamp = |path: &PathBuf| {
        let about = fs::metadata(path).ok()?;
        Some((about.modified().ok()?, about.len()))
    };
    paths.iter().map(stamp).collect()
}
