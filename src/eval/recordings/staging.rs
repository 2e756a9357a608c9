use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::RecordingError;
use super::layout::folder_name;

/// How the names of folders begin in which cases are recorded. Neither sets nor cases begin with a dot.
const NEW: &str = ".new-";
/// The file in such a folder that is locked for as long as somebody records into it.
const LOCK: &str = "lock";
/// What is put behind the name of a recording that gives way to a new one.
const OLD: &str = ".old";
/// Most folders of one process in one set.
const MOST: u32 = 1000;

/// A folder beside the cases of a set, in which new cases are recorded. It is removed on drop with all that is still in
/// it. [`clear`] removes the folders of processes that were killed.
#[derive(Debug)]
pub(super) struct StagingFolder {
    set: PathBuf,
    folder: PathBuf,
    /// Held for as long as the folder is used.
    _lock: File,
}

impl StagingFolder {
    /// A new one in this set.
    pub(super) fn new(set: &Path) -> Result<Self, RecordingError> {
        let mut number = 0;
        let folder = loop {
            let folder = set.join(format!("{NEW}{}-{number}", std::process::id()));
            let made = fs::create_dir_all(set).and_then(|()| fs::create_dir(&folder));
            match made {
                Ok(()) => break folder,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < MOST => number += 1,
                Err(source) => return Err(RecordingError::write(&folder, source)),
            }
        };
        let lock = folder.join(LOCK);
        let locked = File::create(&lock).and_then(|file| file.lock().map(|()| file));
        let locked = locked.map_err(|source| RecordingError::write(&lock, source))?;
        Ok(Self {
            set: set.to_owned(),
            folder,
            _lock: locked,
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
            return Err(RecordingError::Meanwhile(place));
        }
        let old = self.folder.join(format!("{}{OLD}", folder_name(case)));
        fs::rename(&place, &old).map_err(failed)?;
        if let Err(error) = fs::rename(&new, &place) {
            // The error that counts is the first one.
            let _ = fs::rename(&old, &place);
            return Err(failed(error));
        }
        Ok(place)
    }
}

impl Drop for StagingFolder {
    fn drop(&mut self) {
        // What stays behind begins with a dot, and nobody reads it.
        let _ = fs::remove_dir_all(&self.folder);
        // A set without a case is none; a folder that holds something stays.
        let _ = fs::remove_dir(&self.set);
    }
}

/// Removes what killed processes left in a set, after putting back recordings that had just given way to new ones which
/// never came. What cannot be looked at or removed stays: nobody reads it.
pub(super) fn clear(set: &Path) {
    let entries = fs::read_dir(set).into_iter().flatten().flatten();
    for folder in entries.map(|entry| entry.path()).filter(|path| is_left(path)) {
        let olds = fs::read_dir(&folder).into_iter().flatten().flatten();
        for old in olds.map(|entry| entry.path()) {
            let name = old.file_name().and_then(|name| name.to_str());
            let place = name
                .and_then(|name| name.strip_suffix(OLD))
                .map(|name| set.join(name));
            if let Some(place) = place.filter(|place| !place.exists()) {
                let _ = fs::rename(&old, place);
            }
        }
        let _ = fs::remove_dir_all(&folder);
    }
}

/// Whether nobody records into a folder any more. Where locks are not known, nothing is left.
fn is_left(folder: &Path) -> bool {
    let ours = folder
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(NEW));
    ours && File::open(folder.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
}
