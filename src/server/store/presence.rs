//! That a process is there: a file which it holds locked, beside a store that is a file. The system gives the lock back when
//! the process ends, however it ends, so that its turns need not wait for their claims to run out.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::SessionStore;

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
        let file = File::create(&path)?;
        file.lock()?;
        Ok(Some(Presence { path, _locked: file }))
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
