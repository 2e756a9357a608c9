//! What administrators look at: answers of all principals, and use by day.

use rusqlite::params;

use super::sessions::{Page, like};
use super::{SessionStore, SessionStoreError};
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
        let mut items = self
            .read(move |connection| {
                let mut statement = connection.prepare_cached(
                    "SELECT id, session, principal, question, status, outcome, stop_reason, created_at, total_ms, cost_usd, rating, \
                     comment FROM answers WHERE (?1 = '' OR principal = ?1) AND (?2 = '' OR outcome = ?2) \
                     AND (?3 = '' OR rating = ?3) AND (?4 = '%%' OR question LIKE ?4 ESCAPE '\\') AND (?5 IS NULL OR id < ?5) \
                     ORDER BY id DESC LIMIT ?6",
                )?;
                let most = i64::try_from(limit.saturating_add(1)).unwrap_or(i64::MAX);
                let AnswerFilter {
                    principal,
                    outcome,
                    rating,
                    search,
                } = filter;
                let rows = statement.query_map(
                    params![principal, outcome, rating, like(&search), before, most],
                    |row| {
                        let status: String = row.get(4)?;
                        Ok(AnswerRow {
                            id: row.get(0)?,
                            session: row.get(1)?,
                            asked_by: row.get(2)?,
                            question: row.get(3)?,
                            status: AnswerStatus::of_word(&status),
                            outcome: row.get(5)?,
                            stop_reason: row.get(6)?,
                            created_at: rfc3339(row.get(7)?),
                            total_ms: row.get::<_, Option<i64>>(8)?.map(i64::unsigned_abs),
                            cost_usd: row.get(9)?,
                            rating: row.get(10)?,
                            comment: row.get(11)?,
                        })
                    },
                )?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(|last| last.id.clone());
        Ok(Page { items, next })
    }

    /// Use by day, the latest day first.
    pub(in crate::server) async fn usage(&self, days: u32) -> Result<Vec<DayReport>, SessionStoreError> {
        let since = now_ms().saturating_sub(i64::from(days).saturating_mul(DAY_MS));
        self.read(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT date(created_at / 1000, 'unixepoch') AS day, count(*), sum(outcome = 'answered'), \
                 total(cost_usd), sum(input_tokens), sum(output_tokens), sum(rating = 'up'), sum(rating = 'down') \
                 FROM answers WHERE created_at >= ?1 GROUP BY day ORDER BY day DESC",
            )?;
            let rows = statement.query_map([since], |row| {
                let count = |at: usize| row.get::<_, Option<i64>>(at).map(|count| count.unwrap_or_default().unsigned_abs());
                Ok(DayReport {
                    day: row.get(0)?,
                    answers: count(1)?,
                    answered: count(2)?,
                    cost_usd: row.get(3)?,
                    input_tokens: count(4)?,
                    output_tokens: count(5)?,
                    up: count(6)?,
                    down: count(7)?,
                })
            })?;
            rows.collect()
        })
        .await
    }
}
