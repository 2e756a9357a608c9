//! Answers.

use serde_json::Value;

use super::claims::{TurnStart, start};
use super::error::DatabaseError;
use super::sessions::{ensure, title_of, touch};
use super::transaction::{StoreTransaction, values};
use super::value::SqlRow;
use super::{SessionStore, SessionStoreError};
use crate::server::record::{
    AnswerContent, AnswerRecord, AnswerStatus, Feedback, Rating, RecordError, now_ms, rfc3339,
};

const COLUMNS: &str = "id, session, turn, status, question, created_at, finished_at, principal, content, \
     rating, comment, rated_at, error_code, error_detail";

/// A question and all that its turn depends on, for whichever process runs it.
#[derive(Debug, Clone)]
pub(in crate::server) struct AskedTurn {
    /// Of the answer.
    pub(in crate::server) id: String,
    pub(in crate::server) session: String,
    pub(in crate::server) principal: String,
    pub(in crate::server) question: String,
    /// Who asks, in words that the model is told.
    pub(in crate::server) asker: Option<String>,
    /// The hash of the messages up to the question, on wires where the client sends all of them.
    pub(in crate::server) message_key: Option<String>,
    /// The trace that its turn is part of.
    pub(in crate::server) trace: Option<String>,
}

/// A question that was taken.
#[derive(Debug, Clone)]
pub(in crate::server) struct NewAnswer {
    pub(in crate::server) asked: AskedTurn,
    /// Whether the session has to be there already.
    pub(in crate::server) goes_on: bool,
    /// The answer, in another session, that this one goes on from.
    pub(in crate::server) base: Option<String>,
    pub(in crate::server) idempotency_key: Option<String>,
    /// The process that runs it.
    pub(in crate::server) owner: String,
    /// Most turns of its session that run or wait before it.
    pub(in crate::server) max_ahead: u32,
    /// How long its claim holds, in milliseconds.
    pub(in crate::server) lease_ms: i64,
}

/// What became of storing a question.
#[derive(Debug)]
pub(in crate::server) enum StoredAnswer {
    New {
        turn: u32,
        new_session: bool,
        title: String,
        /// Whether its turn may run now. It does then.
        start: TurnStart,
    },
    /// Its key was used before, for this answer.
    Known(String),
    /// The session is another principal's, or has to be there and is not.
    NotYours,
    /// Too many questions wait in its session.
    Busy,
}

#[derive(Debug, Clone)]
pub(in crate::server) struct EndedTurn {
    pub(in crate::server) status: AnswerStatus,
    pub(in crate::server) content: AnswerContent,
    pub(in crate::server) taped: bool,
    pub(in crate::server) error: Option<RecordError>,
    /// What stands for this answer on wires where the client sends all messages.
    pub(in crate::server) message_key: Option<String>,
}

fn record(row: &SqlRow) -> Result<AnswerRecord, DatabaseError> {
    let status: String = row.get(3)?;
    let content: Option<String> = row.get(8)?;
    let content: AnswerContent = content
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
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
        feedback: feedback(row, 9)?,
        error: match error_code {
            Some(code) => Some(RecordError {
                code,
                detail: row.get(13)?,
            }),
            None => None,
        },
    })
}

/// What a person thought of an answer: rating, comment and time, from this column on.
fn feedback(row: &SqlRow, at: usize) -> Result<Option<Feedback>, DatabaseError> {
    let rating: Option<String> = row.get(at)?;
    let Some(rating) = rating else { return Ok(None) };
    Ok(Some(Feedback {
        rating,
        comment: row.get(at + 1)?,
        at: rfc3339(row.get(at + 2)?),
    }))
}

/// What the row of an answer says when its turn ended.
struct EndedRow {
    session: String,
    turn: u32,
    question: String,
    created_at: i64,
    finished_at: i64,
    principal: String,
    feedback: Option<Feedback>,
}

/// What of an answer stands in columns of its own.
struct ToldAnswer {
    outcome: Option<String>,
    stop_reason: Option<String>,
    total_ms: Option<i64>,
    cost_usd: Option<f64>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
}

impl ToldAnswer {
    fn of(content: &AnswerContent) -> Self {
        let at = |pointer: &str| content.answer.as_ref()?.0.pointer(pointer);
        let text = |pointer: &str| at(pointer).and_then(Value::as_str).map(str::to_owned);
        let whole = |pointer: &str| at(pointer).and_then(Value::as_i64);
        Self {
            outcome: text("/outcome"),
            stop_reason: text("/stop_reason"),
            total_ms: whole("/timings/total_ms"),
            cost_usd: at("/usage/cost_usd").and_then(Value::as_f64),
            input_tokens: whole("/usage/input_tokens"),
            output_tokens: whole("/usage/output_tokens"),
        }
    }
}

