//! That a process is there: a file which it holds locked, beside a store that is a file. The system gives the lock back when
//! the process ends, however it ends, so that its turns need not wait for their claims to run out.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::SessionStore;

/// What the name of a file ends with that is not locked yet.
const NEW: &str = ".new";
/// How old such a file is that may be removed: whoever made it was killed before it was locked.
const LEFT: Duration = Duration::from_secs(60);

/// A process that is there, as long as this is held.
#[derive(Debug)]
pub(in crate::server) struct Presence {
    path: PathBuf,
    _locked: File,
}

impl Drop for Presence {
    fn drop(&mut self) {
        // A file that stays is a process that is gone.
        let _ = fs::remove_file(&self.path);
    }
}

impl SessionStore {
    /// Says that a process is there; `None` where only its claims say so.
    pub(in crate::server) fn enter(&self, owner: &str) -> io::Result<Option<Presence>> {
        let Some(path) = self.presence_file(owner) else {
            return Ok(None);
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Under its name it is locked from the beginning, so that one which is not is of a process that is gone.
        let new = path.with_file_name(format!("{owner}{NEW}"));
        let file = File::create(&new)?;
        file.lock()?;
        fs::rename(&new, &path)?;
        self.remove_left();
        Ok(Some(Presence { path, _locked: file }))
    }

    /// Removes the files of processes that are gone: one that was killed leaves its own.
    pub(in crate::server) fn remove_left(&self) {
        let files = self
            .presence
            .as_ref()
            .and_then(|folder| fs::read_dir(folder).ok());
        for file in files.into_iter().flatten().flatten() {
            let path = file.path();
            let made = || file.metadata().and_then(|about| about.modified());
            let is_old = || made().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT));
            let is_new = path.extension().is_some_and(|ending| ending == "new");
            let is_free = || File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
            if (!is_new || is_old()) && is_free() {
                // What stays says the same.
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// Whether [`SessionStore::is_gone`] can tell anything.
    pub(super) fn knows_who_is_gone(&self) -> bool {
        self.presence.is_some()
    }

    /// Whether a process that claims turns is gone. Where that cannot be told, its claims have to run out.
    pub(super) fn is_gone(&self, owner: &str) -> bool {
        let Some(path) = self.presence_file(owner) else {
            return false;
        };
        match File::open(path) {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    fn presence_file(&self, owner: &str) -> Option<PathBuf> {
        self.presence.as_ref().map(|folder| folder.join(owner))
    }
}
