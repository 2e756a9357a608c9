//! What is deleted is deleted everywhere: with its tapes, and out of the memory of whatever went on from it. A session that went
//! on from a deleted answer has that answer's text on its own tapes, so these go too. Its own questions and answers stay, and
//! from then on it recalls these.

use super::error::DatabaseError;
use super::tapes::remove_stored_tape;
use super::transaction::{StoreTransaction, values};

/// What else goes when answers are deleted.
#[derive(Debug, Default)]
pub(in crate::server) struct Forgotten {
    /// Answers whose tapes have to be removed.
    pub(in crate::server) tapes: Vec<String>,
    /// Sessions that went on from them, or from one that did: what is in memory of them holds what was deleted.
    pub(in crate::server) sessions: Vec<String>,
}

/// Takes answers that are about to be deleted out of the memory of all sessions that went on from them.
pub(super) fn forget(db: &StoreTransaction<'_>, answers: &[String]) -> Result<Forgotten, DatabaseError> {
    let mut forgotten = Forgotten {
        tapes: answers.to_vec(),
        sessions: Vec::new(),
    };
    let mut next = answers.to_vec();
    while let Some(answer) = next.pop() {
        let went_on = "SELECT id FROM sessions WHERE base = ?1";
        let went_on: Vec<String> = db.rows(went_on, values![&answer], |row| row.get(0))?;
        for session in went_on {
            let own = "SELECT id, status FROM answers WHERE session = ?1";
            let own: Vec<(String, String)> =
                db.rows(own, values![&session], |row| Ok((row.get(0)?, row.get(1)?)))?;
            // A turn that waits knows nothing yet. One that runs writes to its tape still, which goes at its end.
            let sql = "UPDATE answers SET taped = 0, bytes = coalesce(length(content), 0), forgotten = 1 \
                       WHERE session = ?1 AND status <> 'queued'";
            db.execute(sql, values![&session])?;
            for (id, status) in own {
                if status != "running" {
                    remove_stored_tape(db, &id)?;
                    forgotten.tapes.push(id.clone());
                }
                next.push(id);
            }
            forgotten.sessions.push(session);
        }
    }
    for answer in answers {
        db.execute("UPDATE sessions SET base = NULL WHERE base = ?1", values![answer])?;
    }
    Ok(forgotten)
}
