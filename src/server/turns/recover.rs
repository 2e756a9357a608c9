//! Turns of a process that fell silent: taken over and resumed from their tapes.

use std::sync::Arc;
use std::time::Duration;

use super::run::TurnTask;
use super::{LiveTurn, TurnPermits, Turns};
use crate::server::event::TurnEvent;
use crate::server::state::SharedState;
use crate::server::store::{LEASE_MS, Orphan};

impl Turns {
    /// Renews this process's claims, takes over what others left, and lets go of what is not needed, until the process ends.
    pub(in crate::server) async fn keep_house(&self, state: &SharedState) {
        let third = Duration::from_millis(u64::try_from(LEASE_MS / 3).unwrap_or(5000));
        loop {
            if !self.is_stopping() {
                match state.store.take_over(&self.owner).await {
                    Ok(orphans) => {
                        for orphan in orphans {
                            self.adopt(state, orphan);
                        }
                    }
                    Err(error) => tracing::warn!(%error, "turns of other processes could not be looked for"),
                }
            }
            self.sweep();
            tokio::select! {
                () = tokio::time::sleep(third) => {}
                () = self.leaving.cancelled() => return,
            }
            if let Err(error) = state.store.renew(&self.owner).await {
                tracing::warn!(%error, "claims on turns could not be renewed");
            }
        }
    }

    fn adopt(&self, state: &SharedState, orphan: Orphan) {
        // Their number was bounded when they were taken.
        let place = TurnPermits::extra(&self.places);
        let queue = self.slots.join_always(&orphan.session);
        tracing::info!(answer = orphan.id, "a turn is taken over");
        let live = LiveTurn::new(
            orphan.id.clone(),
            orphan.session.clone(),
            // Whoever asked may need time to come back; they have had none yet.
            state.settings.grace.max(Duration::from_secs(1)),
        );
        live.push(TurnEvent::Started {
            answer: orphan.id,
            session: orphan.session,
            turn: orphan.turn,
            question: orphan.question.clone(),
            model: state.app().settings().model.id.to_string(),
            new_session: orphan.turn == 1,
            title: orphan.title,
        });
        let task = TurnTask {
            principal: orphan.principal,
            question: orphan.question,
            asker: None,
            message_key: None,
            turn: orphan.turn,
            resumed: true,
        };
        self.begin(state, &Arc::clone(&live), task, queue, place);
    }
}
