//! Sessions.

use super::error::DatabaseError;
use super::folded::{fold, pattern};
use super::forget::forget;
use super::transaction::{StoreTransaction, values};
use super::value::SqlRow;
use super::{SessionStore, SessionStoreError};
use crate::server::ids::{key_beside, name_of};
use crate::server::record::{SessionRecord, now_ms, rfc3339};
use crate::text::hidden_in;

/// Longest title, in characters.
const TITLE_CHARS: usize = 120;

const COLUMNS: &str = "id, title, created_at, updated_at, principal, \
     (SELECT count(*) FROM answers WHERE session = sessions.id), \
     (SELECT id FROM answers WHERE session = sessions.id AND status = 'running' LIMIT 1)";

/// A page of a list, and where the next one begins.
pub(in crate::server) struct Page<T> {
    pub(in crate::server) items: Vec<T>,
    pub(in crate::server) next: Option<String>,
}

fn record(row: &SqlRow) -> Result<SessionRecord, DatabaseError> {
    let key: String = row.get(0)?;
    Ok(SessionRecord {
        id: name_of(&key).to_owned(),
        key,
        title: row.get(1)?,
        created_at: rfc3339(row.get(2)?),
        updated_at: rfc3339(row.get(3)?),
        asked_by: row.get(4)?,
        turns: row.get(5)?,
        running: row.get(6)?,
    })
}

/// A title of this text: all of it on one line, without what nobody sees. What is too long ends with `…`.
pub(in crate::server) fn title_of(text: &str) -> String {
    let seen: String = hidden_in(text)
        .filter(|(c, hidden)| !hidden || c.is_whitespace())
        .map(|(c, _)| c)
        .collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(TITLE_CHARS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default().trim_end()),
        None => line,
    }
}

/// Makes a session unless it is there, and keeps others from adding to it until this transaction ends. Returns whether it
/// was made, or `None` when it is somebody else's.
pub(super) fn ensure(
    db: &StoreTransaction<'_>,
    id: &str,
    principal: &str,
    title: &str,
    base: Option<&str>,
) -> Result<Option<bool>, DatabaseError> {
    let title = title_of(title);
    let made = db.execute(
        "INSERT INTO sessions (id, principal, title, created_at, updated_at, base, folded) \
         VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
        values![id, principal, &title, now_ms(), base, fold(&title)],
    )?;
    Ok(touch(db, id, principal)?.then_some(made > 0))
}

/// Keeps others from adding to a session of this principal until this transaction ends. Returns whether it is there.
pub(super) fn touch(db: &StoreTransaction<'_>, id: &str, principal: &str) -> Result<bool, DatabaseError> {
    let sql = "UPDATE sessions SET updated_at = ?3 WHERE id = ?1 AND principal = ?2";
    Ok(db.execute(sql, values![id, principal, now_ms()])? > 0)
}

impl SessionStore {
    pub(in crate::server) async fn new_session(
        &self,
        id: String,
        principal: String,
        title: Option<String>,
    ) -> Result<(), SessionStoreError> {
        self.write(move |db| {
            ensure(db, &id, &principal, title.as_deref().unwrap_or_default(), None)?;
            let sql = "UPDATE sessions SET named = ?2 WHERE id = ?1";
            db.execute(sql, values![&id, title.is_some()])
        })
        .await?;
        Ok(())
    }

