//! The log of an answer's turn, wherever that is: in this process, in another one, or over and told from its record.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::server::event::TurnEvent;
use crate::server::record::AnswerRecord;
use crate::server::state::SharedState;
use crate::server::turns::{EventReader, LogCut};

/// How often a turn of another process is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// How long. Whoever wants to wait longer asks again.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// Reads the events of one answer.
#[derive(Debug)]
pub(super) struct TurnLog(LogPlace);

#[derive(Debug)]
enum LogPlace {
    Here(EventReader),
    Elsewhere(FollowedTurn),
    Told(VecDeque<(usize, Arc<TurnEvent>)>),
    Cut,
}

/// A turn that does not run in this process, or not any more. It is looked at until it does, or is over; then it is told from
/// its record, numbered on from what the client has seen.
#[derive(Debug)]
struct FollowedTurn {
    state: SharedState,
    id: String,
    seen: usize,
    since: Instant,
}

impl TurnLog {
    /// The log of a turn that begins here: nobody has seen anything of it.
    pub(super) fn here(reader: EventReader) -> Self {
        Self(LogPlace::Here(reader))
    }

    /// The log of an answer from after its first `seen` events.
    pub(super) fn of(state: &SharedState, id: &str, seen: usize) -> Self {
        let turn = FollowedTurn {
            state: state.clone(),
            id: id.to_owned(),
            seen,
            since: Instant::now(),
        };
        Self(turn.here().unwrap_or(LogPlace::Elsewhere(turn)))
    }

    /// The next event with its number, if it is there already.
    pub(super) fn next_now(&mut self) -> Option<(usize, Arc<TurnEvent>)> {
        match &mut self.0 {
            LogPlace::Here(reader) => reader.next_now(),
            LogPlace::Told(events) => events.pop_front(),
            LogPlace::Elsewhere(_) | LogPlace::Cut => None,
        }
    }

    /// The next event with its number; `None` after the last one.
    pub(super) async fn next(&mut self) -> Option<Result<(usize, Arc<TurnEvent>), LogCut>> {
        loop {
            match &mut self.0 {
                LogPlace::Here(reader) => return reader.next().await,
                LogPlace::Told(events) => return events.pop_front().map(Ok),
                LogPlace::Cut => return None,
                LogPlace::Elsewhere(turn) => match turn.look().await {
                    Ok(Some(found)) => self.0 = found,
                    Ok(None) => tokio::time::sleep(LOOK_AGAIN).await,
                    Err(cut) => {
                        self.0 = LogPlace::Cut;
                        return Some(Err(cut));
                    }
                },
            }
        }
    }

    /// Waits until the turn is over.
    pub(super) async fn last(mut self) -> Result<(), LogCut> {
        while let Some(next) = self.next().await {
            next?;
        }
        Ok(())
    }
}

impl FollowedTurn {
    /// Its log, if it runs or ended here. A log that was cut here goes on somewhere else.
    fn here(&self) -> Option<LogPlace> {
        let live = self.state.turns.find(&self.id).filter(|live| !live.is_cut());
        live.map(|live| LogPlace::Here(live.read(self.seen)))
    }

    async fn look(&self) -> Result<Option<LogPlace>, LogCut> {
        if let Some(here) = self.here() {
            return Ok(Some(here));
        }
        match self.state.store.answer(&self.id, None).await {
            Ok(Some(record)) if record.status.is_over() => {
                let events = told(record).into_iter().enumerate();
                // Whoever asks may name any number.
                let numbered = events
                    .map(|(at, event)| (self.seen.saturating_add(at).saturating_add(1), Arc::new(event)));
                Ok(Some(LogPlace::Told(numbered.collect())))
            }
            Ok(Some(_)) if self.since.elapsed() < LONGEST => Ok(None),
            _ => Err(LogCut),
        }
    }
}

/// The events that tell an answer that is over.
fn told(record: AnswerRecord) -> Vec<TurnEvent> {
    let model = record
        .answer
        .as_ref()
        .map(|answer| answer.text("model").to_owned());
    let mut events = vec![TurnEvent::Started {
        answer: record.id.clone(),
        session: record.session.clone(),
        turn: record.turn,
        question: record.question.clone(),
        model: model.unwrap_or_default(),
        new_session: record.turn == 1,
        title: record.question.clone(),
    }];
    events.push(TurnEvent::TextDiscarded {});
    let tables = record
        .tables
        .iter()
        .map(|table| TurnEvent::Table(Box::new(table.clone())));
    events.extend(tables);
    let charts = record
        .charts
        .iter()
        .map(|chart| TurnEvent::Chart(Box::new(chart.clone())));
    events.extend(charts);
    if let Some(error) = &record.error {
        events.push(TurnEvent::Error {
            code: error.code.clone(),
            detail: error.detail.clone(),
        });
    }
    let status = record.status;
    events.push(TurnEvent::Answer(Box::new(record)));
    events.push(TurnEvent::Done { status });
    events
}
