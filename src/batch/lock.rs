use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::BatchError;
use super::folder::RunFolder;

/// Longest note in a lock that is read.
const LONGEST_NOTE: u64 = 4096;

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LockHolder {
    pub pid: u32,
    pub since: Option<Timestamp>,
}

impl fmt::Display for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.pid, self.since) {
            (0, _) => f.write_str("a process that has just begun"),
            (pid, None) => write!(f, "process {pid}"),
            (pid, Some(since)) => write!(f, "process {pid}, since {since:.0}"),
        }
    }
}

/// Keeps other processes away from a run. The system ends it with the process, however that ends.
#[derive(Debug)]
pub(super) struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the run, whose folder is made. Waits for the disk.
    pub(super) fn take(folder: &RunFolder, answers: &Path) -> Result<Self, BatchError> {
        let path = folder.lock();
        let failed = |source| BatchError::write(&path, source);
        fs::create_dir_all(folder.path()).map_err(|source| BatchError::write(folder.path(), source))?;
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut note = String::new();
                // A lock whose note cannot be read is held all the same.
                let _ = (&mut file).take(LONGEST_NOTE).read_to_string(&mut note);
                return Err(BatchError::Locked {
                    output: answers.to_owned(),
                    holder: serde_json::from_str(&note).unwrap_or_default(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let holder = LockHolder {
            pid: std::process::id(),
            since: Some(Timestamp::now()),
        };
        let note = serde_json::to_string(&holder).map_err(|error| failed(error.into()))?;
        file.set_len(0)
            .and_then(|()| file.write_all(note.as_bytes()))
            .map_err(failed)?;
        Ok(Self { _file: file })
    }
}
