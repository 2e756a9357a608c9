//! Which process runs a turn. A process says again and again that it is there; when it falls silent, another one, or the
//! same one started again, takes its turns over.

use rusqlite::params;

use super::{SessionStore, SessionStoreError};
use crate::server::record::now_ms;

/// How long a claim holds after it was last renewed, in milliseconds.
pub(in crate::server) const LEASE_MS: i64 = 15_000;

/// A process, as its claims name it.
#[derive(Debug, Clone)]
pub(super) struct StoredOwner(pub(super) String);

/// A turn whose process fell silent.
#[derive(Debug, Clone)]
pub(in crate::server) struct Orphan {
    pub(in crate::server) id: String,
    pub(in crate::server) session: String,
    pub(in crate::server) principal: String,
    pub(in crate::server) turn: u32,
    pub(in crate::server) question: String,
    pub(in crate::server) title: String,
}

impl SessionStore {
    /// Says that a turn runs.
    pub(in crate::server) async fn run_answer(&self, id: &str, owner: &str) -> Result<(), SessionStoreError> {
        let (id, owner) = (id.to_owned(), owner.to_owned());
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE answers SET status = 'running', lease_until = ?3 WHERE id = ?1 AND owner = ?2",
                )?
                .execute(params![id, owner, now_ms().saturating_add(LEASE_MS)])?;
            Ok(())
        })
        .await
    }

    /// Renews all claims of a process.
    pub(in crate::server) async fn renew(&self, owner: &str) -> Result<(), SessionStoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            connection
                .prepare_cached(
                    "UPDATE answers SET lease_until = ?2 WHERE status IN ('queued', 'running') AND owner = ?1",
                )?
                .execute(params![owner, now_ms().saturating_add(LEASE_MS)])?;
            Ok(())
        })
        .await
    }

    /// Gives up all claims of a process that ends, so that nobody waits for them to run out.
    pub(in crate::server) async fn give_up(&self, owner: &str) -> Result<(), SessionStoreError> {
        let owner = owner.to_owned();
        self.write(move |connection| {
            let sql =
                "UPDATE answers SET lease_until = 0 WHERE status IN ('queued', 'running') AND owner = ?1";
            connection.execute(sql, [owner])?;
            Ok(())
        })
        .await
    }

    /// Other processes that claim turns and are gone.
    async fn gone(&self, owner: &str) -> Result<Vec<String>, SessionStoreError> {
        let (store, owner) = (self.clone(), owner.to_owned());
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT DISTINCT owner FROM answers WHERE status IN ('queued', 'running') AND owner <> ?1",
            )?;
            let owners: Vec<String> = statement
                .query_map([owner], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            // Locks are files: they are looked at here, beside the runtime.
            let gone = owners
                .into_iter()
                .map(StoredOwner)
                .filter(|owner| store.is_gone(owner));
            Ok(gone.map(|owner| owner.0).collect())
        })
        .await
    }

    /// Claims the turns whose process is gone or fell silent, in the order they were asked.
    pub(in crate::server) async fn take_over(&self, owner: &str) -> Result<Vec<Orphan>, SessionStoreError> {
        let gone = self.gone(owner).await?;
        let owner = owner.to_owned();
        self.write(move |connection| {
            let now = now_ms();
            for gone in gone {
                let sql = "UPDATE answers SET lease_until = 0 WHERE status IN ('queued', 'running') AND owner = ?1";
                connection.execute(sql, [gone])?;
            }
            connection.execute(
                "UPDATE answers SET owner = ?1, lease_until = ?2 WHERE status IN ('queued', 'running') AND owner <> ?1 \
                 AND lease_until < ?3",
                params![owner, now.saturating_add(LEASE_MS), now],
            )?;
            if connection.changes() == 0 {
                return Ok(Vec::new());
            }
            let mut statement = connection.prepare_cached(
                "SELECT answers.id, session, answers.principal, turn, question, title FROM answers \
                 JOIN sessions ON sessions.id = session WHERE status IN ('queued', 'running') AND owner = ?1 AND lease_until = ?2 \
                 ORDER BY answers.created_at, turn",
            )?;
            let rows = statement.query_map(params![owner, now.saturating_add(LEASE_MS)], |row| {
                Ok(Orphan {
                    id: row.get(0)?,
                    session: row.get(1)?,
                    principal: row.get(2)?,
                    turn: row.get(3)?,
                    question: row.get(4)?,
                    title: row.get(5)?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}
