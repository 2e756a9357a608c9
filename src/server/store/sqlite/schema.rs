//! The tables, and how a file of an earlier version becomes one of this version.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::server::store::error::SessionStoreError;

/// One script for each version, first version first. A script that was released is never changed.
const MIGRATIONS: [&str; 6] = [
    include_str!("../migrations/sqlite/001.sql"),
    include_str!("../migrations/sqlite/002.sql"),
    include_str!("../migrations/sqlite/003.sql"),
    include_str!("../migrations/sqlite/004.sql"),
    include_str!("../migrations/sqlite/005.sql"),
    include_str!("../migrations/sqlite/006.sql"),
];

/// How each file of SQLite begins.
const HEADER: &[u8] = b"SQLite format 3\0";

/// How long a connection waits for another process. Whoever asks meanwhile is told soon that the store is away.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The same where the store is opened: another process may be bringing it up to date.
const OPEN_PATIENCE: Duration = Duration::from_secs(10);

/// Opens the connection that writes.
pub(in crate::server::store) fn open(path: &Path) -> Result<Connection, SessionStoreError> {
    let failed = |reason: String| SessionStoreError::Open {
        store: format!("sqlite:{}", path.display()),
        reason,
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| failed(error.to_string()))?;
    }
    // It is made private, which something else must never be.
    if let Some(other) = what_else(path).map_err(|error| failed(error.to_string()))? {
        return Err(failed(other.to_owned()));
    }
    // Connections that come later find it.
    let made = fs::OpenOptions::new().create(true).append(true).open(path);
    made.map_err(|error| failed(error.to_string()))?;
    let mut connection = connect(path).map_err(|error| failed(error.to_string()))?;
    make_private(path);
    connection.busy_timeout(OPEN_PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    migrate(&mut connection, path)?;
    connection.busy_timeout(PATIENCE)?;
    Ok(connection)
}

/// What stands at a path that is neither a store nor free for one.
fn what_else(path: &Path) -> io::Result<Option<&'static str>> {
    let about = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        about => about?,
    };
    if about.is_dir() {
        return Ok(Some("it is a folder, not a file"));
    }
    if !about.is_file() {
        return Ok(Some("it is a device or the like, not a file"));
    }
    let mut start = Vec::new();
    let file = fs::File::open(path)?;
    file.take(HEADER.len() as u64).read_to_end(&mut start)?;
    if start.is_empty() {
        return Ok(None);
    }
    let is_other = start != HEADER || is_of_others(path).map_err(io::Error::other)?;
    Ok(is_other.then_some("it is a file of something else, not a store"))
}

/// Whether a file of SQLite has tables and is no store.
fn is_of_others(path: &Path) -> rusqlite::Result<bool> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(OPEN_PATIENCE)?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    // Each version of a store has these.
    let own = number(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name IN ('sessions', 'answers', 'message_keys', 'tokens')",
    )?;
    let is_store = own == 4 && number("PRAGMA user_version")? > 0;
    Ok(!is_store && number("SELECT count(*) FROM sqlite_schema")? > 0)
}

/// A connection with the settings that all of them have.
pub(super) fn connect(path: &Path) -> rusqlite::Result<Connection> {
    // It makes no file.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // What was deleted is not to be read out of the file.
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// The store holds questions and rows: only the user it belongs to may read it.
fn make_private(path: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if let Err(error) = fs::set_permissions(path, fs::Permissions::from_mode(0o600)) {
            tracing::warn!(%error, "the store could not be made private");
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), SessionStoreError> {
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    // Another process may be doing the same.
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > known {
        return Err(SessionStoreError::Newer {
            store: format!("sqlite:{}", path.display()),
            found,
            known,
        });
    }
    let done = usize::try_from(found).unwrap_or_default();
    for script in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(script)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(())
}