    /// One session of a principal, by its name.
    pub(in crate::server) async fn session(
        &self,
        name: &str,
        principal: &str,
    ) -> Result<Option<SessionRecord>, SessionStoreError> {
        let (name, principal) = (name.to_owned(), principal.to_owned());
        let beside = key_beside(&name, &principal);
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM sessions WHERE id IN (?1, ?2) AND principal = ?3");
            db.first(&sql, values![&name, &beside, &principal], record)
        })
        .await
    }

    /// The answer that a principal's session of this name began behind, if it is known and still there.
    pub(in crate::server) async fn base_of(
        &self,
        name: &str,
        principal: &str,
    ) -> Result<Option<String>, SessionStoreError> {
        let (name, principal) = (name.to_owned(), principal.to_owned());
        let beside = key_beside(&name, &principal);
        self.read(move |db| {
            let sql = "SELECT base FROM sessions WHERE id IN (?1, ?2) AND principal = ?3";
            Ok(db
                .first(sql, values![&name, &beside, &principal], |row| row.get(0))?
                .flatten())
        })
        .await
    }

    /// What the session of this name is kept under, or would be, for a principal: each has names of their own.
    pub(in crate::server) async fn session_key(
        &self,
        name: &str,
        principal: &str,
    ) -> Result<String, SessionStoreError> {
        let (name, principal) = (name.to_owned(), principal.to_owned());
        let beside = key_beside(&name, &principal);
        self.read(move |db| {
            let sql = "SELECT id, principal FROM sessions WHERE id IN (?1, ?2)";
            let known: Vec<(String, String)> =
                db.rows(sql, values![&name, &beside], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let own = known.iter().find(|(_, owner)| *owner == principal);
            Ok(match (own, known.is_empty()) {
                (Some((own, _)), _) => own.clone(),
                (None, true) => name.clone(),
                (None, false) => beside.clone(),
            })
        })
        .await
    }

    /// Sessions of a principal, the one that was asked last first. `before` is the `next` of the page before.
    pub(in crate::server) async fn sessions(
        &self,
        principal: &str,
        search: &str,
        limit: usize,
        before: Option<(i64, String)>,
    ) -> Result<Page<SessionRecord>, SessionStoreError> {
        let (principal, search) = (principal.to_owned(), pattern(search));
        let (at, id) = before.unwrap_or((i64::MAX, String::new()));
        let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        let mut rows = self
            .read(move |db| {
                let sql = format!(
                    "SELECT {COLUMNS}, updated_at FROM sessions WHERE principal = ?1 \
                     AND (updated_at < ?3 OR (updated_at = ?3 AND id > ?4)) \
                     AND (?2 = '%%' OR folded LIKE ?2 ESCAPE '\\' OR EXISTS (SELECT 1 FROM answers \
                     WHERE session = sessions.id AND answers.folded LIKE ?2 ESCAPE '\\')) \
                     ORDER BY sessions.updated_at DESC, sessions.id LIMIT ?5"
                );
                db.rows(&sql, values![&principal, &search, at, &id, most], |row| {
                    Ok((record(row)?, row.get::<i64>(7)?))
                })
            })
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            // It is behind all that are kept under its name.
            .map(|(last, at)| format!("{at}:{}~", last.id));
        Ok(Page {
            items: rows.into_iter().map(|(session, _)| session).collect(),
            next,
        })
    }

    /// Renames a session. Returns whether it is there.
    pub(in crate::server) async fn rename_session(
        &self,
        id: &str,
        principal: &str,
        title: &str,
    ) -> Result<bool, SessionStoreError> {
        let (id, principal, title) = (id.to_owned(), principal.to_owned(), title_of(title));
        let renamed = self
            .write(move |db| {
                let sql =
                    "UPDATE sessions SET title = ?3, folded = ?4, named = 1 WHERE id = ?1 AND principal = ?2";
                Ok(db.execute(sql, values![&id, &principal, &title, fold(&title)])? > 0)
            })
            .await?;
        // The title of before is not kept.
        self.empty_log().await;
        Ok(renamed)
    }

    /// Deletes a session with its answers and tapes, and takes it out of the memory of those that went on from it. Returns
    /// these; `None` when it was not there.
    pub(in crate::server) async fn delete_session(
        &self,
        id: &str,
        principal: &str,
    ) -> Result<Option<Vec<String>>, SessionStoreError> {
        let (id, principal) = (id.to_owned(), principal.to_owned());
        let forgotten = self
            .write(move |db| {
                let sql = "SELECT answers.id FROM answers JOIN sessions ON sessions.id = session \
                           WHERE session = ?1 AND sessions.principal = ?2";
                let answers: Vec<String> = db.rows(sql, values![&id, &principal], |row| row.get(0))?;
                let forgotten = forget(db, &answers)?;
                let sql = "DELETE FROM sessions WHERE id = ?1 AND principal = ?2";
                let deleted = db.execute(sql, values![&id, &principal])?;
                Ok((deleted > 0).then_some(forgotten))
            })
            .await?;
        let Some(forgotten) = forgotten else {
            return Ok(None);
        };
        self.remove_tapes(forgotten.tapes).await;
        self.empty_log().await;
        Ok(Some(forgotten.sessions))
    }
}
