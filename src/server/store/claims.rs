//! Which process runs a turn. A process says again and again that it is there; when it falls silent, another one, or the
//! same one started again, takes its turns over. The clock is that of the database, so that machines need not agree on
//! the time.

use super::answers::AskedTurn;
use super::error::DatabaseError;
use super::memory::{TurnMemory, memory_of};
use super::tapes::remove_stored_tape;
use super::transaction::{StoreTransaction, values};
use super::{SessionStore, SessionStoreError};

/// A turn of this process that stands in the store.
#[derive(Debug, Clone)]
pub(in crate::server) struct ClaimedTurn {
    pub(in crate::server) asked: AskedTurn,
    /// Which one of its session it is, from 1.
    pub(in crate::server) turn: u32,
    /// The session's.
    pub(in crate::server) title: String,
    /// Whether somebody asked for its end.
    pub(in crate::server) stopped: bool,
}

/// Which turns are to end.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) enum StopTarget<'a> {
    /// That of this answer.
    Answer(&'a str),
    /// All of this session.
    Session(&'a str),
}

/// Whether a turn may run now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum TurnStart {
    /// It runs, with what is known of what was said before.
    Begun {
        memory: TurnMemory,
        /// Whether something that it went on from was deleted since it was begun: what is on its tape knows of that.
        forgotten: bool,
    },
    /// So many turns of its session come first, here or in another process.
    Waits { ahead: u32 },
    /// It is another process's now, or gone.
    Lost,
}

/// Begins a turn, unless turns of its session that were asked before it are not over.
pub(super) fn start(
    db: &StoreTransaction<'_>,
    id: &str,
    owner: &str,
    lease_ms: i64,
) -> Result<TurnStart, DatabaseError> {
    let sql = "SELECT session, turn, forgotten FROM answers WHERE id = ?1 AND owner = ?2 \
               AND status IN ('queued', 'running')";
    let own = db.first(sql, values![id, owner], |row| {
        let (session, turn): (String, u32) = (row.named("session")?, row.named("turn")?);
        Ok((session, turn, row.named("forgotten")?))
    })?;
    let Some((session, turn, forgotten)) = own else {
        return Ok(TurnStart::Lost);
    };
    // Nothing is added before a turn: what is counted here can only become less.
    let sql = "SELECT count(*) AS ahead FROM answers WHERE session = ?1 AND turn < ?2 AND status IN ('queued', 'running')";
    let ahead: u32 = db
        .first(sql, values![&session, turn], |row| row.named("ahead"))?
        .unwrap_or_default();
    if ahead > 0 {
        return Ok(TurnStart::Waits { ahead });
    }
    let sql = format!(
        "UPDATE answers SET status = 'running', lease_until = {} + ?3 WHERE id = ?1 AND owner = ?2 \
         AND status IN ('queued', 'running')",
        db.clock()
    );
    if db.execute(&sql, values![id, owner, lease_ms])? == 0 {
        return Ok(TurnStart::Lost);
    }
    let memory = memory_of(db, &session, turn)?;
    Ok(TurnStart::Begun { memory, forgotten })
}

impl SessionStore {
    /// Begins a turn that was stored before, unless turns of its session that were asked before it are not over.
    pub(in crate::server) async fn run_answer(
        &self,
        id: &str,
        owner: &str,
    ) -> Result<TurnStart, SessionStoreError> {
        let (id, owner, lease) = (id.to_owned(), owner.to_owned(), self.lease_ms());
        self.write_patiently(move |db| start(db, &id, &owner, lease))
            .await
    }

    /// Lets go of what a turn recorded before something that it went on from was deleted, so that it begins anew.
    pub(in crate::server) async fn begin_anew(&self, id: &str, owner: &str) -> Result<(), SessionStoreError> {
        // The file first: while it is there, the store says that it knows what was deleted.
        self.remove_tapes(vec![id.to_owned()]).await;
        let (id, owner) = (id.to_owned(), owner.to_owned());
        self.write_patiently(move |db| {
            let sql = "UPDATE answers SET forgotten = 0 WHERE id = ?1 AND owner = ?2 AND status = 'running'";
            if db.execute(sql, values![&id, &owner])? > 0 {
                remove_stored_tape(db, &id)?;
            }
            Ok(())
        })
        .await
    }

    /// Renews all claims of a process.
    pub(in crate::server) async fn renew(&self, owner: &str) -> Result<(), SessionStoreError> {
        let (owner, lease) = (owner.to_owned(), self.lease_ms());
        self.write(move |db| {
            let sql = format!(
                "UPDATE answers SET lease_until = {} + ?2 WHERE status IN ('queued', 'running') AND owner = ?1",
                db.clock()
            );
            db.execute(&sql, values![&owner, lease])
        })
        .await?;
        Ok(())
    }

