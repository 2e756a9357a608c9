//! What is not kept for good: sessions that nobody asked for long, and the oldest ones when there is too much.

use std::sync::atomic::Ordering;

use super::error::DatabaseError;
use super::forget::{Forgotten, forget};
use super::transaction::{StoreTransaction, values};
use super::{SessionStore, SessionStoreError};
use crate::server::record::now_ms;

/// Sessions that are deleted in one transaction.
const BATCH: i64 = 100;

/// No session is deleted while a turn of it runs or waits.
const IDLE: &str =
    "NOT EXISTS (SELECT 1 FROM answers WHERE session = sessions.id AND status IN ('queued', 'running'))";

/// What was not kept.
#[derive(Debug, Default)]
pub(in crate::server) struct RetiredSessions {
    pub(in crate::server) sessions: usize,
    pub(in crate::server) tapes: usize,
    /// Sessions that went on from deleted ones: what is in memory of them holds what was deleted.
    pub(in crate::server) forgotten: Vec<String>,
}

/// Deletes sessions. Returns how many, and what goes with them.
fn delete(db: &StoreTransaction<'_>, sessions: &[String]) -> Result<(usize, Forgotten), DatabaseError> {
    let (mut deleted, mut all) = (0, Forgotten::default());
    for session in sessions {
        // A question that came since keeps it.
        let sql = format!(
            "SELECT answers.id FROM answers JOIN sessions ON sessions.id = session WHERE session = ?1 AND {IDLE}"
        );
        let answers: Vec<String> = db.rows(&sql, values![session], |row| row.get(0))?;
        let sql = format!("DELETE FROM sessions WHERE id = ?1 AND {IDLE}");
        let forgotten = forget(db, &answers)?;
        if db.execute(&sql, values![session])? > 0 {
            deleted += 1;
            all.tapes.extend(forgotten.tapes);
            all.sessions.extend(forgotten.sessions);
        }
    }
    Ok((deleted, all))
}

impl SessionStore {
    /// Deletes what the settings say is not kept, with tapes and rows.
    pub(in crate::server) async fn retire(&self) -> Result<RetiredSessions, SessionStoreError> {
        let mut retired = RetiredSessions::default();
        let keep = self.settings().keep;
        if let Some(keep) = keep {
            let before = now_ms().saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
            loop {
                let sql = format!(
                    "SELECT id FROM sessions WHERE updated_at < ?1 AND {IDLE} ORDER BY updated_at LIMIT {BATCH}"
                );
                let deleted = self
                    .write(move |db| {
                        let sessions: Vec<String> = db.rows(&sql, values![before], |row| row.get(0))?;
                        delete(db, &sessions)
                    })
                    .await?;
                if deleted.0 == 0 {
                    break;
                }
                self.note_retired(&mut retired, deleted).await;
            }
        }
        self.retire_to_size(&mut retired).await?;
        self.remove_orphans().await?;
        self.fold_what_is_left().await?;
        self.clear_after(&retired).await?;
        Ok(retired)
    }

    /// Deletes the oldest sessions if there is more than is kept.
    pub(in crate::server) async fn retire_overflow(&self) -> Result<RetiredSessions, SessionStoreError> {
        let mut retired = RetiredSessions::default();
        self.retire_to_size(&mut retired).await?;
        self.clear_after(&retired).await?;
        Ok(retired)
    }

    async fn retire_to_size(&self, retired: &mut RetiredSessions) -> Result<(), SessionStoreError> {
        let Some(most) = self.settings().max_bytes else {
            return Ok(());
        };
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        loop {
            let (all, deleted) = self.retire_oldest(most).await?;
            let Some(deleted) = deleted else {
                // What cannot be deleted now is looked at again when more is written.
                self.room
                    .store(most.saturating_sub(all).max(0), Ordering::Relaxed);
                return Ok(());
            };
            self.note_retired(retired, deleted).await;
        }
    }

    /// Notes that so much was written.
    pub(super) fn note_written(&self, bytes: u64) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        // It is looked at every second: that much is not written in one.
        self.room.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether this process wrote more than there was room for when it was last looked.
    pub(in crate::server) fn is_overfull(&self) -> bool {
        self.settings().max_bytes.is_some() && self.room.load(Ordering::Relaxed) < 0
    }

    async fn clear_after(&self, retired: &RetiredSessions) -> Result<(), SessionStoreError> {
        if retired.sessions > 0 {
            self.clear_shared().await?;
            self.empty_log().await;
        }
        Ok(())
    }

    async fn note_retired(&self, retired: &mut RetiredSessions, (sessions, forgotten): (usize, Forgotten)) {
        retired.sessions += sessions;
        retired.tapes += forgotten.tapes.len();
        retired.forgotten.extend(forgotten.sessions);
        self.remove_tapes(forgotten.tapes).await;
    }

    /// Deletes the session that nobody asked for the longest time, if there is more than `most` bytes. The one that was asked
    /// last stays: whoever asked reads it. Returns how much there was, and what was deleted.
    async fn retire_oldest(&self, most: i64) -> Result<(i64, Option<(usize, Forgotten)>), SessionStoreError> {
        self.write(move |db| {
            let sql = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM answers";
            let all: i64 = db.first(sql, values![], |row| row.get(0))?.unwrap_or_default();
            if all <= most {
                return Ok((all, None));
            }
            let sql = format!(
                "SELECT id FROM sessions WHERE {IDLE} AND EXISTS (SELECT 1 FROM answers WHERE session = sessions.id) \
                 AND id <> (SELECT id FROM sessions AS last WHERE EXISTS (SELECT 1 FROM answers WHERE session = last.id) \
                 ORDER BY updated_at DESC, id DESC LIMIT 1) ORDER BY updated_at, id LIMIT 1"
            );
            let oldest: Option<String> = db.first(&sql, values![], |row| row.get(0))?;
            let deleted = oldest.map(|oldest| delete(db, &[oldest])).transpose()?;
            // One that a question came to meanwhile was not deleted.
            Ok((all, deleted.filter(|(sessions, _)| *sessions > 0)))
        })
        .await
    }

    /// Removes prompts and catalogs that no tape needs any more.
    async fn clear_shared(&self) -> Result<(), SessionStoreError> {
        #[cfg(feature = "postgres")]
        if !self.knows_who_is_gone() {
            return self.clear_stored_texts().await;
        }
        let folder = self.tape_file("none").parent().map(std::path::Path::to_owned);
        if let Some(folder) = folder {
            // Files are looked at beside the runtime.
            let cleared = tokio::task::spawn_blocking(move || crate::tapes::clear_shared(&folder));
            let _ = cleared.await;
        }
        Ok(())
    }
}
