//! What lasts: sessions, answers, feedback, tokens and tapes, in one SQLite file or in PostgreSQL.
//!
//! The idea: one set of statements, which both databases understand, run in a [`StoreTransaction`]. A write is acknowledged
//! after its commit: what a client was told is there after the process was killed. With PostgreSQL a job may be run again
//! after a lost connection, also when its commit came through after all: so every job is one that may be said twice.
//!
//! Each area has a file with its statements: `sessions`, `answers` and how their turns ended (`ended`), `claims` (which process
//! runs a turn), `memory` (what a turn knows of those before it), `places` (where a client's messages stand), `folded` (how texts are looked for), `forget` and `retention` (what is deleted), `tokens`, `admin`. `tapes` says where tapes are: beside a file, or in the database, where every replica reaches them.

mod admin;
mod answers;
mod claims;
mod ended;
mod error;
mod folded;
mod forget;
mod memory;
mod places;
#[cfg(feature = "postgres")]
mod postgres;
mod presence;
mod promoted;
mod retention;
mod sessions;
mod sqlite;
mod tapes;
mod tokens;
mod transaction;
mod value;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, Instant};

use etcetera::BaseStrategy as _;

pub(super) use admin::AnswerFilter;
pub(super) use answers::{AskedTurn, NewAnswer, QuestionRow, StoredAnswer};
pub(super) use claims::{ClaimedTurn, StopTarget, TurnStart};
pub(super) use ended::{EndedTurn, StoredEnd};
use error::DatabaseError;
pub use error::SessionStoreError;
pub(super) use memory::TurnMemory;
pub(super) use places::MessagePlace;
pub(super) use presence::Presence;
pub(super) use retention::RetiredSessions;
pub(super) use sessions::title_of;
use sqlite::{ReaderPool, Writer, schema};
use tapes::TapePlace;
pub use tokens::{NewToken, TokenRow};
use transaction::StoreTransaction;

use crate::config::{Settings, StorePlace, StoreSettings};

/// The store. Clones share it.
#[derive(Debug, Clone)]
pub struct SessionStore {
    /// As people write it, without a password.
    name: String,
    settings: StoreSettings,
    database: Database,
    tapes: TapePlace,
    /// The folder of files that processes hold locked, beside a store that is a file.
    presence: Option<PathBuf>,
    /// Whether what was deleted is in the log of a file still.
    log_is_left: Arc<AtomicBool>,
    /// Bytes until there is more than is kept, as far as this process knows.
    room: Arc<AtomicI64>,
    /// Whether something could not be written, and it was not seen since that it can be.
    failed: Arc<AtomicBool>,
}

#[derive(Debug, Clone)]
enum Database {
    Sqlite {
        writer: Writer,
        readers: ReaderPool,
    },
    #[cfg(feature = "postgres")]
    Postgres(postgres::PostgresDatabase),
}

/// How long a job that the database could not do is tried again: one that a client waits for, and one that must not be lost.
#[cfg(feature = "postgres")]
const PATIENCE: Duration = Duration::from_secs(8);
const LONG_PATIENCE: Duration = Duration::from_secs(90);
/// How long a job for a file that somebody else holds waits before it is tried again.
const PAUSE: Duration = Duration::from_millis(250);

/// How long it is tried whether the store can be written.
const LONGEST_TRY: Duration = Duration::from_secs(4);

/// How often, and with which pauses, it is tried to empty the log of a store in a file.
const EMPTY_TRIES: u32 = 10;
const EMPTY_PAUSE: Duration = Duration::from_millis(50);

impl SessionStore {
    /// Opens or makes the store of the settings, and brings it to the version of this program.
    pub async fn open(settings: &Settings) -> Result<Self, SessionStoreError> {
        Self::open_with(&settings.store, settings.metabase.is_none()).await
    }

    /// The same, where nothing but the store's own settings is known, and whether it is the demo's where they do not name it.
    pub async fn open_with(settings: &StoreSettings, is_demo: bool) -> Result<Self, SessionStoreError> {
        let store = Self::open_place(settings, is_demo).await?;
        store.fold_what_is_left().await?;
        Ok(store)
    }

    async fn open_place(settings: &StoreSettings, is_demo: bool) -> Result<Self, SessionStoreError> {
        match place_of(settings, is_demo)? {
            StorePlace::Sqlite(path) => Self::open_file(&path, settings.clone()).await,
            #[cfg(feature = "postgres")]
            StorePlace::Postgres(url) => {
                let database = postgres::PostgresDatabase::open(&url).await?;
                Ok(Self {
                    name: database.name().to_owned(),
                    settings: settings.clone(),
                    tapes: TapePlace::in_database(&database)?,
                    presence: None,
                    log_is_left: Arc::default(),
                    room: Arc::default(),
                    failed: Arc::default(),
                    database: Database::Postgres(database),
                })
            }
            #[cfg(not(feature = "postgres"))]
            StorePlace::Postgres(_) => Err(SessionStoreError::NoPostgres),
        }
    }

