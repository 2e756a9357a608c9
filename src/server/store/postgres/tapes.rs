//! Tapes in the database, in parts of whole lines.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tempfile::TempDir;
use tokio::runtime::Handle;

use super::PostgresDatabase;
use crate::atomic_file::{FileAccess, replace};
use crate::server::record::now_ms;
use crate::server::store::error::{DatabaseError, SessionStoreError};
use crate::server::store::transaction::{StoreTransaction, values};
use crate::server::store::{LONG_PATIENCE, SessionStore};
use crate::tapes::{TapeNeeds, needs_of};
use crate::wire::TapeCopy;

/// A text that was stored so short a time ago is not stored again.
const STORED_LATELY: Duration = Duration::from_secs(30 * 60);
/// A text stays for so long after the last tape that may need it, in milliseconds. It is more than `STORED_LATELY`.
const SPARE_MS: i64 = 24 * 60 * 60 * 1000;

/// The tapes of a database, and the folder of this process that they are written and read in. The folder goes with it.
#[derive(Debug, Clone)]
pub(in crate::server::store) struct PostgresTapes {
    database: PostgresDatabase,
    folder: Arc<TempDir>,
    /// Texts that were stored lately, by name.
    stored: Arc<Mutex<HashMap<String, Instant>>>,
}

/// Where the tape of one answer goes, as long as its turn is this process's.
#[derive(Debug)]
struct PostgresTapeCopy {
    tapes: PostgresTapes,
    answer: String,
    owner: String,
    runtime: Handle,
}

fn failed(error: &SessionStoreError) -> io::Error {
    io::Error::other(error.to_string())
}

/// The bytes of a tape; empty when there is none.
fn whole(db: &StoreTransaction<'_>, answer: &str) -> Result<Vec<u8>, DatabaseError> {
    let sql = "SELECT bytes FROM tape_parts WHERE answer = ?1 ORDER BY at";
    let parts: Vec<Vec<u8>> = db.rows(sql, values![answer], |row| row.get(0))?;
    Ok(parts.concat())
}

impl PostgresTapes {
    pub(in crate::server::store) fn new(database: &PostgresDatabase) -> Result<Self, SessionStoreError> {
        let folder = tempfile::Builder::new().prefix("cardinal-tapes-").tempdir();
        let folder = folder.map_err(|error| SessionStoreError::Open {
            store: database.name().to_owned(),
            reason: format!("no folder could be made for the tapes of running turns: {error}"),
        })?;
        Ok(Self {
            database: database.clone(),
            folder: Arc::new(folder),
            stored: Arc::default(),
        })
    }

    pub(in crate::server::store) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the tape of an answer goes beside its file.
    pub(in crate::server::store) fn copy_of(&self, answer: &str, owner: &str) -> Arc<dyn TapeCopy> {
        Arc::new(PostgresTapeCopy {
            tapes: self.clone(),
            answer: answer.to_owned(),
            owner: owner.to_owned(),
            runtime: Handle::current(),
        })
    }

    fn file(&self, answer: &str) -> PathBuf {
        self.folder().join(format!("{answer}.jsonl"))
    }

    /// Brings the tape of an answer, those of the turns before it, and what they share. Returns whether there is one.
    pub(in crate::server::store) async fn bring(
        &self,
        store: &SessionStore,
        answer: &str,
    ) -> Result<bool, SessionStoreError> {
        let (mut next, mut first) = (Some(answer.to_owned()), true);
        let mut known = BTreeSet::new();
        while let Some(id) = next.take() {
            if !known.insert(id.clone()) {
                break;
            }
            // The first one may have been written by another process since; those before it are finished.
            let fetched = if first {
                store.stored_tape(&id).await?
            } else {
                None
            };
            if first && fetched.is_none() {
                return Ok(false);
            }
            let file = self.file(&id);
            let bytes = match (fetched, first) {
                (Some(bytes), _) => Some((bytes, true)),
                (None, false) => match tokio::fs::read(&file).await {
                    Ok(bytes) => Some((bytes, false)),
                    Err(_) => store.stored_tape(&id).await?.map(|bytes| (bytes, true)),
                },
                (None, true) => None,
            };
            first = false;
            // Whoever reads the chain says which tape is missing.
            let Some((bytes, fresh)) = bytes else { break };
            let needs = self.keep(file, bytes, fresh).await?;
            self.bring_texts(&needs).await?;
            next = needs
                .previous
                .map(|name| name.trim_end_matches(".jsonl").to_owned());
        }
        Ok(true)
    }

