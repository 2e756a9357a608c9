//! What tells a file from the one that it was, without reading it: for who has read it before.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

/// How long a file is, and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileStamp {
    length: u64,
    pub(crate) modified: SystemTime,
}

impl FileStamp {
    /// `None` where there is no file.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self {
            length: metadata.len(),
            modified: metadata.modified().ok()?,
        })
    }
}
