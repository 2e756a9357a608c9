//! Results of provider batches on their way to the sessions that wait for them, and what an earlier start left behind.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use serde_json::json;
use tokio::sync::oneshot;

use super::collector::{PendingCompletion, RelayAnswer, RoundCollector, SentCompletion, TakenFields};
use super::files::each_line;
use super::key::CompletionKey;
use super::notes::{NotedBatch, NotedBatchState, ProviderNotes};
use crate::batch::ask::on_disk;
use crate::batch::error::BatchError;
use crate::model::{BatchOutcome, BatchResult, ProviderBatches};

/// How often a completion that fails or expires is put into a batch.
const ATTEMPTS: u32 = 3;

/// What became of the completions of a batch.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct DeliveryCounts {
    pub(super) own: u64,
    pub(super) answered: u64,
    pub(super) again: u64,
    pub(super) cancelled: u64,
    /// Results of somebody else.
    pub(super) foreign: u64,
}

/// A completion that goes up again.
type AgainWaiting = (u32, oneshot::Sender<RelayAnswer>, TakenFields);

impl RoundCollector {
    /// Takes up what an earlier start left behind: what is in batches that go on, and what came. Gives the batches that have
    /// to be followed.
    pub(super) async fn take_up(self: &Arc<Self>) -> Result<Vec<u32>, BatchError> {
        let own = Arc::clone(self);
        on_disk(move || own.take_up_now()).await
    }

    fn take_up_now(&self) -> Result<Vec<u32>, BatchError> {
        let notes = self.read_notes(ProviderNotes::clone);
        let mut open = Vec::new();
        for batch in notes.open() {
            let number = batch.number;
            let mut keys = Vec::new();
            each_line(&self.files.requests(number), |_, line| {
                let id = ProviderBatches::id_of(line).ok();
                keys.extend(id.and_then(|id| id.parse::<CompletionKey>().ok()));
                Ok(())
            })?;
            keys.retain(|key| notes.counts(key.session, number));
            let mut places = HashMap::new();
            if batch.state == NotedBatchState::Collected {
                each_line(&self.files.results(number), |offset, line| {
                    let result = self.api.result(line).ok();
                    let key = result.and_then(|(id, _)| id.parse::<CompletionKey>().ok());
                    places.extend(key.map(|key| (key, offset)));
                    Ok(())
                })?;
            } else {
                open.push(number);
            }
            let mut state = self.locked();
            state.unsettled.insert(number, batch.requests);
            for key in keys {
                // What a later batch holds counts.
                state.sent.remove(&key);
                state.arrived.remove(&key);
                if batch.state == NotedBatchState::Collected {
                    if let Some(offset) = places.get(&key) {
                        state.arrived.insert(key, (number, *offset));
                    }
                    continue;
                }
                let sent = SentCompletion {
                    batch: number,
                    attempts: 1,
                    waits: None,
                };
                state.sent.insert(key, sent);
            }
        }
        Ok(open)
    }

    /// Gives the results of a batch to who waits for them. Waits for the disk.
    pub(super) fn deliver(
        &self,
        batch: &NotedBatch,
        outcome: BatchOutcome,
    ) -> Result<DeliveryCounts, BatchError> {
        let number = batch.number;
        let path = self.files.results(number);
        let mut counts = DeliveryCounts::default();
        let mut again: BTreeMap<CompletionKey, AgainWaiting> = BTreeMap::new();
        each_line(&path, |offset, line| {
            let (id, result) = self
                .api
                .result(line)
                .map_err(|error| BatchError::read(&path, error.into()))?;
            let sent = id.parse::<CompletionKey>().ok().and_then(|key| {
                let mut state = self.locked();
                state.sent.get(&key).filter(|sent| sent.batch == number)?;
                state.sent.remove(&key).map(|sent| (key, sent))
            });
            let Some((key, sent)) = sent else {
                counts.foreign += 1;
                return Ok(());
            };
            counts.own += 1;
            counts.cancelled += u64::from(result == BatchResult::Cancelled);
            let Some((reply, taken)) = sent.waits else {
                counts.answered += 1;
                self.locked().arrived.insert(key, (number, offset));
                return Ok(());
            };
            match result {
                BatchResult::Answered { status, body }
                    if sent.attempts >= ATTEMPTS || !ProviderBatches::is_passing(status) =>
                {
                    counts.answered += 1;
                    // Whoever asked may have gone.
                    let _ = reply.send(self.answered(number, status, body));
                }
                BatchResult::Cancelled => {}
                BatchResult::Answered { .. } | BatchResult::Expired => {
                    again.insert(key, (sent.attempts, reply, taken));
                }
            }
            Ok(())
        })?;
        if counts.own == 0 && counts.foreign > 0 {
            return Ok(counts);
        }
        // What has no result at all had no time, or was cancelled.
        let missing: Vec<CompletionKey> = {
            let state = self.locked();
            let of_it = state.sent.iter().filter(|(_, sent)| sent.batch == number);
            of_it.map(|(key, _)| *key).collect()
        };
        for key in missing {
            let sent = self.locked().sent.remove(&key);
            if outcome == BatchOutcome::Cancelled {
                counts.cancelled += 1;
                continue;
            }
            if let Some(SentCompletion {
                attempts,
                waits: Some((reply, taken)),
                ..
            }) = sent
            {
                again.insert(key, (attempts, reply, taken));
            }
        }
        counts.again = again.len() as u64;
        self.go_up_again(batch, again)?;
        self.heard();
        Ok(counts)
    }

    /// Puts completions into the next round, with their requests from the disk.
    fn go_up_again(
        &self,
        batch: &NotedBatch,
        mut again: BTreeMap<CompletionKey, AgainWaiting>,
    ) -> Result<(), BatchError> {
        if again.is_empty() {
            return Ok(());
        }
        each_line(&self.files.requests(batch.number), |_, line| {
            let key = ProviderBatches::id_of(line).ok();
            let Some(key) = key.and_then(|id| id.parse::<CompletionKey>().ok()) else {
                return Ok(());
            };
            let Some((attempts, reply, taken)) = again.remove(&key) else {
                return Ok(());
            };
            if attempts >= ATTEMPTS {
                let body = json!({"error": {
                    "type": "batch_expired",
                    "message": format!("it expired in {attempts} provider batches before the model was asked"),
                }});
                let body = Bytes::from(body.to_string());
                let _ = reply.send(self.answered(batch.number, StatusCode::GATEWAY_TIMEOUT, body));
                return Ok(());
            }
            self.locked().pending.push(PendingCompletion {
                key,
                path: batch.path.clone(),
                line: format!("{}\n", String::from_utf8_lossy(line)),
                taken,
                attempts,
                before: Some(batch.number),
                reply,
            });
            Ok(())
        })
    }
}