    /// Writes a tape to its file, or marks the file that is there as used. Returns what it needs.
    async fn keep(&self, file: PathBuf, bytes: Vec<u8>, fresh: bool) -> Result<TapeNeeds, SessionStoreError> {
        let done = tokio::task::spawn_blocking(move || {
            if fresh {
                replace(&file, &bytes, FileAccess::OwnerOnly)?;
            } else if let Ok(file) = std::fs::OpenOptions::new().append(true).open(&file) {
                file.set_modified(SystemTime::now())?;
            }
            Ok::<_, io::Error>(needs_of(&String::from_utf8_lossy(&bytes)))
        });
        let done = done.await.map_err(|_| SessionStoreError::Closed)?;
        done.map_err(|error| {
            SessionStoreError::Statement(format!("a tape could not be written to its file: {error}"))
        })
    }

    async fn bring_texts(&self, needs: &TapeNeeds) -> Result<(), SessionStoreError> {
        for name in &needs.files {
            let path = self.folder().join(name);
            if tokio::fs::try_exists(&path).await.unwrap_or(false) {
                continue;
            }
            let wanted = name.clone();
            let read = self.database.read(
                move |db| {
                    db.first(
                        "SELECT bytes FROM tape_texts WHERE name = ?1",
                        values![&wanted],
                        |row| row.get(0),
                    )
                },
                LONG_PATIENCE,
            );
            let text: Option<Vec<u8>> = read.await?;
            let Some(text) = text else { continue };
            let written = tokio::task::spawn_blocking(move || {
                if let Some(folder) = path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                replace(&path, &text, FileAccess::OwnerOnly)
            });
            let written = written.await.map_err(|_| SessionStoreError::Closed)?;
            written.map_err(|error| {
                SessionStoreError::Statement(format!("{name} could not be written: {error}"))
            })?;
        }
        Ok(())
    }

    fn stored_lately(&self, name: &str) -> bool {
        let stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.get(name).is_some_and(|at| at.elapsed() < STORED_LATELY)
    }
}

impl TapeCopy for PostgresTapeCopy {
    fn put(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let (answer, owner, bytes) = (self.answer.clone(), self.owner.clone(), bytes.to_owned());
        let at = i64::try_from(at).unwrap_or(i64::MAX);
        let job = self.tapes.database.write(
            move |db| {
                // Nobody takes the turn over while this is written.
                let sql = "SELECT 1 FROM answers WHERE id = ?1 AND owner = ?2 AND status IN ('queued', 'running') FOR SHARE";
                if db.first(sql, values![&answer, &owner], |_| Ok(()))?.is_none() {
                    return Ok(false);
                }
                let sql = "DELETE FROM tape_parts WHERE answer = ?1 AND at >= ?2";
                db.execute(sql, values![&answer, at])?;
                if !bytes.is_empty() {
                    let sql = "INSERT INTO tape_parts (answer, at, bytes) VALUES (?1, ?2, ?3)";
                    db.execute(sql, values![&answer, at, bytes.as_slice()])?;
                }
                Ok(true)
            },
            LONG_PATIENCE,
        );
        match self.runtime.block_on(job) {
            Ok(true) => Ok(()),
            Ok(false) => Err(io::Error::other(
                "the turn was taken over by another process, or its session was deleted",
            )),
            Err(error) => Err(failed(&error)),
        }
    }

    fn share(&self, name: &str, file: &Path) -> io::Result<()> {
        if self.tapes.stored_lately(name) {
            return Ok(());
        }
        let (text, stored) = (std::fs::read(file)?, name.to_owned());
        let job = self.tapes.database.write(
            move |db| {
                db.execute(
                    "INSERT INTO tape_texts (name, bytes, kept_at) VALUES (?1, ?2, ?3) \
                     ON CONFLICT (name) DO UPDATE SET kept_at = excluded.kept_at",
                    values![&stored, text.as_slice(), now_ms()],
                )
            },
            LONG_PATIENCE,
        );
        self.runtime.block_on(job).map_err(|error| failed(&error))?;
        let mut stored = self.tapes.stored.lock().unwrap_or_else(PoisonError::into_inner);
        stored.insert(name.to_owned(), Instant::now());
        Ok(())
    }
}

impl SessionStore {
    /// The tape of an answer as it stands in the database.
    pub(in crate::server::store) async fn stored_tape(
        &self,
        answer: &str,
    ) -> Result<Option<Vec<u8>>, SessionStoreError> {
        let answer = answer.to_owned();
        let bytes = self.read(move |db| whole(db, &answer)).await?;
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// Removes texts that no tape needs: those that were last needed long before the oldest tape there is.
    pub(in crate::server::store) async fn clear_stored_texts(&self) -> Result<(), SessionStoreError> {
        self.write(|db| {
            db.execute(
                "DELETE FROM tape_texts WHERE kept_at < (SELECT coalesce(min(created_at), ?1) FROM answers) - ?2",
                values![now_ms(), SPARE_MS],
            )
        })
        .await?;
        Ok(())
    }
}
