//! Pages on disk: read and written under a lock, replaced as a whole, so that a crash leaves the old one or the new one.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Date;

use super::LedgerError;
use super::day_page::DayPage;
use crate::atomic_file::{self, FileAccess, TEMPORARY};
use crate::file_lock::{self, LockError};

/// Longest wait for another process.
const PATIENCE: Duration = Duration::from_secs(10);
/// The name of the lock file.
const LOCK: &str = "lock";
/// A file longer than this is not one of ours.
const LONGEST_FILE: u64 = 16 * 1024 * 1024;
/// Days of which pages are kept.
const KEPT_DAYS: i32 = 35;

/// The folder of one principal.
#[derive(Debug, Clone)]
pub(super) struct LedgerStore {
    dir: PathBuf,
    principal: String,
}

pub(super) struct LockedDay<'a> {
    store: &'a LedgerStore,
    /// Unlocks when it is closed.
    _lock: File,
}

impl LedgerStore {
    pub(super) fn new(dir: &Path, principal: String) -> Self {
        Self {
            dir: dir.join(&principal),
            principal,
        }
    }

    /// The page of a day, without a lock; `None` when nothing was written on it.
    pub(super) fn look(&self, day: Date) -> Result<Option<DayPage>, LedgerError> {
        let path = self.path(day);
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(failed("open", &path, source)),
        };
        let mut text = String::new();
        file.take(LONGEST_FILE)
            .read_to_string(&mut text)
            .map_err(|source| match source.kind() {
                io::ErrorKind::InvalidData => LedgerError::Corrupt {
                    path: path.clone(),
                    reason: "it is not text".to_owned(),
                },
                _ => failed("read", &path, source),
            })?;
        DayPage::read(&text, &self.principal, day, &path).map(Some)
    }

    /// Waits until no other process reads or writes here.
    pub(super) fn lock(&self) -> Result<LockedDay<'_>, LedgerError> {
        let path = self.dir.join(LOCK);
        let lock = file_lock::lock(&self.dir, LOCK, PATIENCE).map_err(|error| match error {
            LockError::Io(action, source) => failed(action, &path, source),
            LockError::Held => LedgerError::Busy {
                path: path.clone(),
                seconds: PATIENCE.as_secs(),
            },
        })?;
        Ok(LockedDay {
            store: self,
            _lock: lock,
        })
    }

    fn path(&self, day: Date) -> PathBuf {
        self.dir.join(format!("{day}.json"))
    }
}

impl LockedDay<'_> {
    /// The page of a day; a new one when nothing was written on it.
    pub(super) fn read(&self, day: Date) -> Result<DayPage, LedgerError> {
        let found = self.store.look(day)?;
        Ok(found.unwrap_or_else(|| DayPage::new(&self.store.principal, day)))
    }

    /// Replaces the page of a day, on the disk before it returns.
    pub(super) fn write(&self, day: Date, page: &DayPage) -> Result<(), LedgerError> {
        let path = self.store.path(day);
        let is_first = !path.exists();
        atomic_file::replace(&path, page.text().as_bytes(), FileAccess::Default)
            .map_err(|source| failed("write", &path, source))?;
        if is_first {
            self.remove_old(day);
        }
        Ok(())
    }

    /// Removes pages of long ago, and what was never finished. They limit nothing any more, so that nothing depends on its success.
    fn remove_old(&self, today: Date) {
        let Ok(entries) = fs::read_dir(&self.store.dir) else {
            return;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(|name| name.to_str());
            let day = name.and_then(|name| name.strip_suffix(".json")?.parse::<Date>().ok());
            // Nobody but who holds the lock writes here, so what is unfinished was left by a process that died.
            let unfinished = name.is_some_and(|name| name.ends_with(TEMPORARY));
            if unfinished || day.is_some_and(|day| (today - day).get_days() > KEPT_DAYS) {
                let _ = fs::remove_file(path);
            }
        }
    }
}

fn failed(action: &'static str, path: &Path, source: io::Error) -> LedgerError {
    LedgerError::Io {
        action,
        path: path.to_owned(),
        source,
    }
}
