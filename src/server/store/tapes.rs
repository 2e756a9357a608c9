//! Where tapes are. Beside a store that is a file they lie in a folder of its name. In PostgreSQL they stand in the database:
//! a turn writes its tape into a folder of this process and, line by line, into the database before the line is used;
//! whoever goes on from it brings it into a folder of its own. So every replica reaches every tape.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::DatabaseError;
#[cfg(feature = "postgres")]
use super::postgres::{PostgresDatabase, PostgresTapes};
use super::transaction::{StoreTransaction, values};
use super::{SessionStore, SessionStoreError};
use crate::app::Recording;

/// How long a file stays that was brought here and is not used.
const BROUGHT: Duration = Duration::from_secs(15 * 60);
/// Answers that are looked up in one read.
const LOOKED_UP: usize = 1000;

#[derive(Debug, Clone)]
pub(super) enum TapePlace {
    /// In this folder, for good.
    Beside(PathBuf),
    #[cfg(feature = "postgres")]
    InDatabase(PostgresTapes),
}

impl TapePlace {
    /// Beside the file of a store.
    pub(super) fn beside(store: &Path) -> Self {
        Self::Beside(super::beside(store, ".tapes"))
    }

    #[cfg(feature = "postgres")]
    pub(super) fn in_database(database: &PostgresDatabase) -> Result<Self, SessionStoreError> {
        PostgresTapes::new(database).map(Self::InDatabase)
    }

    /// Whether the files of tapes are the tapes.
    fn is_for_good(&self) -> bool {
        matches!(self, Self::Beside(_))
    }

    fn folder(&self) -> &Path {
        match self {
            Self::Beside(folder) => folder,
            #[cfg(feature = "postgres")]
            Self::InDatabase(tapes) => tapes.folder(),
        }
    }
}

/// Removes the tape of an answer that stays, where tapes stand in the database. Those of deleted answers go with them.
pub(super) fn remove_stored_tape(db: &StoreTransaction<'_>, answer: &str) -> Result<(), DatabaseError> {
    if db.has_tapes() {
        db.execute("DELETE FROM tape_parts WHERE answer = ?1", values![answer])?;
    }
    Ok(())
}

impl SessionStore {
    /// The file of an answer's tape, while its turn runs and where it was brought.
    pub(in crate::server) fn tape_file(&self, answer: &str) -> PathBuf {
        self.tapes.folder().join(format!("{answer}.jsonl"))
    }

    /// How the turn of an answer is recorded by a process that claims it.
    pub(in crate::server) fn recording(&self, answer: &str, owner: &str) -> Recording {
        let recording = Recording::file(self.tape_file(answer));
        match &self.tapes {
            TapePlace::Beside(_) => {
                let _ = owner;
                recording
            }
            #[cfg(feature = "postgres")]
            TapePlace::InDatabase(tapes) => recording.copied_to(tapes.copy_of(answer, owner)),
        }
    }

    /// Brings the tape of an answer and those of the turns before it to their files. Returns whether there is one.
    pub(in crate::server) async fn bring_tape(&self, answer: &str) -> Result<bool, SessionStoreError> {
        match &self.tapes {
            TapePlace::Beside(_) => {
                let file = self.tape_file(answer);
                // Files are looked at beside the runtime.
                let begun = tokio::task::spawn_blocking(move || is_begun(&file));
                Ok(begun.await.map_err(|_| SessionStoreError::Closed)?)
            }
            #[cfg(feature = "postgres")]
            TapePlace::InDatabase(tapes) => tapes.bring(self, answer).await,
        }
    }

    /// The tape of an answer as it stands; `None` when there is none.
    pub(in crate::server) async fn tape(&self, answer: &str) -> Result<Option<Vec<u8>>, SessionStoreError> {
        match &self.tapes {
            TapePlace::Beside(_) => Ok(tokio::fs::read(self.tape_file(answer)).await.ok()),
            #[cfg(feature = "postgres")]
            TapePlace::InDatabase(_) => self.stored_tape(answer).await,
        }
    }

    /// Removes the files of tapes whose answers were deleted.
    pub(super) async fn remove_tapes(&self, answers: Vec<String>) {
        for answer in answers {
            // One that was never recorded here has none.
            let _ = tokio::fs::remove_file(self.tape_file(&answer)).await;
        }
    }

    /// Removes files of tapes that no answer has any more: a process may have ended while it deleted them.
    pub(super) async fn remove_orphans(&self) -> Result<(), SessionStoreError> {
        if !self.tapes.is_for_good() {
            return Ok(());
        }
        let folder = self.tapes.folder().to_owned();
        // Files are looked at beside the runtime.
        let taped = tokio::task::spawn_blocking(move || answers_with_files(&folder)).await;
        for some in taped.map_err(|_| SessionStoreError::Closed)?.chunks(LOOKED_UP) {
            let some = some.to_vec();
            let orphans = self.read(move |db| {
                let mut orphans = Vec::new();
                for id in &some {
                    let sql = "SELECT 1 FROM answers WHERE id = ?1 AND (forgotten = 0 OR status = 'running')";
                    if db.first(sql, values![id], |_| Ok(()))?.is_none() {
                        orphans.push(id.clone());
                    }
                }
                Ok(orphans)
            });
            self.remove_tapes(orphans.await?).await;
        }
        Ok(())
    }

    /// Removes the file of a tape if its answer was deleted while it was written.
    pub(in crate::server) async fn remove_tape_of_none(&self, answer: &str) -> Result<(), SessionStoreError> {
        if self.answer(answer, None).await?.is_none() {
            self.remove_tapes(vec![answer.to_owned()]).await;
        }
        Ok(())
    }

    /// Lets go of a turn's file where the tape itself is elsewhere: another process may write to that one now.
    pub(in crate::server) async fn forget_tape(&self, answer: &str) {
        if !self.tapes.is_for_good() {
            self.remove_tapes(vec![answer.to_owned()]).await;
        }
    }

    /// Removes files that were brought here, were not used for a while, and are of none of the answers `live`.
    pub(in crate::server) async fn clear_brought(&self, live: Vec<String>) {
        if self.tapes.is_for_good() {
            return;
        }
        let folder = self.tapes.folder().to_owned();
        // Files are looked at beside the runtime.
        let cleared = tokio::task::spawn_blocking(move || clear(&folder, &live));
        let _ = cleared.await;
    }
}

/// Whether a tape has its header. One whose process ended before that has nothing of its turn, and is removed, so that the turn
/// can begin anew.
fn is_begun(file: &Path) -> bool {
    let Ok(bytes) = std::fs::read(file) else {
        return false;
    };
    let begun = bytes.contains(&b'\n');
    if !begun {
        // Where it stays, the new tape cannot be made, and the turn says so.
        let _ = std::fs::remove_file(file);
    }
    begun
}

/// The answers whose tapes lie in a folder. An answer is stored before its tape is begun.
fn answers_with_files(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let tapes = files
        .map(|file| file.path())
        .filter(|file| file.extension().is_some_and(|ending| ending == "jsonl"));
    tapes
        .filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned()))
        .collect()
}

fn clear(folder: &Path, live: &[String]) {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for file in files.map(|file| file.path()) {
        let name = file
            .file_stem()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let used = file.metadata().and_then(|about| about.modified());
        let old = used.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > BROUGHT));
        if old && file.is_file() && !live.iter().any(|id| id == name) {
            // What stays does no harm.
            let _ = std::fs::remove_file(&file);
        }
    }
}