    async fn open_file(path: &Path, settings: StoreSettings) -> Result<Self, SessionStoreError> {
        let file = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || schema::open(&file)).await;
        let connection = opened.map_err(|_| SessionStoreError::Closed)??;
        let writer = Writer::start(connection, path.to_owned())?;
        Ok(Self {
            name: format!("sqlite:{}", path.display()),
            settings,
            database: Database::Sqlite {
                readers: ReaderPool::beside(&writer),
                writer,
            },
            tapes: TapePlace::beside(path),
            presence: Some(beside(path, ".processes")),
            log_is_left: Arc::default(),
            room: Arc::default(),
            failed: Arc::default(),
        })
    }

    /// The store, as settings name it, without a password.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn settings(&self) -> &StoreSettings {
        &self.settings
    }

    /// How long a claim holds, in milliseconds.
    pub(super) fn lease_ms(&self) -> i64 {
        i64::try_from(self.settings.lease.as_millis()).unwrap_or(i64::MAX)
    }

    /// Whether it can be read now.
    pub(super) async fn is_readable(&self) -> bool {
        if let Database::Sqlite { writer, .. } = &self.database
            && !writer.is_in_place()
        {
            return false;
        }
        let read = self.read(|db| db.first("SELECT 1", &[], |_| Ok(())));
        tokio::time::timeout(Duration::from_secs(2), read)
            .await
            .is_ok_and(|read| read.is_ok())
    }

    /// Whether it can be written. That is tried only where something could not be written before.
    pub(super) async fn is_writable(&self) -> bool {
        if !self.failed.load(Ordering::Relaxed) {
            return true;
        }
        // What changes nothing says nothing of a disk that is full: a row is written as it is.
        let same = "UPDATE sessions SET updated_at = updated_at WHERE id = (SELECT min(id) FROM sessions)";
        let written = self.write(move |db| db.execute(same, &[]));
        let written = tokio::time::timeout(LONGEST_TRY, written)
            .await
            .is_ok_and(|written| written.is_ok());
        if written {
            self.failed.store(false, Ordering::Relaxed);
        }
        written
    }

    /// Empties the log that a store in a file has beside it, so that what was deleted is not read out of that. Somebody who reads
    /// may keep it from that for a moment.
    pub(super) async fn empty_log(&self) {
        let writer = match &self.database {
            Database::Sqlite { writer, .. } => writer,
            #[cfg(feature = "postgres")]
            Database::Postgres(_) => return,
        };
        for _ in 0..EMPTY_TRIES {
            if writer.empty_log().await {
                self.log_is_left.store(false, Ordering::Relaxed);
                return;
            }
            tokio::time::sleep(EMPTY_PAUSE).await;
        }
        self.log_is_left.store(true, Ordering::Relaxed);
        tracing::warn!(
            "the log of the store could not be emptied for those who read from it; it is tried again"
        );
    }

    /// Empties the log if that did not succeed before.
    pub(super) async fn empty_log_that_is_left(&self) {
        if self.log_is_left.load(Ordering::Relaxed) {
            self.empty_log().await;
        }
    }

    /// Runs `work`, which only reads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
    ) -> Result<T, SessionStoreError> {
        match &self.database {
            Database::Sqlite { readers, .. } => {
                readers
                    .run(move |connection| work(&StoreTransaction::Sqlite(connection)))
                    .await
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.read(work, PATIENCE).await,
        }
    }

    /// Runs `work`, and returns when it is committed. It may be run again, so it has to be one that may be said twice.
    async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
    ) -> Result<T, SessionStoreError> {
        let written = match &self.database {
            Database::Sqlite { writer, .. } => {
                writer
                    .run(move |connection| work(&StoreTransaction::Sqlite(connection)))
                    .await
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.write(work, PATIENCE).await,
        };
        if matches!(written, Err(SessionStoreError::Unreachable(_))) {
            self.failed.store(true, Ordering::Relaxed);
        }
        written
    }

    /// The same for what must not be lost while a database is started again, or somebody else holds the file.
    async fn write_patiently<T: Send + 'static>(
        &self,
        work: impl Fn(&StoreTransaction<'_>) -> Result<T, DatabaseError> + Send + Sync + 'static,
    ) -> Result<T, SessionStoreError> {
        match &self.database {
            Database::Sqlite { .. } => {
                let (work, since) = (Arc::new(work), Instant::now());
                loop {
                    let once = Arc::clone(&work);
                    match self.write(move |db| once(db)).await {
                        Err(SessionStoreError::Unreachable(_)) if since.elapsed() < LONG_PATIENCE => {
                            tokio::time::sleep(PAUSE).await;
                        }
                        done => return done,
                    }
                }
            }
            #[cfg(feature = "postgres")]
            Database::Postgres(database) => database.write(work, LONG_PATIENCE).await,
        }
    }
}

/// What lies beside a file under its name with this ending.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    path.with_file_name(name)
}

/// The store of the settings: the configured one, or a file in the user's state folder. The demo has one of its own, so that
/// its sessions are not among those over real data.
fn place_of(settings: &StoreSettings, is_demo: bool) -> Result<StorePlace, SessionStoreError> {
    if let Some(place) = &settings.place {
        return Ok(place.clone());
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| SessionStoreError::NoFolder)?;
    let folder: PathBuf = strategy.state_dir().unwrap_or_else(|| strategy.data_dir());
    let name = if is_demo { "demo.sqlite" } else { "cardinal.sqlite" };
    Ok(StorePlace::Sqlite(folder.join("cardinal").join(name)))
}