    /// Gives up all claims of a process that ends, so that nobody waits for them to run out.
    pub(in crate::server) async fn give_up(&self, owner: &str) -> Result<(), SessionStoreError> {
        let owner = owner.to_owned();
        self.write(move |db| {
            let sql =
                "UPDATE answers SET lease_until = 0 WHERE status IN ('queued', 'running') AND owner = ?1";
            db.execute(sql, values![&owner])
        })
        .await?;
        Ok(())
    }

    /// Other processes that claim turns and are gone, as far as that can be told at once.
    async fn gone(&self, owner: &str) -> Result<Vec<String>, SessionStoreError> {
        if !self.knows_who_is_gone() {
            return Ok(Vec::new());
        }
        let (store, owner) = (self.clone(), owner.to_owned());
        self.read(move |db| {
            let sql =
                "SELECT DISTINCT owner FROM answers WHERE status IN ('queued', 'running') AND owner <> ?1";
            let owners: Vec<String> = db.rows(sql, values![&owner], |row| row.named("owner"))?;
            // Locks are files: they are looked at here, beside the runtime.
            let gone = owners.into_iter().filter(|owner| store.is_gone(owner)).collect();
            store.remove_left();
            Ok(gone)
        })
        .await
    }

    /// Claims the turns whose process is gone or fell silent.
    pub(in crate::server) async fn take_over(&self, owner: &str) -> Result<u64, SessionStoreError> {
        let gone = self.gone(owner).await?;
        let (owner, lease) = (owner.to_owned(), self.lease_ms());
        self.write(move |db| {
            for gone in &gone {
                let sql = "UPDATE answers SET lease_until = 0 WHERE status IN ('queued', 'running') AND owner = ?1";
                db.execute(sql, values![gone])?;
            }
            let sql = format!(
                "UPDATE answers SET owner = ?1, lease_until = {clock} + ?2 WHERE status IN ('queued', 'running') \
                 AND owner <> ?1 AND lease_until < {clock}",
                clock = db.clock()
            );
            db.execute(&sql, values![&owner, lease])
        })
        .await
    }

    /// The turns that a process claims, in the order they were asked.
    pub(in crate::server) async fn claimed(
        &self,
        owner: &str,
    ) -> Result<Vec<ClaimedTurn>, SessionStoreError> {
        let owner = owner.to_owned();
        self.read(move |db| {
            db.rows(
                "SELECT answers.id, session, answers.principal, question, asker, message_key, trace, turn, title, stopped, \
                 ends_with_client \
                 FROM answers JOIN sessions ON sessions.id = session \
                 WHERE status IN ('queued', 'running') AND owner = ?1 ORDER BY answers.created_at, turn",
                values![&owner],
                |row| {
                    Ok(ClaimedTurn {
                        asked: AskedTurn {
                            id: row.named("id")?,
                            session: row.named("session")?,
                            principal: row.named("principal")?,
                            question: row.named("question")?,
                            asker: row.named("asker")?,
                            message_key: row.named("message_key")?,
                            trace: row.named("trace")?,
                            ends_with_client: row.named("ends_with_client")?,
                        },
                        turn: row.named("turn")?,
                        title: row.named("title")?,
                        stopped: row.named("stopped")?,
                    })
                },
            )
        })
        .await
    }

    /// Asks for the end of turns, wherever they run.
    pub(in crate::server) async fn ask_to_stop(
        &self,
        which: StopTarget<'_>,
    ) -> Result<(), SessionStoreError> {
        // A session may bear the name of an answer of somebody else.
        let (column, id) = match which {
            StopTarget::Answer(id) => ("id", id.to_owned()),
            StopTarget::Session(id) => ("session", id.to_owned()),
        };
        self.write(move |db| {
            let sql = format!(
                "UPDATE answers SET stopped = 1 WHERE {column} = ?1 AND status IN ('queued', 'running')"
            );
            db.execute(&sql, values![&id])
        })
        .await?;
        Ok(())
    }

    /// The answers of a session whose turns run or wait, wherever, in the order they were asked.
    pub(in crate::server) async fn active_turns(
        &self,
        session: &str,
    ) -> Result<Vec<String>, SessionStoreError> {
        let session = session.to_owned();
        self.read(move |db| {
            let sql =
                "SELECT id FROM answers WHERE session = ?1 AND status IN ('queued', 'running') ORDER BY turn";
            db.rows(sql, values![&session], |row| row.named("id"))
        })
        .await
    }
}
