//! Answers.

use super::claims::{TurnStart, start};
use super::error::DatabaseError;
use super::folded::fold;
use super::forget::{Forgotten, forget};
use super::memory::{memory_of, recall};
use super::sessions::{ensure, title_of, touch};
use super::transaction::{StoreTransaction, values};
use super::value::SqlRow;
use super::{SessionStore, SessionStoreError};
use crate::server::ids::name_of;
use crate::server::record::{
    AnswerContent, AnswerRecord, AnswerStatus, Feedback, Rating, RecordError, now_ms, rfc3339,
};
use crate::wire::SaidBefore;

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
    /// Whether its turn ends when its client hangs up.
    pub(in crate::server) ends_with_client: bool,
}

/// A question that was taken.
#[derive(Debug, Clone)]
pub(in crate::server) struct NewAnswer {
    pub(in crate::server) asked: AskedTurn,
    /// Whether the session has to be there already.
    pub(in crate::server) goes_on: bool,
    /// The answer, in another session, that this one goes on from.
    pub(in crate::server) base: Option<String>,
    /// The answer that has to be the last of its session.
    pub(in crate::server) last: Option<String>,
    /// The answer of its session that it stands in place of; what was asked since goes with it.
    pub(in crate::server) replaces: Option<String>,
    /// What its client says was said before, where its session begins with it.
    pub(in crate::server) said_before: Vec<SaidBefore>,
    pub(in crate::server) idempotency_key: Option<String>,
    /// The process that runs it.
    pub(in crate::server) owner: String,
    /// Most turns of its session that run or wait before it.
    pub(in crate::server) max_ahead: u32,
    /// How long its claim holds, in milliseconds.
    pub(in crate::server) lease_ms: i64,
}

/// A question of a session, and the answer that it got.
#[derive(Debug, Clone)]
pub(in crate::server) struct QuestionRow {
    pub(in crate::server) answer: String,
    pub(in crate::server) question: String,
    /// What makes the same question, sent again, the same.
    pub(in crate::server) key: Option<String>,
    pub(in crate::server) status: AnswerStatus,
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
        /// What went with the answers that it stands in place of.
        forgotten: Forgotten,
    },
    /// Its key was used before, for this answer.
    Known(String),
    /// The session is another principal's, or has to be there and is not.
    NotYours,
    /// Too many questions wait in its session.
    Busy,
    /// Another question came behind the one that has to be the last.
    NotLast,
}

fn record(row: &SqlRow) -> Result<AnswerRecord, DatabaseError> {
    let status: String = row.named("status")?;
    let content: Option<String> = row.named("content")?;
    let content: AnswerContent = content
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default();
    let error_code: Option<String> = row.named("error_code")?;
    let finished: Option<i64> = row.named("finished_at")?;
    Ok(AnswerRecord {
        id: row.named("id")?,
        session: name_of(&row.named::<String>("session")?).to_owned(),
        turn: row.named("turn")?,
        status: AnswerStatus::of_word(&status),
        question: row.named("question")?,
        created_at: rfc3339(row.named("created_at")?),
        finished_at: finished.map(rfc3339),
        asked_by: row.named("principal")?,
        last_event: content.last_event,
        answer: content.answer,
        tables: content.tables,
        charts: content.charts,
        follow_ups: content.follow_ups,
        feedback: feedback(row)?,
        error: match error_code {
            Some(code) => Some(RecordError {
                code,
                detail: row.named("error_detail")?,
            }),
            None => None,
        },
    })
}

/// What a person thought of an answer.
pub(super) fn feedback(row: &SqlRow) -> Result<Option<Feedback>, DatabaseError> {
    let rating: Option<String> = row.named("rating")?;
    let Some(rating) = rating else { return Ok(None) };
    Ok(Some(Feedback {
        rating,
        comment: row.named("comment")?,
        at: rfc3339(row.named("rated_at")?),
    }))
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
        forgotten: Forgotten::default(),
    }))
}

/// The answer of this key, unless it goes with the one whose place is taken.
fn of_key(
    db: &StoreTransaction<'_>,
    principal: &str,
    key: &str,
    replaced: Option<&str>,
) -> Result<Option<String>, DatabaseError> {
    let sql = "SELECT id FROM answers WHERE principal = ?1 AND idempotency_key = ?2 AND NOT EXISTS \
               (SELECT 1 FROM answers AS gone WHERE gone.id = CAST(?3 AS TEXT) AND gone.session = answers.session \
               AND gone.turn <= answers.turn)";
    db.first(sql, values![principal, key, replaced], |row| row.get(0))
}

/// Adds the row of a question.
fn add(db: &StoreTransaction<'_>, new: &NewAnswer, turn: u32, runs: bool) -> Result<u64, DatabaseError> {
    let asked = &new.asked;
    let sql = format!(
        "INSERT INTO answers (id, session, principal, turn, question, status, created_at, idempotency_key, owner, lease_until, \
         asker, message_key, trace, ends_with_client, folded) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?12, ?6, ?7, ?8, {} + ?9, ?10, ?11, ?13, ?14, ?15)",
        db.clock()
    );
    let status = if runs {
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
            asked.ends_with_client,
            fold(&asked.question),
        ],
    )
}

