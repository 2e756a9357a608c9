//! The thread that writes, and the connections that read.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use super::schema;
use crate::server::store::error::{DatabaseError, SessionStoreError};

/// Most jobs that are committed together.
const MAX_BATCH: usize = 256;
/// How long a log that is to be emptied waits for those who read from it.
const LOG_PATIENCE: Duration = Duration::from_millis(100);
/// Most connections that read at once.
const MOST_READERS: usize = 8;

/// What is left to do once a batch is committed, or not: to tell whoever waits.
type Reply = Box<dyn FnOnce(Option<DatabaseError>) + Send>;
/// What is to be done, or told that it cannot be.
type Job = Box<dyn FnOnce(Result<&Connection, DatabaseError>) -> Reply + Send>;

enum Order {
    Job(Job),
    /// Empty the log, and say whether it is.
    EmptyLog(oneshot::Sender<bool>),
}

/// Where the file of a store is. A file that was moved away or replaced can be written to as if nothing had happened, and nobody
/// finds it again.
#[derive(Debug)]
struct FilePlace {
    path: PathBuf,
    opened: Option<FileIdentity>,
}

/// What tells a file from another one at its path.
type FileIdentity = (u64, u64);

impl FilePlace {
    fn of(path: PathBuf) -> Self {
        let opened = identity_of(&path);
        Self { path, opened }
    }

    fn check(&self) -> Result<(), DatabaseError> {
        if identity_of(&self.path) == self.opened {
            return Ok(());
        }
        let path = self.path.display();
        Err(DatabaseError::passing(format!(
            "its file is not at {path} any more; put it back, or start the server again for a new one"
        )))
    }
}

#[cfg(unix)]
fn identity_of(path: &Path) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt as _;
    let file = std::fs::metadata(path).ok()?;
    Some((file.dev(), file.ino()))
}

/// A system that lets nobody move a file that is open.
#[cfg(not(unix))]
fn identity_of(_: &Path) -> Option<FileIdentity> {
    None
}

/// The thread that writes.
#[derive(Debug, Clone)]
pub(in crate::server::store) struct Writer {
    jobs: mpsc::Sender<Order>,
    place: Arc<FilePlace>,
}

impl Writer {
    /// Writes to the file at this path, which the connection has open.
    pub(in crate::server::store) fn start(
        connection: Connection,
        path: PathBuf,
    ) -> Result<Self, SessionStoreError> {
        let (jobs, queue) = mpsc::channel();
        let place = Arc::new(FilePlace::of(path));
        let written = Arc::clone(&place);
        thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || write(&connection, &written, &queue))
            .map_err(|_| SessionStoreError::Closed)?;
        Ok(Self { jobs, place })
    }

    /// Whether the file is where it was opened.
    pub(in crate::server::store) fn is_in_place(&self) -> bool {
        self.place.check().is_ok()
    }

    pub(in crate::server::store) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, SessionStoreError> {
        let (reply, answer) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // A job that fails takes nothing of its batch with it.
            let result = connection.and_then(|connection| in_savepoint(connection, work));
            Box::new(move |failed: Option<DatabaseError>| {
                let result = match failed {
                    Some(error) => Err(error),
                    None => result,
                };
                // Nobody may wait any more.
                let _ = reply.send(result);
            })
        });
        self.jobs
            .send(Order::Job(job))
            .map_err(|_| SessionStoreError::Closed)?;
        Ok(answer.await.map_err(|_| SessionStoreError::Closed)??)
    }

    /// Brings what is in the log into the file, and empties the log. Returns whether it is empty.
    pub(in crate::server::store) async fn empty_log(&self) -> bool {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Order::EmptyLog(reply)).is_ok() && answer.await.unwrap_or(false)
    }
}

fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, DatabaseError>,
) -> Result<T, DatabaseError> {
    say(connection, "SAVEPOINT job")?;
    let result = work(connection);
    if result.is_err() {
        say(connection, "ROLLBACK TO job")?;
    }
    say(connection, "RELEASE job")?;
    result
}

/// Runs a statement that is said again and again, so that it is read once.
fn say(connection: &Connection, sql: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(drop)
}

/// Does what it is told until nobody can tell it anything any more.
fn write(connection: &Connection, place: &FilePlace, queue: &mpsc::Receiver<Order>) {
    let mut log_waits = Vec::new();
    while let Ok(first) = queue.recv() {
        match first {
            Order::Job(job) => commit((connection, place), job, queue, &mut log_waits),
            Order::EmptyLog(reply) => log_waits.push(reply),
        }
        if !log_waits.is_empty() {
            let is_empty = empty(connection).unwrap_or(false);
            for reply in log_waits.drain(..) {
                // Nobody may wait any more.
                let _ = reply.send(is_empty);
            }
        }
    }
}

/// Runs a job and those that wait behind it, and commits them together.
fn commit(
    (connection, place): (&Connection, &FilePlace),
    first: Job,
    queue: &mpsc::Receiver<Order>,
    log_waits: &mut Vec<oneshot::Sender<bool>>,
) {
    let begun = place
        .check()
        .and_then(|()| Ok(say(connection, "BEGIN IMMEDIATE")?));
    // Without a transaction nothing is tried: each statement would wait as long once more.
    let within = || begun.clone().map(|()| connection);
    let mut replies = vec![first(within())];
    while replies.len() < MAX_BATCH
        && let Ok(next) = queue.try_recv()
    {
        match next {
            Order::Job(job) => replies.push(job(within())),
            Order::EmptyLog(reply) => log_waits.push(reply),
        }
    }
    let ended = begun.clone().and_then(|()| Ok(say(connection, "COMMIT")?));
    if let Err(error) = &ended {
        tracing::error!(%error, "the store could not commit");
        if begun.is_ok() {
            // There may be no transaction to roll back.
            let _ = connection.execute_batch("ROLLBACK");
        }
    }
    let failed = ended.err();
    for reply in replies {
        reply(failed.clone());
    }
}

/// Empties the log unless somebody reads from it: nobody who writes waits long for that.
fn empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.busy_timeout(LOG_PATIENCE)?;
    let busy: rusqlite::Result<i64> =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(schema::PATIENCE)?;
    Ok(busy? == 0)
}

/// Connections that read, opened as they are needed.
#[derive(Debug, Clone)]
pub(in crate::server::store) struct ReaderPool {
    file: Arc<FilePlace>,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl ReaderPool {
    /// Reads from the file that this thread writes to.
    pub(in crate::server::store) fn beside(writer: &Writer) -> Self {
        Self {
            file: Arc::clone(&writer.place),
            places: Arc::new(Semaphore::new(MOST_READERS)),
            idle: Arc::default(),
        }
    }

    pub(in crate::server::store) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    ) -> Result<T, SessionStoreError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(|_| SessionStoreError::Closed)?;
        let pool = self.clone();
        let done = tokio::task::spawn_blocking(move || {
            // It is held until the work is done, also when nobody waits for it any more.
            let _place = place;
            let kept = pool.lock().pop();
            let connection = match kept {
                Some(connection) => connection,
                // Another file would take the log of this one for its own, and throw it away.
                None => pool
                    .file
                    .check()
                    .and_then(|()| Ok(schema::connect(&pool.file.path)?))?,
            };
            let result = work(&connection);
            pool.lock().push(connection);
            result
        });
        Ok(done.await.map_err(|_| SessionStoreError::Closed)??)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
