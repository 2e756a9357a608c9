//! That a process is there: a file which it holds locked. The system gives the lock back when the process ends, however it
//! ends, so that its turns need not wait for their claims to run out.

use std::fs::{self, File};
use std::io;
use std::path::PathBuf;

use super::{SessionStore, StoredOwner};

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
    /// Says that a process is there.
    pub(in crate::server) fn enter(&self, owner: &str) -> io::Result<Presence> {
        let path = self.presence_file(owner);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let file = File::create(&path)?;
        file.lock()?;
        Ok(Presence { path, _locked: file })
    }

    /// Whether a process that claims turns is gone. Where that cannot be told, its claims have to run out.
    pub(super) fn is_gone(&self, owner: &StoredOwner) -> bool {
        match File::open(self.presence_file(&owner.0)) {
            Ok(file) => file.try_lock().is_ok(),
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        }
    }

    fn presence_file(&self, owner: &str) -> PathBuf {
        let mut name = self.path().file_name().unwrap_or_default().to_owned();
        name.push(".processes");
        self.path().with_file_name(name).join(owner)
    }
}
