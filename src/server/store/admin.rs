//! What administrators look at: answers of all principals, and use by day.

use super::folded::pattern;
use super::sessions::Page;
use super::transaction::values;
use super::{SessionStore, SessionStoreError};
use crate::server::ids::name_of;
use crate::server::record::{AnswerRow, AnswerStatus, DayReport, now_ms, rfc3339};

const DAY_MS: i64 = 86_400_000;

/// Which answers are looked at; what is empty selects nothing away.
#[derive(Debug, Clone, Default)]
pub(in crate::server) struct AnswerFilter {
    pub(in crate::server) principal: String,
    pub(in crate::server) outcome: String,
    pub(in crate::server) rating: String,
    pub(in crate::server) search: String,
}

impl SessionStore {
    /// Answers of all principals, newest first.
    pub(in crate::server) async fn all_answers(
        &self,
        filter: AnswerFilter,
        limit: usize,
        before: Option<String>,
    ) -> Result<Page<AnswerRow>, SessionStoreError> {
        let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
        let mut items = self
            .read(move |db| {
                let AnswerFilter {
                    principal,
                    outcome,
                    rating,
                    search,
                } = &filter;
                db.rows(
                    "SELECT id, session, principal, question, status, outcome, stop_reason, created_at, total_ms, cost_usd, rating, \
                     comment FROM answers WHERE (?1 = '' OR principal = ?1) AND (?2 = '' OR outcome = ?2) \
                     AND (?3 = '' OR rating = ?3) AND (?4 = '%%' OR folded LIKE ?4 ESCAPE '\\') \
                     AND (CAST(?5 AS TEXT) IS NULL OR id < ?5) ORDER BY id DESC LIMIT ?6",
                    values![principal, outcome, rating, pattern(search), before.as_ref(), most],
                    |row| {
                        Ok(AnswerRow {
                            id: row.get(0)?,
                            session: name_of(&row.get::<String>(1)?).to_owned(),
                            asked_by: row.get(2)?,
                            question: row.get(3)?,
                            status: AnswerStatus::of_word(&row.get::<String>(4)?),
                            outcome: row.get(5)?,
                            stop_reason: row.get(6)?,
                            created_at: rfc3339(row.get(7)?),
                            total_ms: row.get::<Option<i64>>(8)?.map(i64::unsigned_abs),
                            cost_usd: row.get(9)?,
                            rating: row.get(10)?,
                            comment: row.get(11)?,
                        })
                    },
                )
            })
            .await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Page { items, next })
    }

    /// Use by day, the latest day first.
    pub(in crate::server) async fn usage(&self, days: usize) -> Result<Vec<DayReport>, SessionStoreError> {
        let days = i64::try_from(days).unwrap_or(i64::MAX);
        let since = now_ms().saturating_sub(days.saturating_mul(DAY_MS));
        self.read(move |db| {
            db.rows(
                "SELECT created_at / 86400000, count(*), count(*) FILTER (WHERE outcome = 'answered'), \
                 CASE WHEN count(*) FILTER (WHERE status = 'finished' AND cost_usd IS NULL) > 0 THEN NULL \
                 ELSE CAST(coalesce(sum(cost_usd), 0) AS DOUBLE PRECISION) END, CAST(coalesce(sum(input_tokens), 0) AS BIGINT), \
                 CAST(coalesce(sum(output_tokens), 0) AS BIGINT), count(*) FILTER (WHERE rating = 'up'), \
                 count(*) FILTER (WHERE rating = 'down') \
                 FROM answers WHERE created_at >= ?1 GROUP BY 1 ORDER BY 1 DESC",
                values![since],
                |row| {
                    let count = |at: usize| row.get::<i64>(at).map(i64::unsigned_abs);
                    Ok(DayReport {
                        day: day(row.get(0)?),
                        answers: count(1)?,
                        answered: count(2)?,
                        cost_usd: row.get(3)?,
                        input_tokens: count(4)?,
                        output_tokens: count(5)?,
                        up: count(6)?,
                        down: count(7)?,
                    })
                },
            )
        })
        .await
    }
}

/// A day, counted from 1970-01-01, as it is written.
fn day(number: i64) -> String {
    let mut text = rfc3339(number.saturating_mul(DAY_MS));
    text.truncate("2026-01-01".len());
    text
}