fn insert(db: &StoreTransaction<'_>, new: &NewAnswer) -> Result<StoredAnswer, DatabaseError> {
    let asked = &new.asked;
    if let Some(key) = &new.idempotency_key {
        let known = of_key(db, &asked.principal, key, new.replaces.as_deref())?;
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
    if new_session && base.is_none() {
        recall(db, &asked.session, &new.said_before)?;
    }
    // It may have been committed although that was not told.
    if let Some(stored) = stored(db, new)? {
        return Ok(stored);
    }
    if let Some(wanted) = &new.last {
        let last = "SELECT id FROM answers WHERE session = ?1 ORDER BY turn DESC LIMIT 1";
        let last: Option<String> = db.first(last, values![&asked.session], |row| row.get(0))?;
        if last.as_ref() != Some(wanted) {
            return Ok(StoredAnswer::NotLast);
        }
    }
    let ahead = "SELECT count(*) FROM answers WHERE session = ?1 AND status IN ('queued', 'running')";
    let ahead: Option<u32> = db.first(ahead, values![&asked.session], |row| row.get(0))?;
    let ahead = ahead.unwrap_or_default();
    if ahead > new.max_ahead {
        return Ok(StoredAnswer::Busy);
    }
    let forgotten = match &new.replaces {
        Some(replaced) => make_place(db, &asked.session, replaced)?,
        None => Some(Forgotten::default()),
    };
    let Some(forgotten) = forgotten else {
        return Ok(StoredAnswer::Busy);
    };
    let turn = "SELECT coalesce(max(turn), 0) + 1 FROM answers WHERE session = ?1";
    let turn: Option<u32> = db.first(turn, values![&asked.session], |row| row.get(0))?;
    let turn = turn.unwrap_or(1);
    add(db, new, turn, ahead == 0)?;
    let sql = "UPDATE sessions SET title = CASE WHEN named = 0 AND title = '' THEN ?2 ELSE title END, \
               folded = CASE WHEN named = 0 AND title = '' THEN ?3 ELSE folded END WHERE id = ?1 RETURNING title";
    let title = title_of(&asked.question);
    let values = values![&asked.session, &title, fold(&title)];
    let title = db.first(sql, values, |row| row.named("title"))?;
    let start = if ahead == 0 {
        let memory = memory_of(db, &asked.session, turn)?;
        TurnStart::Begun {
            memory,
            forgotten: false,
        }
    } else {
        TurnStart::Waits { ahead }
    };
    Ok(StoredAnswer::New {
        turn,
        new_session,
        title: title.unwrap_or_default(),
        start,
        forgotten,
    })
}

/// Deletes an answer of this session and those after it, so that another one can take their place. Returns what goes with
/// them, or `None` when a turn of them is not over.
fn make_place(
    db: &StoreTransaction<'_>,
    session: &str,
    answer: &str,
) -> Result<Option<Forgotten>, DatabaseError> {
    let sql = "SELECT id, status FROM answers WHERE session = ?1 \
               AND turn >= (SELECT turn FROM answers WHERE id = ?2 AND session = ?1)";
    let replaced: Vec<(String, String)> = db.rows(sql, values![session, answer], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    if replaced
        .iter()
        .any(|(_, status)| !AnswerStatus::of_word(status).is_over())
    {
        return Ok(None);
    }
    let replaced: Vec<String> = replaced.into_iter().map(|(id, _)| id).collect();
    let forgotten = forget(db, &replaced)?;
    for id in &replaced {
        db.execute("DELETE FROM answers WHERE id = ?1", values![id])?;
    }
    Ok(Some(forgotten))
}

impl SessionStore {
    /// Stores a question, and begins its turn where none of its session comes first. When this returns, it is acknowledged.
    pub(in crate::server) async fn new_answer(
        &self,
        new: NewAnswer,
    ) -> Result<StoredAnswer, SessionStoreError> {
        let stored = self.write(move |db| insert(db, &new)).await?;
        if let StoredAnswer::New { forgotten, .. } = &stored
            && !forgotten.tapes.is_empty()
        {
            self.remove_tapes(forgotten.tapes.clone()).await;
            self.empty_log().await;
        }
        Ok(stored)
    }

    /// The answer that this principal's key was used for, unless it goes with the one whose place is taken.
    pub(in crate::server) async fn answer_of_key(
        &self,
        principal: &str,
        key: &str,
        replaced: Option<&str>,
    ) -> Result<Option<String>, SessionStoreError> {
        let (principal, key) = (principal.to_owned(), key.to_owned());
        let replaced = replaced.map(str::to_owned);
        self.read(move |db| of_key(db, &principal, &key, replaced.as_deref()))
            .await
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

    /// The questions of a session, oldest first.
    pub(in crate::server) async fn questions_of(
        &self,
        session: &str,
    ) -> Result<Vec<QuestionRow>, SessionStoreError> {
        let session = session.to_owned();
        self.read(move |db| {
            let sql =
                "SELECT id, question, idempotency_key, status FROM answers WHERE session = ?1 ORDER BY turn";
            db.rows(sql, values![&session], |row| {
                Ok(QuestionRow {
                    answer: row.get(0)?,
                    question: row.get(1)?,
                    key: row.get(2)?,
                    status: AnswerStatus::of_word(&row.get::<String>(3)?),
                })
            })
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
        let changed = self.write(move |db| {
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
        .await?;
        // What was said before is not kept.
        self.empty_log().await;
        Ok(changed)
    }
}
