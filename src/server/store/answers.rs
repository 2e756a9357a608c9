//! Answers.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::sessions::{ensure, title_of};
use super::{LEASE_MS, SessionStore, SessionStoreError};
use crate::server::record::{
    AnswerContent, AnswerRecord, AnswerStatus, Feedback, Rating, RecordError, now_ms, rfc3339,
};

const COLUMNS: &str = "id, session, turn, status, question, created_at, finished_at, principal, content, \
     rating, comment, rated_at, error_code, error_detail";

/// A question that was taken.
#[derive(Debug, Clone)]
pub(in crate::server) struct NewAnswer {
    pub(in crate::server) id: String,
    pub(in crate::server) session: String,
    pub(in crate::server) principal: String,
    pub(in crate::server) question: String,
    /// The answer, in another session, that this one goes on from.
    pub(in crate::server) base: Option<String>,
    pub(in crate::server) idempotency_key: Option<String>,
    /// The process that runs it.
    pub(in crate::server) owner: String,
}

/// What became of storing a question.
#[derive(Debug)]
pub(in crate::server) enum StoredAnswer {
    New {
        turn: u32,
        new_session: bool,
        title: String,
    },
    /// Its key was used before, for this answer.
    Known(String),
    /// The session is another principal's.
    NotYours,
}

/// How a turn ended.
#[derive(Debug, Clone)]
pub(in crate::server) struct Ended {
    pub(in crate::server) status: AnswerStatus,
    pub(in crate::server) content: AnswerContent,
    pub(in crate::server) taped: bool,
    pub(in crate::server) error: Option<RecordError>,
    /// What stands for this answer on wires where the client sends all messages.
    pub(in crate::server) message_key: Option<String>,
}

fn record(row: &Row<'_>) -> rusqlite::Result<AnswerRecord> {
    let status: String = row.get(3)?;
    let content: Option<String> = row.get(8)?;
    let content: AnswerContent = content
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let rating: Option<String> = row.get(9)?;
    let error_code: Option<String> = row.get(12)?;
    let finished: Option<i64> = row.get(6)?;
    Ok(AnswerRecord {
        id: row.get(0)?,
        session: row.get(1)?,
        turn: row.get(2)?,
        status: AnswerStatus::of_word(&status),
        question: row.get(4)?,
        created_at: rfc3339(row.get(5)?),
        finished_at: finished.map(rfc3339),
        asked_by: row.get(7)?,
        answer: content.answer,
        tables: content.tables,
        charts: content.charts,
        follow_ups: content.follow_ups,
        feedback: match rating {
            Some(rating) => Some(Feedback {
                rating,
                comment: row.get(10)?,
                at: rfc3339(row.get(11)?),
            }),
            None => None,
        },
        error: match error_code {
            Some(code) => Some(RecordError {
                code,
                detail: row.get(13)?,
            }),
            None => None,
        },
    })
}

fn insert(connection: &Connection, new: &NewAnswer) -> rusqlite::Result<StoredAnswer> {
    if let Some(key) = &new.idempotency_key {
        let known: Option<String> = connection
            .prepare_cached("SELECT id FROM answers WHERE principal = ?1 AND idempotency_key = ?2")?
            .query_row([&new.principal, key], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            return Ok(StoredAnswer::Known(known));
        }
    }
    let base = new.base.as_deref();
    let Some(new_session) = ensure(connection, &new.session, &new.principal, &new.question, base)? else {
        return Ok(StoredAnswer::NotYours);
    };
    let turn: u32 = connection
        .prepare_cached("SELECT coalesce(max(turn), 0) + 1 FROM answers WHERE session = ?1")?
        .query_row([&new.session], |row| row.get(0))?;
    connection
        .prepare_cached(
            "INSERT INTO answers (id, session, principal, turn, question, status, created_at, idempotency_key, owner, lease_until) \
             VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            new.id,
            new.session,
            new.principal,
            turn,
            new.question,
            now_ms(),
            new.idempotency_key,
            new.owner,
            now_ms().saturating_add(LEASE_MS)
        ])?;
    connection
        .prepare_cached(
            "UPDATE sessions SET updated_at = ?2, title = CASE WHEN named = 0 AND title = '' THEN ?3 ELSE title END WHERE id = ?1",
        )?
        .execute(params![new.session, now_ms(), title_of(&new.question)])?;
    let title = connection
        .prepare_cached("SELECT title FROM sessions WHERE id = ?1")?
        .query_row([&new.session], |row| row.get(0))?;
    Ok(StoredAnswer::New {
        turn,
        new_session,
        title,
    })
}

impl SessionStore {
    /// Stores a question. When this returns, it is acknowledged.
    pub(in crate::server) async fn new_answer(
        &self,
        new: NewAnswer,
    ) -> Result<StoredAnswer, SessionStoreError> {
        self.write(move |connection| insert(connection, &new)).await
    }

