//! What a process does beside its turns: it renews its claims on them, lets go of those that are not its own any more, takes
//! over what others left, and deletes what is not kept.

use std::collections::{BTreeSet, HashMap};
use std::time::{Duration, Instant};

use super::numbers::of_next_run;
use super::run::TurnTask;
use super::{LiveTurn, TurnPermits, Turns, grace_of, started};
use crate::server::state::SharedState;
use crate::server::store::{ClaimedTurn, SessionStoreError};
use crate::telemetry::TraceParent;

/// How often it is looked whether a turn is to stop, while turns run.
const LOOK: Duration = Duration::from_secs(1);
/// How often it is looked for what is not kept, and when first.
const RETIRE: Duration = Duration::from_secs(3600);
const FIRST_RETIRE: Duration = Duration::from_secs(20);

impl Turns {
    /// Keeps house until the process ends.
    pub(in crate::server) async fn keep_house(&self, state: &SharedState) {
        let third = state.store.settings().lease / 3;
        let mut renewed: Option<Instant> = None;
        let mut retired = Instant::now()
            .checked_sub(RETIRE.saturating_sub(FIRST_RETIRE))
            .unwrap_or_else(Instant::now);
        let mut missing = BTreeSet::new();
        loop {
            let due = renewed.is_none_or(|at| at.elapsed() >= third);
            if due {
                // A try that fails is repeated at the next look.
                if let Err(error) = self.renew(state).await {
                    tracing::warn!(%error, "claims on turns could not be renewed");
                } else {
                    renewed = Some(Instant::now());
                }
                self.sweep(state);
                state.store.empty_log_that_is_left().await;
                state.store.clear_brought(self.running_ids()).await;
            }
            if due || self.running() > 0 {
                match self.look(state, missing).await {
                    Ok(now) => missing = now,
                    Err(error) => {
                        missing = BTreeSet::new();
                        tracing::warn!(%error, "claims on turns could not be read");
                    }
                }
            }
            if retired.elapsed() >= RETIRE {
                retired = Instant::now();
                if let Err(error) = self.retire(state).await {
                    tracing::warn!(%error, "old sessions could not be deleted");
                }
            } else if let Err(error) = self.retire_overflow(state).await {
                tracing::warn!(%error, "old sessions could not be deleted");
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK.min(third)) => {}
                () = self.leaving.cancelled() => return,
            }
        }
    }

    async fn renew(&self, state: &SharedState) -> Result<(), SessionStoreError> {
        state.store.renew(&self.owner).await?;
        if !self.is_stopping() {
            state.store.take_over(&self.owner).await?;
        }
        Ok(())
    }

    /// Compares what runs here with what the store says. `missing` are turns that were not this process's at the last look;
    /// those that are not now either are left. Returns those that are missing now.
    async fn look(
        &self,
        state: &SharedState,
        missing: BTreeSet<String>,
    ) -> Result<BTreeSet<String>, SessionStoreError> {
        let running = self.running_ids();
        let claimed = state.store.claimed(&self.owner).await?;
        let by_id: HashMap<&str, &ClaimedTurn> = claimed
            .iter()
            .map(|turn| (turn.asked.id.as_str(), turn))
            .collect();
        let mut now_missing = BTreeSet::new();
        for id in running {
            match by_id.get(id.as_str()) {
                Some(turn) if turn.stopped => {
                    if let Some(live) = self.find(&id) {
                        live.cancel.cancel();
                    }
                }
                Some(_) => {}
                // It may just have ended, so that one look alone says nothing.
                None if missing.contains(&id) => {
                    if let Some(live) = self.find(&id) {
                        tracing::warn!(answer = id, "a turn is another process's now, and is left");
                        live.leave.cancel();
                    }
                }
                None => {
                    now_missing.insert(id);
                }
            }
        }
        if !self.is_stopping() {
            for turn in claimed {
                self.adopt(state, turn);
            }
        }
        Ok(now_missing)
    }

    /// Goes on with a turn of this process that nobody works on: it was taken over, or could not be ended.
    fn adopt(&self, state: &SharedState, turn: ClaimedTurn) {
        let asked = turn.asked;
        let Some(held) = self.active_answers.take(&asked.id) else {
            return;
        };
        // Their number was bounded when they were taken.
        let place = TurnPermits::extra(&self.places);
        let queue = self.slots.join_always(&asked.session);
        tracing::info!(answer = asked.id, "a turn is taken over");
        let live = LiveTurn::new(
            asked.id.clone(),
            asked.session.clone(),
            // Whoever asked may need time to come back; they have had none yet.
            grace_of(&asked, state.settings.grace.max(Duration::from_secs(1))),
            of_next_run(),
        );
        if turn.stopped {
            live.cancel.cancel();
        }
        live.push(started(state, &asked, turn.turn, turn.turn == 1, turn.title));
        let trace = TraceParent::named(asked.trace.as_deref());
        let task = TurnTask {
            asked,
            resumed: true,
            start: None,
        };
        self.begin(state, &live, task, (queue, place, held), trace);
        // Whoever read it may not come back: its time to be read begins now.
        drop(live.read(0));
    }

    /// The answers whose turns are not over here.
    fn running_ids(&self) -> Vec<String> {
        let running = self.live.running(|_| true);
        running.iter().map(|turn| turn.id.clone()).collect()
    }
}
