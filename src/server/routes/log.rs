//! The log of an answer's turn, wherever that is: in this process, in another one, or over and told from its record.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::server::event::TurnEvent;
use crate::server::record::{AnswerRecord, spoken_text};
use crate::server::state::SharedState;
use crate::server::store::title_of;
use crate::server::turns::{EventReader, LogCut, STORED, after_events, has_read_to};

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
    Told(VecDeque<(u64, Arc<TurnEvent>)>),
    Cut,
}

/// A turn that does not run in this process, or not any more. It is looked at until it does, or is over; then it is told from
/// its record. Whoever has seen another log of it is told all of that.
#[derive(Debug)]
struct FollowedTurn {
    state: SharedState,
    id: String,
    seen: u64,
    since: Instant,
}

impl TurnLog {
    /// The log of a turn that begins here: nobody has seen anything of it.
    pub(super) fn here(reader: EventReader) -> Self {
        Self(LogPlace::Here(reader))
    }

    /// The log of an answer from after the event of this number.
    pub(super) fn of(state: &SharedState, id: &str, seen: u64) -> Self {
        let turn = FollowedTurn {
            state: state.clone(),
            id: id.to_owned(),
            seen,
            since: Instant::now(),
        };
        // Whoever has seen the log of the stored answer goes on with that one.
        let here = if seen < STORED { turn.here() } else { None };
        Self(here.unwrap_or(LogPlace::Elsewhere(turn)))
    }

    /// The next event with its number, if it is there already.
    pub(super) fn next_now(&mut self) -> Option<(u64, Arc<TurnEvent>)> {
        match &mut self.0 {
            LogPlace::Here(reader) => reader.next_now(),
            LogPlace::Told(events) => events.pop_front(),
            LogPlace::Elsewhere(_) | LogPlace::Cut => None,
        }
    }

    /// The next event with its number; `None` after the last one.
    pub(super) async fn next(&mut self) -> Option<Result<(u64, Arc<TurnEvent>), LogCut>> {
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
        if self.seen < STORED
            && let Some(here) = self.here()
        {
            return Ok(Some(here));
        }
        match self.state.store.answer(&self.id, None).await {
            Ok(Some(record)) if record.status.is_over() => {
                let record = self.state.addresses.record(record);
                let in_draft = |text: String| self.state.addresses.prose(&text).into_owned();
                let events = told(record, in_draft).into_iter().enumerate();
                let numbered = events.map(|(at, event)| (after_events(STORED, at + 1), Arc::new(event)));
                let unseen = numbered.filter(|(number, _)| *number > self.seen);
                Ok(Some(LogPlace::Told(unseen.collect())))
            }
            // A number of a log that is not there yet was made up.
            Ok(Some(_)) if self.since.elapsed() < LONGEST => Ok(self.here()),
            _ => Err(LogCut),
        }
    }
}

/// Whether whoever has seen the event of this number has seen all that there is of an answer that is over.
pub(super) fn has_seen_all(record: &AnswerRecord, seen: u64) -> bool {
    if !record.status.is_over() {
        return false;
    }
    let stored = after_events(STORED, told(record.clone(), |text| text).len());
    seen >= stored || record.last_event.is_some_and(|last| has_read_to(last, seen))
}

/// The events that tell an answer that is over; `in_draft` says what of its text stands in a draft.
fn told(record: AnswerRecord, in_draft: impl Fn(String) -> String) -> Vec<TurnEvent> {
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
        title: title_of(&record.question),
    }];
    events.push(TurnEvent::TextDiscarded {});
    if let Some(answer) = record.finished() {
        events.push(TurnEvent::Text {
            delta: in_draft(spoken_text(answer)),
        });
    }
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
