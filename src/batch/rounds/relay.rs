//! Where a session's completions come in.

use std::future::pending;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::StatusCode;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::collector::{PendingCompletion, RelayAnswer, RoundCollector, RoundsEnd};
use super::files::line_at;
use super::key::CompletionKey;
use crate::batch::ask::on_disk;
use crate::batch::error::BatchError;
use crate::model::{BatchResult, ProviderBatches};
use crate::wire::{CompletionRelay, RelayedCompletion};

/// A session that is not done yet. Rounds wait for it until it is dropped.
#[derive(Debug)]
pub(in crate::batch) struct SessionSeat(Arc<RoundCollector>);

/// The way of one session's completions.
#[derive(Debug, Clone)]
pub(in crate::batch) struct SessionRelay {
    collector: Arc<RoundCollector>,
    session: u64,
    /// The batch of the completion that the session was given last. It is on the session's tape once the session asks
    /// something else or has its answer.
    given: Arc<Mutex<Option<u32>>>,
    /// Cancelled when no completion comes any more.
    denied: CancellationToken,
}

impl SessionSeat {
    pub(in crate::batch) fn new(collector: &Arc<RoundCollector>) -> Self {
        Self(Arc::clone(collector))
    }
}

impl Drop for SessionSeat {
    fn drop(&mut self) {
        {
            let mut state = self.0.locked();
            state.sessions = state.sessions.saturating_sub(1);
        }
        self.0.heard();
    }
}

impl SessionRelay {
    /// Of a session with this hash. `denied` is cancelled when no completion comes any more: whoever runs the turn drops it.
    pub(in crate::batch) fn new(
        collector: &Arc<RoundCollector>,
        session: u64,
        denied: CancellationToken,
    ) -> Self {
        Self {
            collector: Arc::clone(collector),
            session,
            given: Arc::default(),
            denied,
        }
    }

    /// What the session was given is on its tape. Waits for the disk.
    pub(in crate::batch) fn settle(&self) {
        let given = self.given.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(number) = given {
            self.collector.settle(number);
        }
    }

    async fn answer(self, path: String, body: Bytes) -> RelayedCompletion {
        let own = self.clone();
        let settled = on_disk(move || {
            own.settle();
            Ok(())
        });
        let _ = settled.await;
        let answer = Arc::clone(&self.collector).ask(self.session, &path, body);
        if let Some((answer, batch)) = answer.await {
            *self.given.lock().unwrap_or_else(PoisonError::into_inner) = batch;
            return answer;
        }
        self.denied.cancel();
        pending().await
    }
}

impl CompletionRelay for SessionRelay {
    fn relay(&self, path: String, body: Bytes) -> BoxFuture<'static, RelayedCompletion> {
        Box::pin(self.clone().answer(path, body))
    }
}

impl RoundCollector {
    /// Answers one completion; `None` when nothing comes any more.
    async fn ask(self: Arc<Self>, session: u64, path: &str, body: Bytes) -> Option<RelayAnswer> {
        let path = self.api.path(path);
        let key = CompletionKey::of(session, &path, &body);
        let Ok((line, taken)) = self.api.line(&key.to_string(), &path, &body) else {
            // No client of ours sends anything but JSON objects.
            return Some((RelayedCompletion::SendNow(body), None));
        };
        drop(body);
        let arrived = self.locked().arrived.remove(&key);
        let mut before = None;
        if let Some((number, offset)) = arrived {
            match self.arrived(number, offset).await {
                Ok(Some(answer)) => return Some(answer),
                Ok(None) => before = Some(number),
                Err(error) => {
                    self.end(RoundsEnd::Failed(error));
                    return None;
                }
            }
        }
        let (reply, answer) = oneshot::channel();
        {
            let mut state = self.locked();
            if state.end.is_some() {
                return None;
            }
            match state.sent.get_mut(&key) {
                Some(sent) => sent.waits = Some((reply, taken)),
                None => state.pending.push(PendingCompletion {
                    key,
                    path,
                    line,
                    taken,
                    attempts: u32::from(before.is_some()),
                    before,
                    reply,
                }),
            }
        }
        self.heard();
        answer.await.ok()
    }

    /// A result that came before it was asked for; `None` when it has to be asked again.
    async fn arrived(self: &Arc<Self>, number: u32, offset: u64) -> Result<Option<RelayAnswer>, BatchError> {
        let own = Arc::clone(self);
        let result = on_disk(move || {
            let path = own.files.results(number);
            let line = line_at(&path, offset)?;
            let read = own.api.result(&line);
            read.map_err(|error| BatchError::read(&path, error.into()))
        });
        let (_, result) = result.await?;
        Ok(match result {
            BatchResult::Answered { status, body } if !ProviderBatches::is_passing(status) => {
                Some(self.answered(number, status, body))
            }
            BatchResult::Answered { .. } | BatchResult::Expired | BatchResult::Cancelled => None,
        })
    }

    /// What a session is told of a result.
    pub(super) fn answered(&self, number: u32, status: StatusCode, body: Bytes) -> RelayAnswer {
        let batch = self.read_notes(|notes| {
            let mut batches = notes.batches.iter().rev();
            batches.find(|batch| batch.number == number)?.id.clone()
        });
        let answer = RelayedCompletion::Answered {
            status,
            body,
            batch: batch.unwrap_or_default(),
        };
        (answer, Some(number))
    }
}