/// What is known of a question that was stored.
fn stored(db: &StoreTransaction<'_>, new: &NewAnswer) -> Result<Option<StoredAnswer>, DatabaseError> {
    let asked = &new.asked;
    let sql = "SELECT turn, title FROM answers JOIN sessions ON sessions.id = session WHERE answers.id = ?1";
    let stored = db.first(sql, values![&asked.id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some((turn, title)) = stored else {
        return Ok(None);
    };
    Ok(Some(StoredAnswer::New {
        turn,
        new_session: turn == 1,
        title,
        start: start(db, &asked.id, &new.owner, new.lease_ms)?,
    }))
}

fn insert(db: &StoreTransaction<'_>, new: &NewAnswer) -> Result<StoredAnswer, DatabaseError> {
    let asked = &new.asked;
    if let Some(key) = &new.idempotency_key {
        let sql = "SELECT id FROM answers WHERE principal = ?1 AND idempotency_key = ?2";
        let known: Option<String> = db.first(sql, values![&asked.principal, key], |row| row.get(0))?;
        if let Some(known) = known.filter(|known| *known != asked.id) {
            return Ok(StoredAnswer::Known(known));
        }
    }
    let base = new.base.as_deref();
    let session = if new.goes_on {
        touch(db, &asked.session, &asked.principal)?.then_some(false)
    } else {
        ensure(db, &asked.session, &asked.principal, &asked.question, base)?
    };
    let Some(new_session) = session else {
        return Ok(StoredAnswer::NotYours);
    };
    // It may have been committed although that was not told.
    if let Some(stored) = stored(db, new)? {
        return Ok(stored);
    }
    let sql = "SELECT coalesce(max(turn), 0) + 1, count(*) FILTER (WHERE status IN ('queued', 'running')) \
               FROM answers WHERE session = ?1";
    let place = db.first(sql, values![&asked.session], |row| {
        Ok((row.get::<u32>(0)?, row.get::<u32>(1)?))
    })?;
    let (turn, ahead) = place.unwrap_or((1, 0));
    if ahead > new.max_ahead {
        return Ok(StoredAnswer::Busy);
    }
    let sql = format!(
        "INSERT INTO answers (id, session, principal, turn, question, status, created_at, idempotency_key, owner, lease_until, \
         asker, message_key, trace) VALUES (?1, ?2, ?3, ?4, ?5, ?12, ?6, ?7, ?8, {} + ?9, ?10, ?11, ?13)",
        db.clock()
    );
    let status = if ahead == 0 {
        AnswerStatus::Running
    } else {
        AnswerStatus::Queued
    };
    db.execute(
        &sql,
        values![
            &asked.id,
            &asked.session,
            &asked.principal,
            turn,
            &asked.question,
            now_ms(),
            new.idempotency_key.as_ref(),
            &new.owner,
            new.lease_ms,
            asked.asker.as_ref(),
            asked.message_key.as_ref(),
            status.word(),
            asked.trace.as_ref(),
        ],
    )?;
    let sql = "UPDATE sessions SET title = CASE WHEN named = 0 AND title = '' THEN ?2 ELSE title END WHERE id = ?1 \
               RETURNING title";
    let title = db.first(sql, values![&asked.session, title_of(&asked.question)], |row| {
        row.get(0)
    })?;
    let start = if ahead == 0 {
        let before = tape_before(db, &asked.session, turn)?;
        TurnStart::Begun { before }
    } else {
        TurnStart::Waits { ahead }
    };
    Ok(StoredAnswer::New {
        turn,
        new_session,
        title: title.unwrap_or_default(),
        start,
    })
}

/// The last answer before this turn of a session that has a tape; where there is none, the answer in another session that
/// this one goes on from.
pub(super) fn tape_before(
    db: &StoreTransaction<'_>,
    session: &str,
    turn: u32,
) -> Result<Option<String>, DatabaseError> {
    let own =
        "SELECT id FROM answers WHERE session = ?1 AND turn < ?2 AND taped = 1 ORDER BY turn DESC LIMIT 1";
    let own = db.first(own, values![session, turn], |row| row.get(0))?;
    if own.is_some() {
        return Ok(own);
    }
    let base = "SELECT base FROM sessions WHERE id = ?1";
    Ok(db.first(base, values![session], |row| row.get(0))?.flatten())
}

impl SessionStore {
    /// Stores a question, and begins its turn where none of its session comes first. When this returns, it is acknowledged.
    pub(in crate::server) async fn new_answer(
        &self,
        new: NewAnswer,
    ) -> Result<StoredAnswer, SessionStoreError> {
        self.write(move |db| insert(db, &new)).await
    }

    /// One answer; of this principal, or of anybody.
    pub(in crate::server) async fn answer(
        &self,
        id: &str,
        principal: Option<&str>,
    ) -> Result<Option<AnswerRecord>, SessionStoreError> {
        let (id, principal) = (id.to_owned(), principal.map(str::to_owned));
        self.read(move |db| {
            let sql = format!(
                "SELECT {COLUMNS} FROM answers WHERE id = ?1 AND (CAST(?2 AS TEXT) IS NULL OR principal = ?2)"
            );
            db.first(&sql, values![&id, principal.as_ref()], record)
        })
        .await
    }

    /// The answers of a session, oldest first.
    pub(in crate::server) async fn answers_of(
        &self,
        session: &str,
    ) -> Result<Vec<AnswerRecord>, SessionStoreError> {
        let session = session.to_owned();
        self.read(move |db| {
            let sql = format!("SELECT {COLUMNS} FROM answers WHERE session = ?1 ORDER BY turn");
            db.rows(&sql, values![&session], record)
        })
        .await
    }

    /// Stores how a turn ended, if this process still runs it; returns its record, or `None` when it does not. When this returns,
    /// the answer lasts.
    pub(in crate::server) async fn end_answer(
        &self,
        id: &str,
        owner: &str,
        ended: EndedTurn,
    ) -> Result<Option<AnswerRecord>, SessionStoreError> {
        let EndedTurn {
            status,
            content,
            taped,
            error,
            message_key,
        } = ended;
        let tape = self.tape_file(id);
        let text = serde_json::to_string(&content).unwrap_or_default();
        let told = ToldAnswer::of(&content);
        let row = {
            let (id, owner, error) = (id.to_owned(), owner.to_owned(), error.clone());
            self.write_patiently(move |db| {
                // Whoever runs this may wait for the disk.
                let tape = std::fs::metadata(&tape).map_or(0, |file| file.len());
                let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(tape);
                // Its owner stays, so that the same said twice is the same.
                let sql = "UPDATE answers SET status = ?2, finished_at = ?3, content = ?4, outcome = ?5, stop_reason = ?6, \
                     total_ms = ?7, cost_usd = ?8, input_tokens = ?9, output_tokens = ?10, error_code = ?11, \
                     error_detail = ?12, taped = ?13, bytes = ?14 WHERE id = ?1 AND owner = ?15 \
                     RETURNING session, turn, question, created_at, finished_at, principal, rating, comment, rated_at";
                let values = values![
                    &id,
                    status.word(),
                    now_ms(),
                    &text,
                    told.outcome.as_ref(),
                    told.stop_reason.as_ref(),
                    told.total_ms,
                    told.cost_usd,
                    told.input_tokens,
                    told.output_tokens,
                    error.as_ref().map(|error| &error.code),
                    error.as_ref().map(|error| &error.detail),
                    taped,
                    i64::try_from(bytes).unwrap_or(i64::MAX),
                    &owner,
                ];
                let row = db.first(sql, values, |row| Ok(EndedRow {
                    session: row.get(0)?,
                    turn: row.get(1)?,
                    question: row.get(2)?,
                    created_at: row.get(3)?,
                    finished_at: row.get(4)?,
                    principal: row.get(5)?,
                    feedback: feedback(row, 6)?,
                }))?;
                if let Some(key) = message_key.as_ref().filter(|_| row.is_some()) {
                    db.execute(
                        "INSERT INTO message_keys (principal, key, answer) SELECT principal, ?2, id FROM answers WHERE id = ?1 \
                         ON CONFLICT (principal, key) DO UPDATE SET answer = excluded.answer",
                        values![&id, key],
                    )?;
                }
                Ok(row)
            })
            .await?
        };
        // What was written is not read again.
        Ok(row.map(|row| AnswerRecord {
            id: id.to_owned(),
            session: row.session,
            turn: row.turn,
            status,
            question: row.question,
            created_at: rfc3339(row.created_at),
            finished_at: Some(rfc3339(row.finished_at)),
            asked_by: row.principal,
            answer: content.answer,
            tables: content.tables,
            charts: content.charts,
            follow_ups: content.follow_ups,
            feedback: row.feedback,
            error,
        }))
    }

    /// The answer that ended with these messages, with its session, and whether it is the session's last.
    pub(in crate::server) async fn answer_of_messages(
        &self,
        principal: &str,
        key: &str,
    ) -> Result<Option<(String, String, bool)>, SessionStoreError> {
        let (principal, key) = (principal.to_owned(), key.to_owned());
        self.read(move |db| {
            db.first(
                "SELECT answers.id, session, \
                 CASE WHEN turn = (SELECT max(turn) FROM answers AS other WHERE other.session = answers.session) THEN 1 ELSE 0 END \
                 FROM message_keys JOIN answers ON answers.id = answer WHERE message_keys.principal = ?1 AND key = ?2",
                values![&principal, &key],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
            )
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
        let comment = rating.and(comment);
        self.write(move |db| {
            let changed = db.execute(
                "UPDATE answers SET rating = ?3, comment = ?4, rated_at = ?5 WHERE id = ?1 AND principal = ?2",
                values![
                    &id,
                    &principal,
                    rating.map(Rating::word),
                    comment.as_ref(),
                    rating.map(|_| now_ms())
                ],
            )?;
            Ok(changed > 0)
        })
        .await
    }
}
