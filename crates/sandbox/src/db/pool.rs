//! Connections for reading, so that queries need not wait for each other.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rusqlite::functions::FunctionFlags;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};

/// Idle connections that are kept; one for each query that usually runs at the same time.
const MAX_IDLE: usize = 8;
/// Page cache of a connection in KiB, enough for the whole demo.
const CACHE_KIB: i64 = 32 * 1024;
/// Numbers the databases in memory: connections of one database find it by name.
static NEXT_DATABASE: AtomicU64 = AtomicU64::new(1);

#[derive(Debug)]
enum DatabaseLocation {
    /// In memory, under a name that is shared within the process. It lives as long as a connection to it is open.
    Memory(String),
    /// In a file, which is never written to.
    File(PathBuf),
}

/// Read-only connections to one database. Each use takes an idle one or opens another.
#[derive(Debug, Clone)]
pub(crate) struct SqlitePool {
    shared: Arc<SharedPool>,
}

#[derive(Debug)]
struct SharedPool {
    location: DatabaseLocation,
    idle: Mutex<Vec<Connection>>,
    /// Set once the rows are there; why they are not, when filling failed.
    filled: OnceLock<Result<(), String>>,
}

impl SqlitePool {
    /// A database in memory: `define` makes its tables now, and `fill` puts rows into them on a thread of its own. Until
    /// that is done, readers wait.
    pub(crate) fn generated<T>(
        define: impl FnOnce(&Connection) -> rusqlite::Result<T>,
        fill: impl FnOnce(&Connection) -> rusqlite::Result<()> + Send + 'static,
    ) -> rusqlite::Result<(Self, T)> {
        let (pool, writer) = Self::in_memory()?;
        let defined = define(&writer)?;
        let filling = FillGuard(pool.clone());
        std::thread::spawn(move || {
            let filled = fill(&writer).and_then(|()| seal(&writer));
            // The writer goes back first: while no other connection is open, it is what keeps the database alive.
            filling.0.give_back(writer);
            filling.0.settle(filled.map_err(|error| error.to_string()));
        });
        Ok((pool, defined))
    }

    /// A database in memory that `fill` makes and fills now.
    pub(crate) fn filled<T, E: From<rusqlite::Error>>(
        fill: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<(Self, T), E> {
        let (pool, writer) = Self::in_memory()?;
        let found = fill(&writer)?;
        seal(&writer)?;
        pool.give_back(writer);
        pool.settle(Ok(()));
        Ok((pool, found))
    }

    pub(crate) fn open(path: &Path) -> rusqlite::Result<Self> {
        let pool = Self::at(DatabaseLocation::File(path.to_owned()));
        let connection = pool.connect()?;
        pool.give_back(connection);
        pool.settle(Ok(()));
        Ok(pool)
    }

    fn in_memory() -> rusqlite::Result<(Self, Connection)> {
        let number = NEXT_DATABASE.fetch_add(1, Ordering::Relaxed);
        let uri = format!("file:/cardinal-sandbox-{number}?vfs=memdb");
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_URI
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let writer = Connection::open_with_flags(&uri, flags)?;
        // Nothing survives the process anyway, so there is nothing to roll back to.
        writer.pragma_update(None, "journal_mode", "OFF")?;
        writer.pragma_update(None, "synchronous", "OFF")?;
        prepare(&writer)?;
        Ok((Self::at(DatabaseLocation::Memory(uri)), writer))
    }

    fn at(location: DatabaseLocation) -> Self {
        Self {
            shared: Arc::new(SharedPool {
                location,
                idle: Mutex::new(Vec::new()),
                filled: OnceLock::new(),
            }),
        }
    }

    /// What SQLite opens or attaches the database by, for reading. Blocks until the rows are there.
    pub(crate) fn address(&self) -> rusqlite::Result<String> {
        self.with(|_| Ok::<_, rusqlite::Error>(()))?;
        Ok(match &self.shared.location {
            DatabaseLocation::Memory(uri) => uri.clone(),
            DatabaseLocation::File(path) => {
                // What would end the path of an address is written in another way.
                let path = path.display().to_string();
                let path = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
                format!("file:{path}?mode=ro")
            }
        })
    }

    /// Uses a connection. Blocks until the rows are there.
    pub(crate) fn with<T, E: From<rusqlite::Error>>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        if let Err(error) = self.shared.filled.wait() {
            let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ERROR);
            return Err(rusqlite::Error::SqliteFailure(code, Some(error.clone())).into());
        }
        let idle = self.lock().pop();
        let connection = idle.map_or_else(|| self.connect(), Ok)?;
        let outcome = read(&connection);
        self.give_back(connection);
        outcome
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = match &self.shared.location {
            DatabaseLocation::Memory(uri) => {
                Connection::open_with_flags(uri, read_only | OpenFlags::SQLITE_OPEN_URI)
            }
            DatabaseLocation::File(path) => Connection::open_with_flags(path, read_only),
        }?;
        prepare(&connection)?;
        seal(&connection)?;
        Ok(connection)
    }

    fn give_back(&self, connection: Connection) {
        let mut idle = self.lock();
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }

    /// Lets readers in, or tells them why there are no rows. The first word counts.
    fn settle(&self, filled: Result<(), String>) {
        let _ = self.shared.filled.set(filled);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        // Nothing can panic between taking a connection and putting one back.
        self.shared.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A database that is being filled. If that stops halfway, readers are told instead of waiting for ever.
struct FillGuard(SqlitePool);

impl Drop for FillGuard {
    fn drop(&mut self) {
        self.0.settle(Err("filling the database stopped".to_owned()));
    }
}

/// Forbids writes from here on.
fn seal(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "query_only", true)
}

/// Adds text functions that know more letters than ASCII ("josé" must find "JOSÉ"), and what the bundled SQLite lacks.
fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("lower", 1, flags, |call| {
        Ok(match call.get_raw(0) {
            ValueRef::Null | ValueRef::Blob(_) => None,
            ValueRef::Integer(whole) => Some(whole.to_string()),
            ValueRef::Real(real) => Some(real.to_string()),
            ValueRef::Text(bytes) => Some(String::from_utf8_lossy(bytes).to_lowercase()),
        })
    })?;
    // Standard deviations need it.
    connection.create_scalar_function("sqrt", 1, flags, |call| {
        Ok(call.get::<Option<f64>>(0)?.map(f64::sqrt))
    })
}

/// An identifier as SQL takes it whatever is in it.
pub(crate) fn quote(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}