    /// One answer; of this principal, or of anybody.
    pub(in crate::server) async fn answer(
        &self,
        id: &str,
        principal: Option<&str>,
    ) -> Result<Option<AnswerRecord>, SessionStoreError> {
        let (id, principal) = (id.to_owned(), principal.map(str::to_owned));
        self.read(move |connection| {
            let sql =
                format!("SELECT {COLUMNS} FROM answers WHERE id = ?1 AND (?2 IS NULL OR principal = ?2)");
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_row(params![id, principal], record).optional()
        })
        .await
    }

    /// The answers of a session, oldest first.
    pub(in crate::server) async fn answers_of(
        &self,
        session: &str,
    ) -> Result<Vec<AnswerRecord>, SessionStoreError> {
        let session = session.to_owned();
        self.read(move |connection| {
            let sql = format!("SELECT {COLUMNS} FROM answers WHERE session = ?1 ORDER BY turn");
            let mut statement = connection.prepare_cached(&sql)?;
            statement.query_map([session], record)?.collect()
        })
        .await
    }

    /// The last answer before this turn of a session that has a tape; where there is none, the answer in another session
    /// that this one goes on from.
    pub(in crate::server) async fn tape_before(
        &self,
        session: &str,
        turn: u32,
    ) -> Result<Option<String>, SessionStoreError> {
        let session = session.to_owned();
        self.read(move |connection| {
            let own = "SELECT id FROM answers WHERE session = ?1 AND turn < ?2 AND taped = 1 ORDER BY turn DESC LIMIT 1";
            let own: Option<String> = connection
                .prepare_cached(own)?
                .query_row(params![session, turn], |row| row.get(0))
                .optional()?;
            if own.is_some() {
                return Ok(own);
            }
            let base: Option<Option<String>> = connection
                .prepare_cached("SELECT base FROM sessions WHERE id = ?1")?
                .query_row([session], |row| row.get(0))
                .optional()?;
            Ok(base.flatten())
        })
        .await
    }

    /// Stores how a turn ended. When this returns, the answer lasts.
    pub(in crate::server) async fn end_answer(
        &self,
        id: &str,
        ended: Ended,
    ) -> Result<(), SessionStoreError> {
        let id = id.to_owned();
        self.write(move |connection| {
            let answer = ended.content.answer.as_ref();
            let at = |pointer: &str| answer.and_then(|answer| answer.0.pointer(pointer).cloned());
            let text = |pointer: &str| at(pointer).and_then(|value| value.as_str().map(str::to_owned));
            let whole = |pointer: &str| at(pointer).and_then(|value| value.as_i64());
            connection
                .prepare_cached(
                    "UPDATE answers SET status = ?2, finished_at = ?3, content = ?4, outcome = ?5, stop_reason = ?6, \
                     total_ms = ?7, cost_usd = ?8, input_tokens = ?9, output_tokens = ?10, error_code = ?11, \
                     error_detail = ?12, taped = ?13, owner = NULL, lease_until = NULL WHERE id = ?1",
                )?
                .execute(params![
                    id,
                    ended.status.word(),
                    now_ms(),
                    serde_json::to_string(&ended.content).unwrap_or_default(),
                    text("/outcome"),
                    text("/stop_reason"),
                    whole("/timings/total_ms"),
                    at("/usage/cost_usd").and_then(|cost| cost.as_f64()),
                    whole("/usage/input_tokens"),
                    whole("/usage/output_tokens"),
                    ended.error.as_ref().map(|error| &error.code),
                    ended.error.as_ref().map(|error| &error.detail),
                    ended.taped,
                ])?;
            if let Some(key) = &ended.message_key {
                connection
                    .prepare_cached(
                        "INSERT OR REPLACE INTO message_keys (principal, key, answer) \
                         SELECT principal, ?2, id FROM answers WHERE id = ?1",
                    )?
                    .execute(params![id, key])?;
            }
            Ok(())
        })
        .await
    }

    /// The answer that ended with these messages, with its session, and whether it is the session's last.
    pub(in crate::server) async fn answer_of_messages(
        &self,
        principal: &str,
        key: &str,
    ) -> Result<Option<(String, String, bool)>, SessionStoreError> {
        let (principal, key) = (principal.to_owned(), key.to_owned());
        self.read(move |connection| {
            connection
                .prepare_cached(
                    "SELECT answers.id, session, turn = (SELECT max(turn) FROM answers AS other WHERE other.session = answers.session) \
                     FROM message_keys JOIN answers ON answers.id = answer WHERE message_keys.principal = ?1 AND key = ?2",
                )?
                .query_row([principal, key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()
        })
        .await
    }

    /// Keeps what a person thinks of an answer, or takes it back. Returns whether it is there.
    pub(in crate::server) async fn rate(
        &self,
        id: &str,
        principal: &str,
        rating: Option<Rating>,
        comment: Option<String>,
    ) -> Result<bool, SessionStoreError> {
        let (id, principal) = (id.to_owned(), principal.to_owned());
        self.write(move |connection| {
            let comment = rating.and(comment);
            let changed = connection.execute(
                "UPDATE answers SET rating = ?3, comment = ?4, rated_at = ?5 WHERE id = ?1 AND principal = ?2",
                params![id, principal, rating.map(Rating::word), comment, rating.map(|_| now_ms())],
            )?;
            Ok(changed > 0)
        })
        .await
    }
}
