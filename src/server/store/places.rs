//! Where the messages of a chat stand in a session that its client names, and in those that went on from it.

use super::error::DatabaseError;
use super::transaction::{StoreTransaction, values};
use super::{SessionStore, SessionStoreError};
use crate::server::record::AnswerStatus;
use crate::server::said::{message_hash, nothing_said};

/// The session `?1`, and all that went on from it.
const BRANCHES: &str = "WITH RECURSIVE branches(id) AS (SELECT CAST(?1 AS TEXT) UNION SELECT sessions.id FROM branches \
                        JOIN answers ON answers.session = branches.id JOIN sessions ON sessions.base = answers.id)";

/// An answer that a question goes on from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) struct MessagePlace {
    pub(in crate::server) answer: String,
    /// What its session is kept under.
    pub(in crate::server) session: String,
    /// Whether nothing was asked behind it.
    pub(in crate::server) is_last: bool,
    pub(in crate::server) is_over: bool,
}

fn place(
    db: &StoreTransaction<'_>,
    session: &str,
    before: &str,
    last_asked: &str,
) -> Result<Option<MessagePlace>, DatabaseError> {
    // The same question may have been asked twice there: the answer that is sent back says which one is meant.
    let sql = format!(
        "{BRANCHES} SELECT answers.id, session, status, \
         CASE WHEN turn = (SELECT max(turn) FROM answers AS other WHERE other.session = answers.session) THEN 1 ELSE 0 END \
         FROM branches JOIN answers ON answers.session = branches.id \
         LEFT JOIN message_keys ON message_keys.answer = answers.id AND message_keys.key = ?2 \
         WHERE message_keys.key IS NOT NULL OR answers.message_key = ?3 \
         ORDER BY CASE WHEN message_keys.key IS NULL THEN 1 ELSE 0 END, answers.created_at DESC, answers.id DESC LIMIT 1"
    );
    db.first(&sql, values![session, before, last_asked], |row| {
        Ok(MessagePlace {
            answer: row.get(0)?,
            session: row.get(1)?,
            is_over: AnswerStatus::of_word(&row.get::<String>(2)?).is_over(),
            is_last: row.get(3)?,
        })
    })
}

impl SessionStore {
    /// The answer of a session, or of one that went on from it, that these messages end with, as hashes of all of them and of
    /// those up to the last question.
    pub(in crate::server) async fn place_of_messages(
        &self,
        session: &str,
        before: &str,
        last_asked: &str,
    ) -> Result<Option<MessagePlace>, SessionStoreError> {
        let (session, before, last_asked) = (session.to_owned(), before.to_owned(), last_asked.to_owned());
        self.read(move |db| place(db, &session, &before, &last_asked))
            .await
    }

    /// Whether questions of a session came with what was said before them.
    pub(in crate::server) async fn was_told_messages(
        &self,
        session: &str,
    ) -> Result<bool, SessionStoreError> {
        let session = session.to_owned();
        self.read(move |db| {
            let sql = "SELECT question, message_key FROM answers WHERE session = ?1 AND turn > 1 AND message_key IS NOT NULL";
            let asked: Vec<(String, String)> =
                db.rows(sql, values![&session], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let alone = |question: &str| message_hash(nothing_said(), "user", question).to_hex();
            Ok(asked.iter().any(|(question, key)| alone(question).as_str() != key))
        })
        .await
    }

    /// Whether a session is this one, or went on from it.
    pub(in crate::server) async fn went_on_from(
        &self,
        session: &str,
        first: &str,
    ) -> Result<bool, SessionStoreError> {
        let (session, first) = (session.to_owned(), first.to_owned());
        self.read(move |db| {
            let sql = format!("{BRANCHES} SELECT 1 FROM branches WHERE id = ?2");
            Ok(db.first(&sql, values![&first, &session], |_| Ok(()))?.is_some())
        })
        .await
    }
}
