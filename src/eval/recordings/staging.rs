use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::RecordingError;
use super::place::folder_name;

/// A folder beside the cases of a set in which new recordings come about. What is in it when it goes away goes too.
#[derive(Debug)]
pub(super) struct Staging {
    set: PathBuf,
    folder: PathBuf,
}

impl Staging {
    /// A new one in this set.
    pub(super) fn new(set: &Path) -> Result<Self, RecordingError> {
        // No set begins with a dot, and no case does.
        let folder = set.join(format!(".new-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|source| RecordingError::write(&folder, source))?;
        Ok(Self {
            set: set.to_owned(),
            folder,
        })
    }

    /// Where a case is recorded.
    pub(super) fn case(&self, case: &str) -> PathBuf {
        self.folder.join(folder_name(case))
    }

    /// Moves a case that was recorded to its place. One that is there already is taken away only when that is meant,
    /// and put back when the new one cannot take its place.
    pub(super) fn keep(&self, case: &str, replace: bool) -> Result<PathBuf, RecordingError> {
        let (new, place) = (self.case(case), self.set.join(folder_name(case)));
        let failed = |source| RecordingError::write(&place, source);
        if !place.exists() {
            fs::rename(&new, &place).map_err(failed)?;
            return Ok(place);
        }
        if !replace {
            return Err(failed(io::ErrorKind::AlreadyExists.into()));
        }
        let old = self.folder.join(format!("{}.old", folder_name(case)));
        fs::rename(&place, &old).map_err(failed)?;
        if let Err(error) = fs::rename(&new, &place) {
            // The error that counts is the first one.
            let _ = fs::rename(&old, &place);
            return Err(failed(error));
        }
        Ok(place)
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        // What stays behind begins with a dot, and nobody reads it.
        let _ = fs::remove_dir_all(&self.folder);
        // A set without a case is none; a folder that holds something stays.
        let _ = fs::remove_dir(&self.set);
    }
}
