use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// One connection that everybody takes turns on. Once [`sealed`](Store::seal) nothing can write through it.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Mutex<Connection>,
}

impl Store {
    /// An empty database that lives in memory.
    pub(crate) fn in_memory() -> rusqlite::Result<Self> {
        Self::ready(Connection::open_in_memory()?)
    }

    /// An existing file, which is never written to.
    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self::ready(Connection::open_with_flags(path, flags)?)
    }

    /// Text functions that know more letters than ASCII: "josé" must find "JOSÉ".
    fn ready(connection: Connection) -> rusqlite::Result<Self> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        connection.create_scalar_function("lower", 1, flags, |call| {
            Ok(match call.get_raw(0) {
                ValueRef::Null | ValueRef::Blob(_) => None,
                ValueRef::Integer(whole) => Some(whole.to_string()),
                ValueRef::Real(real) => Some(real.to_string()),
                ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).to_lowercase()),
            })
        })?;
        // The bundled SQLite comes without it; standard deviations need it.
        connection.create_scalar_function("sqrt", 1, flags, |call| {
            Ok(call.get::<Option<f64>>(0)?.map(f64::sqrt))
        })?;
        Ok(Self {
            connection: Mutex::new(connection),
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
