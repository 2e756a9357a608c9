//! Sessions.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{SessionStore, SessionStoreError};
use crate::server::record::{SessionRecord, now_ms, rfc3339};

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

fn record(row: &Row<'_>) -> rusqlite::Result<SessionRecord> {
    Ok(SessionRecord {
        id: row.get(0)?,
        title: row.get(1)?,
        created_at: rfc3339(row.get(2)?),
        updated_at: rfc3339(row.get(3)?),
        asked_by: row.get(4)?,
        turns: row.get(5)?,
        running: row.get(6)?,
    })
}

/// A title of this text: its first line, not too long.
pub(super) fn title_of(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut title: String = line.chars().take(TITLE_CHARS).collect();
    if line.chars().count() > TITLE_CHARS {
        title.push('…');
    }
    title
}

/// Makes a session unless it is there. Returns whether it was made, or `None` when it is somebody else's.
pub(super) fn ensure(
    connection: &Connection,
    id: &str,
    principal: &str,
    title: &str,
    base: Option<&str>,
) -> rusqlite::Result<Option<bool>> {
    let owner: Option<String> = connection
        .prepare_cached("SELECT principal FROM sessions WHERE id = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    if let Some(owner) = owner {
        return Ok((owner == principal).then_some(false));
    }
    connection
        .prepare_cached(
            "INSERT INTO sessions (id, principal, title, created_at, updated_at, base) VALUES (?1, ?2, ?3, ?4, ?4, ?5)",
        )?
        .execute(params![id, principal, title_of(title), now_ms(), base])?;
    Ok(Some(true))
}

impl SessionStore {
    /// Begins a session.
    pub(in crate::server) async fn new_session(
        &self,
        id: String,
        principal: String,
        title: Option<String>,
    ) -> Result<(), SessionStoreError> {
        self.write(move |connection| {
            ensure(
                connection,
                &id,
                &principal,
                title.as_deref().unwrap_or_default(),
                None,
            )?;
            let named = title.is_some();
            connection.execute("UPDATE sessions SET named = ?2 WHERE id = ?1", params![id, named])?;
            Ok(())
        })
        .await
    }

    /// One session of a principal.
    pub(in crate::server) async fn session(
        &self,
        id: &str,
        principal: &str,
    ) -> Result<Option<SessionRecord>, SessionStoreError> {
        let (id, principal) = (id.to_owned(), principal.to_owned());
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM sessions WHERE id = ?1 AND principal = ?2");
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_row([id, principal], record).optional()
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
        let (principal, search) = (principal.to_owned(), like(search));
        let (at, id) = before.unwrap_or((i64::MAX, String::new()));
        let mut rows = self
            .read(move |connection| {
                let sql = format!(
                    "SELECT {COLUMNS}, updated_at FROM sessions WHERE principal = ?1 \
                     AND (updated_at < ?3 OR (updated_at = ?3 AND id > ?4)) \
                     AND (?2 = '%%' OR title LIKE ?2 ESCAPE '\\' OR EXISTS (SELECT 1 FROM answers \
                     WHERE session = sessions.id AND question LIKE ?2 ESCAPE '\\')) \
                     ORDER BY updated_at DESC, id LIMIT ?5"
                );
                let mut statement = connection.prepare_cached(&sql)?;
                let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
                let rows = statement.query_map(params![principal, search, at, id, most], |row| {
                    Ok((record(row)?, row.get::<_, i64>(7)?))
                })?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .map(|(last, at)| format!("{at}:{}", last.id));
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
        self.write(move |connection| {
            let sql = "UPDATE sessions SET title = ?3, named = 1 WHERE id = ?1 AND principal = ?2";
            Ok(connection.execute(sql, [id, principal, title])? > 0)
        })
        .await
    }

    /// Deletes a session with its answers. Returns the answers whose tapes nothing needs any more; `None` when there is no
    /// such session. Tapes that another session goes on from stay until that one is deleted.
    pub(in crate::server) async fn delete_session(
        &self,
        id: &str,
        principal: &str,
    ) -> Result<Option<Vec<String>>, SessionStoreError> {
        let (id, principal) = (id.to_owned(), principal.to_owned());
        self.write(move |connection| {
            let mut statement = connection.prepare_cached("SELECT id FROM answers WHERE session = ?1")?;
            let answers: Vec<String> = statement
                .query_map([&id], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let deleted = connection.execute(
                "DELETE FROM sessions WHERE id = ?1 AND principal = ?2",
                [&id, &principal],
            )?;
            Ok((deleted > 0).then_some(answers))
        })
        .await
    }

    /// The answers that sessions go on from.
    pub(in crate::server) async fn bases(&self) -> Result<Vec<String>, SessionStoreError> {
        self.read(|connection| {
            let mut statement =
                connection.prepare_cached("SELECT base FROM sessions WHERE base IS NOT NULL")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })
        .await
    }
}

/// A pattern that finds a text anywhere, whatever it holds.
pub(super) fn like(text: &str) -> String {
    let plain = text
        .trim()
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_");
    format!("%{plain}%")
}
