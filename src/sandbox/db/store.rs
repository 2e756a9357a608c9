use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};

/// One connection that everybody takes turns on. Once [`sealed`](Store::seal) nothing can write through it.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// An empty database that lives in memory.
    pub(crate) fn in_memory() -> rusqlite::Result<Self> {
        Ok(Self {
            connection: Mutex::new(Connection::open_in_memory()?),
        })
    }

    /// An existing file, which is never written to.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Ok(Self {
            connection: Mutex::new(Connection::open_with_flags(path, flags)?),
        })
    }

    /// Forbids writes from here on.
    pub(crate) fn seal(&self) -> rusqlite::Result<()> {
        self.with(|connection| connection.pragma_update(None, "query_only", true))
    }

    /// Uses the connection; others wait.
    pub(crate) fn with<T>(&self, use_it: impl FnOnce(&Connection) -> T) -> T {
        // A panic while reading leaves the connection as it was, so a poisoned lock is still good.
        use_it(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An identifier as SQL takes it whatever is in it.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
