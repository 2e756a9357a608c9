//! What is not kept for good: sessions that nobody asked for long, and the oldest ones when there is too much.

use super::error::DatabaseError;
use super::transaction::{StoreTransaction, values};
use super::{SessionStore, SessionStoreError};
use crate::server::record::now_ms;

/// Sessions that are deleted in one transaction.
const BATCH: i64 = 100;

/// No session is deleted while a turn of it runs or waits.
const IDLE: &str =
    "NOT EXISTS (SELECT 1 FROM answers WHERE session = sessions.id AND status IN ('queued', 'running'))";

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::server) struct RetentionCounts {
    pub(in crate::server) sessions: usize,
    pub(in crate::server) answers: usize,
}

/// Deletes sessions. Returns the ids of their answers.
fn delete(db: &StoreTransaction<'_>, sessions: &[String]) -> Result<Vec<String>, DatabaseError> {
    let mut answers = Vec::new();
    for session in sessions {
        let sql = "SELECT id FROM answers WHERE session = ?1";
        let own: Vec<String> = db.rows(sql, values![session], |row| row.get(0))?;
        // A question that came since keeps it.
        let sql = format!("DELETE FROM sessions WHERE id = ?1 AND {IDLE}");
        if db.execute(&sql, values![session])? > 0 {
            answers.extend(own);
        }
    }
    Ok(answers)
}

impl SessionStore {
    /// Deletes what the settings say is not kept, with tapes and rows.
    pub(in crate::server) async fn retire(&self) -> Result<RetentionCounts, SessionStoreError> {
        let mut retired = RetentionCounts::default();
        let keep = self.settings().keep;
        if let Some(keep) = keep {
            let before = now_ms().saturating_sub(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX));
            loop {
                let sql = format!(
                    "SELECT id FROM sessions WHERE updated_at < ?1 AND {IDLE} ORDER BY updated_at LIMIT {BATCH}"
                );
                let (sessions, answers) = self
                    .write(move |db| {
                        let sessions: Vec<String> = db.rows(&sql, values![before], |row| row.get(0))?;
                        let answers = delete(db, &sessions)?;
                        Ok((sessions.len(), answers))
                    })
                    .await?;
                if sessions == 0 {
                    break;
                }
                retired.sessions += sessions;
                retired.answers += answers.len();
                self.remove_tapes(answers).await;
            }
        }
        if let Some(most) = self.settings().max_bytes {
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            while let Some(answers) = self.retire_oldest(most).await? {
                retired.sessions += 1;
                retired.answers += answers.len();
                self.remove_tapes(answers).await;
            }
        }
        if retired.sessions > 0 {
            self.clear_shared().await?;
        }
        Ok(retired)
    }

    /// Deletes the session that nobody asked for the longest time, if there is more than `most` bytes. Returns the ids of
    /// its answers.
    async fn retire_oldest(&self, most: i64) -> Result<Option<Vec<String>>, SessionStoreError> {
        self.write(move |db| {
            let sql = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM answers";
            let all: i64 = db.first(sql, values![], |row| row.get(0))?.unwrap_or_default();
            if all <= most {
                return Ok(None);
            }
            let sql = format!(
                "SELECT id FROM sessions WHERE {IDLE} AND EXISTS (SELECT 1 FROM answers WHERE session = sessions.id) \
                 ORDER BY updated_at LIMIT 1"
            );
            let oldest: Option<String> = db.first(&sql, values![], |row| row.get(0))?;
            oldest.map(|oldest| delete(db, &[oldest])).transpose()
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
