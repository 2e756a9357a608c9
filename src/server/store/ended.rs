//! How a turn ended.

use serde_json::Value;

use super::answers::feedback;
use super::tapes::remove_stored_tape;
use super::transaction::values;
use super::{SessionStore, SessionStoreError};
use crate::server::ids::name_of;
use crate::server::record::{
    AnswerContent, AnswerRecord, AnswerStatus, Feedback, RecordError, now_ms, rfc3339,
};

#[derive(Debug, Clone)]
pub(in crate::server) struct EndedTurn {
    pub(in crate::server) status: AnswerStatus,
    pub(in crate::server) content: AnswerContent,
    pub(in crate::server) taped: bool,
    pub(in crate::server) error: Option<RecordError>,
    /// What stands for this answer on wires where the client sends all messages.
    pub(in crate::server) message_key: Option<String>,
}

/// What was stored of the end of a turn.
#[derive(Debug)]
pub(in crate::server) struct StoredEnd {
    pub(in crate::server) record: AnswerRecord,
    /// Whether what it rests on was deleted while it ran: neither its tape nor what its session holds in memory is kept.
    pub(in crate::server) forgotten: bool,
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
    forgotten: bool,
}

impl EndedRow {
    fn record(
        self,
        id: &str,
        status: AnswerStatus,
        content: AnswerContent,
        error: Option<RecordError>,
    ) -> AnswerRecord {
        AnswerRecord {
            id: id.to_owned(),
            session: name_of(&self.session).to_owned(),
            turn: self.turn,
            status,
            question: self.question,
            created_at: rfc3339(self.created_at),
            finished_at: Some(rfc3339(self.finished_at)),
            asked_by: self.principal,
            last_event: content.last_event,
            answer: content.answer,
            tables: content.tables,
            charts: content.charts,
            follow_ups: content.follow_ups,
            feedback: self.feedback,
            error,
        }
    }
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

impl SessionStore {
    /// Stores how a turn ended, if this process still runs it; returns its record, or `None` when it does not. When this returns,
    /// the answer lasts.
    pub(in crate::server) async fn end_answer(
        &self,
        id: &str,
        owner: &str,
        ended: EndedTurn,
    ) -> Result<Option<StoredEnd>, SessionStoreError> {
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
        let (row, bytes) = {
            let (id, owner, error) = (id.to_owned(), owner.to_owned(), error.clone());
            self.write_patiently(move |db| {
                // Whoever runs this may wait for the disk.
                let tape = std::fs::metadata(&tape).map_or(0, |file| file.len());
                let bytes = u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_add(tape);
                // Its owner stays, so that the same said twice is the same.
                let sql = "UPDATE answers SET status = ?2, finished_at = ?3, content = ?4, outcome = ?5, stop_reason = ?6, \
                     total_ms = ?7, cost_usd = ?8, input_tokens = ?9, output_tokens = ?10, error_code = ?11, \
                     error_detail = ?12, taped = CASE WHEN forgotten = 1 THEN 0 ELSE ?13 END, bytes = ?14 \
                     WHERE id = ?1 AND owner = ?15 \
                     RETURNING session, turn, question, created_at, finished_at, principal, rating, comment, rated_at, forgotten";
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
                    session: row.named("session")?,
                    turn: row.named("turn")?,
                    question: row.named("question")?,
                    created_at: row.named("created_at")?,
                    finished_at: row.named("finished_at")?,
                    principal: row.named("principal")?,
                    feedback: feedback(row)?,
                    forgotten: row.named("forgotten")?,
                }))?;
                if row.as_ref().is_some_and(|row| row.forgotten) {
                    remove_stored_tape(db, &id)?;
                }
                if let Some(key) = message_key.as_ref().filter(|_| row.is_some()) {
                    db.execute(
                        "INSERT INTO message_keys (principal, key, answer) SELECT principal, ?2, id FROM answers WHERE id = ?1 \
                         ON CONFLICT (principal, key) DO UPDATE SET answer = excluded.answer",
                        values![&id, key],
                    )?;
                }
                Ok((row, bytes))
            })
            .await?
        };
        let Some(row) = row else { return Ok(None) };
        self.note_written(bytes);
        if row.forgotten {
            self.remove_tapes(vec![id.to_owned()]).await;
        }
        let forgotten = row.forgotten;
        // What was written is not read again.
        let record = row.record(id, status, content, error);
        Ok(Some(StoredEnd { record, forgotten }))
    }
}
