use std::io;
use std::path::{Path, PathBuf};

use crate::eval::DatasetError;

/// Why recordings could not be made or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordingError {
    /// The suite's data cannot be asked.
    #[error(transparent)]
    Stage(#[from] DatasetError),
    /// A set cannot be named so.
    #[error(
        "a set cannot be named {0:?}: letters, digits, `-`, `_` and `.` name one, and `prompts` and `catalogs` are taken"
    )]
    SetName(String),
    #[error("{} holds {} of the cases already, the first is {first}: --replace records them again, --missing only the others", folder.display(), count)]
    Exists {
        folder: PathBuf,
        count: usize,
        first: String,
    },
    /// A case was recorded by somebody else while it was recorded here.
    #[error("{} was recorded by another run meanwhile, which stays; --replace records it again", .0.display())]
    Meanwhile(PathBuf),
    /// A set that was named is not there.
    #[error("no suite has a set of recordings named {0:?}")]
    NoSet(String),
    #[error("there is no recording in {}; `cardinal eval record` makes some", .0.display())]
    None(PathBuf),
    /// A file could not be read.
    #[error("failed to read {}", path.display())]
    Read { path: PathBuf, source: io::Error },
    /// A file could not be written.
    #[error("failed to write {}", path.display())]
    Write { path: PathBuf, source: io::Error },
    /// What is noted of a recording cannot be read.
    #[error("{} is not a note of a recording: {reason}", path.display())]
    Note { path: PathBuf, reason: String },
}

impl RecordingError {
    pub(in crate::eval) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
