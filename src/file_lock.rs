//! Files that one process at a time works on. The lock is a file beside them: whoever holds it open and locked has its turn,
//! and the system gives it back when the process ends, however it ends.
//!
//! Everything here waits: call it where that holds nobody up.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Wait between two looks at a lock.
const PAUSE: Duration = Duration::from_millis(5);

/// Why a lock was not had.
#[derive(Debug)]
pub(crate) enum LockError {
    /// What was tried, and the system's reason.
    Io(&'static str, io::Error),
    /// Somebody else has had it all the time.
    Held,
}

/// Takes the lock of this name in a folder, which is made if it is missing. It is given back when the file is closed.
pub(crate) fn lock(folder: &Path, name: &str, patience: Duration) -> Result<File, LockError> {
    fs::create_dir_all(folder).map_err(|source| LockError::Io("make a folder for", source))?;
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(name))
        .map_err(|source| LockError::Io("open the lock of", source))?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < patience => sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(LockError::Held),
            Err(TryLockError::Error(source)) => return Err(LockError::Io("lock", source)),
        }
    }
}
