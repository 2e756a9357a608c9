//! What lasts: sessions, answers, feedback and tokens in one SQLite file.
//!
//! The idea: one thread writes. Jobs wait in a queue, and all that wait are committed together, so a thousand turns that end
//! at once cost a few commits. Readers have connections of their own, which WAL lets work beside the writer. A write is
//! acknowledged after its commit: what a client was told is there after the process was killed.
//!
//! Each area has a file with its statements: `sessions`, `answers`, `claims` (which process runs a turn), `tokens`, `admin`.

mod admin;
mod answers;
mod claims;
mod presence;
mod schema;
mod sessions;
mod threads;
mod tokens;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;

pub(super) use admin::AnswerFilter;
pub(super) use answers::{Ended, NewAnswer, StoredAnswer};
use claims::StoredOwner;
pub(super) use claims::{LEASE_MS, Orphan};
pub(super) use presence::Presence;
use threads::{ReaderPool, Writer};
pub use tokens::{NewToken, TokenRow};

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SessionStoreError {
    /// The file cannot be opened or made.
    #[error("failed to open the store {path}: {reason}; name another with `url` under [store], or CARDINAL_DATABASE_URL", path = .path.display())]
    Open { path: PathBuf, reason: String },
    /// A later version of the program wrote it.
    #[error("the store {path} has version {found}, and this program knows versions up to {known}: use a newer program", path = .path.display())]
    Newer {
        path: PathBuf,
        found: i64,
        /// The last one that is known here.
        known: i64,
    },
    /// Nobody can say where it should be.
    #[error(
        "this system names no folder for the store: name a file with `url` under [store], or CARDINAL_DATABASE_URL"
    )]
    NoFolder,
    #[error("the store failed: {0}")]
    Statement(#[from] rusqlite::Error),
    /// The thread that writes has ended.
    #[error("the store is closed")]
    Closed,
}

/// The store. Clones share it.
#[derive(Debug, Clone)]
pub struct SessionStore {
    path: Arc<PathBuf>,
    writer: Writer,
    readers: ReaderPool,
}

impl SessionStore {
    /// Opens or makes the store at `path`, and brings it to the version of this program.
    pub async fn open(path: &Path) -> Result<Self, SessionStoreError> {
        let file = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || schema::open(&file)).await;
        let connection = opened.map_err(|_| SessionStoreError::Closed)??;
        Ok(Self {
            path: Arc::new(path.to_owned()),
            writer: Writer::start(connection)?,
            readers: ReaderPool::new(path.to_owned()),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The folder of the tapes, beside it.
    pub(super) fn tapes(&self) -> PathBuf {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".tapes");
        self.path.with_file_name(name)
    }

    /// Runs `work` on a connection that reads.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SessionStoreError> {
        self.readers.run(work).await
    }

    /// Runs `work` on the connection that writes, and returns when it is committed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, SessionStoreError> {
        self.writer.run(work).await
    }
}
