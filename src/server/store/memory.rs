//! What a turn knows of what was said before it: what the tapes of its session say, or, where they are gone, what the answers
//! themselves say; and what its client told of a conversation that began elsewhere.

use super::error::DatabaseError;
use super::transaction::{StoreTransaction, values};
use super::{SessionStore, SessionStoreError};
use crate::server::record::{AnswerContent, spoken_text};
use crate::wire::SaidBefore;

/// Most turns that are recalled without their tapes, and most bytes of their texts.
const MOST_TURNS: usize = 50;
const MOST_BYTES: usize = 64 * 1024;

/// Where what was said before a turn is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::server) enum TurnMemory {
    /// Nothing was said.
    Nothing,
    /// On the tape of this answer and of those before it.
    Tape(String),
    /// In the answers themselves, whose tapes are gone, and in what the client told.
    Answers,
}

/// What this turn of a session knows: the last answer before it that has a tape; where there is none, the answer in another
/// session that this one goes on from.
pub(super) fn memory_of(
    db: &StoreTransaction<'_>,
    session: &str,
    turn: u32,
) -> Result<TurnMemory, DatabaseError> {
    let own =
        "SELECT id FROM answers WHERE session = ?1 AND turn < ?2 AND taped = 1 ORDER BY turn DESC LIMIT 1";
    if let Some(own) = db.first(own, values![session, turn], |row| row.get(0))? {
        return Ok(TurnMemory::Tape(own));
    }
    let base =
        "SELECT answers.id, taped FROM sessions JOIN answers ON answers.id = base WHERE sessions.id = ?1";
    let base: Option<(String, bool)> =
        db.first(base, values![session], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let untaped = "SELECT 1 FROM answers WHERE session = ?1 AND turn < ?2 AND status = 'finished' LIMIT 1";
    let said = turn > 1 && db.first(untaped, values![session, turn], |_| Ok(()))?.is_some();
    let told = "SELECT 1 FROM sessions WHERE id = ?1 AND said_before IS NOT NULL";
    let told = || db.first(told, values![session], |_| Ok(()));
    Ok(match base {
        Some((base, true)) if !said => TurnMemory::Tape(base),
        None if !said && told()?.is_none() => TurnMemory::Nothing,
        _ => TurnMemory::Answers,
    })
}

/// Keeps what a client told of what was said before its session began here: the end of it, where it is long.
pub(super) fn recall(
    db: &StoreTransaction<'_>,
    session: &str,
    told: &[SaidBefore],
) -> Result<(), DatabaseError> {
    let mut bytes = 0;
    let fits = |said: &&SaidBefore| {
        bytes += said.question.len() + said.answer.len();
        bytes <= MOST_BYTES
    };
    let mut kept: Vec<&SaidBefore> = told.iter().rev().take(MOST_TURNS).take_while(fits).collect();
    kept.reverse();
    if kept.is_empty() {
        return Ok(());
    }
    let kept = serde_json::to_string(&kept).unwrap_or_default();
    db.execute(
        "UPDATE sessions SET said_before = ?2 WHERE id = ?1",
        values![session, kept],
    )?;
    Ok(())
}

/// What a client told of what was said before a session began, the latest first.
fn told_of(db: &StoreTransaction<'_>, session: &str) -> Result<Vec<SaidBefore>, DatabaseError> {
    let sql = "SELECT said_before FROM sessions WHERE id = ?1";
    let told: Option<String> = db.first(sql, values![session], |row| row.get(0))?.flatten();
    let told = told.and_then(|told| serde_json::from_str::<Vec<SaidBefore>>(&told).ok());
    Ok(told.into_iter().flatten().rev().collect())
}

/// What was said in a session before one of its turns, the latest first.
fn said_in(db: &StoreTransaction<'_>, session: &str, turn: u32) -> Result<Vec<SaidBefore>, DatabaseError> {
    let sql = "SELECT question, content, created_at FROM answers WHERE session = ?1 AND turn < ?2 AND status = 'finished' \
               ORDER BY turn DESC LIMIT ?3";
    let most = i64::try_from(MOST_TURNS).unwrap_or(i64::MAX);
    let said = db.rows(sql, values![session, turn, most], |row| {
        let content: Option<String> = row.get(1)?;
        let content = content.and_then(|text| serde_json::from_str::<AnswerContent>(&text).ok());
        let at = jiff::Timestamp::from_millisecond(row.get(2)?).unwrap_or_default();
        Ok(SaidBefore {
            question: row.get(0)?,
            // An answer of before does not say its day.
            today: content
                .as_ref()
                .and_then(|content| content.today)
                .unwrap_or_else(|| at.to_zoned(jiff::tz::TimeZone::system()).date()),
            answer: content
                .and_then(|content| content.answer)
                .map(|answer| spoken_text(&answer))
                .unwrap_or_default(),
        })
    })?;
    Ok(said.into_iter().filter(|said| !said.answer.is_empty()).collect())
}

impl SessionStore {
    /// What was said before an answer, oldest first: in its session, before that began, and in those that this one went on from.
    /// Of a long conversation it is the end: no more than `most` bytes of it, but for the last answer.
    pub(in crate::server) async fn said_before(
        &self,
        answer: &str,
        most: usize,
    ) -> Result<Vec<SaidBefore>, SessionStoreError> {
        let answer = answer.to_owned();
        self.read(move |db| {
            let place = "SELECT session, turn FROM answers WHERE id = ?1";
            let place = |id: &str| {
                db.first(place, values![id], |row| {
                    Ok((row.get::<String>(0)?, row.get::<u32>(1)?))
                })
            };
            let (mut at, mut all, mut bytes) = (place(&answer)?, Vec::new(), 0);
            while let Some((session, turn)) = at.take() {
                let own = said_in(db, &session, turn)?;
                for said in own.into_iter().chain(told_of(db, &session)?) {
                    bytes += said.question.len() + said.answer.len();
                    let is_full = bytes > most && !all.is_empty();
                    if all.len() == MOST_TURNS || bytes > MOST_BYTES || is_full {
                        all.reverse();
                        return Ok(all);
                    }
                    all.push(said);
                }
                let base = "SELECT base FROM sessions WHERE id = ?1";
                let base: Option<String> = db.first(base, values![&session], |row| row.get(0))?.flatten();
                // What it went on from was said too.
                at = base.map(|base| place(&base)).transpose()?.flatten();
                at = at.map(|(session, turn)| (session, turn.saturating_add(1)));
            }
            all.reverse();
            Ok(all)
        })
        .await
    }
}
