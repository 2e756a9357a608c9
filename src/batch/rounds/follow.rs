//! The life of one provider batch: handed over once, watched until it ends, collected, delivered.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{Instant, sleep};

use super::collector::{RoundCollector, RoundEvent};
use super::notes::{NotedBatch, NotedBatchState, ProviderNotes};
use crate::batch::ask::on_disk;
use crate::batch::error::BatchError;
use crate::model::{BatchOutcome, BatchProgress, LostBatch, ModelError, ProviderBatches, StartBatchError};
use crate::telemetry::causes;

/// The first wait for a batch, and the longest between two looks.
const FIRST_LOOK: Duration = Duration::from_millis(500);
const LONGEST_LOOK: Duration = Duration::from_secs(60);
/// Providers end a batch after a day.
const LONGEST_BATCH: SignedDuration = SignedDuration::from_hours(27);
/// How long a provider may be out of reach.
const LONGEST_SILENCE: Duration = Duration::from_secs(60 * 60);
/// How often a batch is handed over, and how long it is waited in between.
const SUBMISSIONS: u32 = 8;
/// A list may be a moment behind: when a batch is looked for in it.
const LOOKS_FOR_LOST: [Duration; 3] = [
    Duration::from_millis(300),
    Duration::from_secs(2),
    Duration::from_secs(6),
];
/// How often results are fetched.
const FETCHES: u32 = 5;

impl RoundCollector {
    /// Sees a batch to its end.
    pub(super) async fn follow(self: Arc<Self>, number: u32) -> Result<(), BatchError> {
        loop {
            let batch = self.noted(number)?;
            let batch = match batch.state {
                NotedBatchState::Intended => self.hand_over(batch).await?,
                _ => batch,
            };
            let (outcome, files) = self.ended(&batch).await?;
            self.collect(&batch, files).await?;
            let own = Arc::clone(&self);
            let delivered = batch.clone();
            let counts = on_disk(move || own.deliver(&delivered, outcome)).await?;
            let id = batch.id.clone().unwrap_or_default();
            if counts.own == 0 && counts.foreign > 0 {
                self.give_up(&batch, &id).await?;
                continue;
            }
            self.tell(RoundEvent::Ended {
                batch: id,
                answered: counts.answered,
                again: counts.again,
            });
            if counts.cancelled > 0 {
                return Err(self.failed(
                    &batch,
                    format!(
                        "it was cancelled at the provider, which left {} completions unanswered; the same command asks them again",
                        counts.cancelled
                    ),
                ));
            }
            return Ok(());
        }
    }

    fn noted(&self, number: u32) -> Result<NotedBatch, BatchError> {
        let found =
            self.read_notes(|notes| notes.batches.iter().find(|batch| batch.number == number).cloned());
        found.ok_or_else(|| BatchError::Aborted(format!("provider batch {number} is in no manifest")))
    }

    /// Changes what is noted of a batch, on the disk before it returns.
    async fn renote(
        self: &Arc<Self>,
        number: u32,
        change: impl FnOnce(&mut NotedBatch) + Send + 'static,
    ) -> Result<NotedBatch, BatchError> {
        let own = Arc::clone(self);
        on_disk(move || {
            own.note(|notes| {
                if let Some(batch) = notes.batch(number) {
                    change(batch);
                }
            })?;
            own.noted(number)
        })
        .await
    }

    /// Hands a batch over, once: when it is not known whether the provider took it, it is looked for first.
    async fn hand_over(self: &Arc<Self>, batch: NotedBatch) -> Result<NotedBatch, BatchError> {
        let _one_at_a_time = self.handing_over.lock().await;
        let number = batch.number;
        // An earlier start may have come this far.
        let mut is_lost = !self.locked().fresh.remove(&number);
        let mut wait = FIRST_LOOK;
        for attempt in 1.. {
            if is_lost && let Some(id) = self.found(&batch).await? {
                return self.handed_over(number, id, true).await;
            }
            let own = Arc::clone(self);
            let lines = on_disk(move || own.files.read_requests(number)).await?;
            let error = match self.api.start(&batch.path, lines, &batch.token).await {
                Ok(id) => return self.handed_over(number, id, false).await,
                Err(StartBatchError::Lost(error)) => {
                    is_lost = true;
                    error
                }
                Err(StartBatchError::Refused(error)) => {
                    if !may_pass(&error) {
                        return Err(self.failed(&batch, causes(&error).join(": ")));
                    }
                    error
                }
            };
            let told = causes(&error).join(": ");
            if attempt >= SUBMISSIONS {
                return Err(self.failed(&batch, told));
            }
            self.tell(RoundEvent::Trouble(format!(
                "a provider batch was not handed over: {told}"
            )));
            sleep(wait).await;
            wait = (wait * 2).min(LONGEST_LOOK);
        }
        Err(self.failed(&batch, "it was tried too often".to_owned()))
    }

    /// Looks for a batch in the provider's list.
    async fn found(&self, batch: &NotedBatch) -> Result<Option<String>, BatchError> {
        let lost = self.read_notes(|notes| lost(notes, batch));
        let found = look_for(&self.api, &lost).await;
        found.map_err(|error| self.failed(batch, causes(&error).join(": ")))
    }

    async fn handed_over(
        self: &Arc<Self>,
        number: u32,
        id: String,
        found: bool,
    ) -> Result<NotedBatch, BatchError> {
        let own = id.clone();
        let noted = self.renote(number, |batch| {
            batch.id = Some(own);
            batch.state = NotedBatchState::Submitted;
        });
        let batch = noted.await?;
        self.tell(RoundEvent::Sent {
            round: batch.round,
            completions: batch.requests,
            batch: id,
            found,
        });
        Ok(batch)
    }

    /// Waits until a batch has ended, and gives how it did and the provider's files of its results.
    async fn ended(self: &Arc<Self>, batch: &NotedBatch) -> Result<(BatchOutcome, Vec<String>), BatchError> {
        let id = batch.id.clone().unwrap_or_default();
        let mut wait = FIRST_LOOK;
        let (mut heard, mut told) = (Instant::now(), Instant::now());
        loop {
            sleep(wait).await;
            wait = wait.mul_f64(1.5).min(LONGEST_LOOK);
            match self.api.progress(&id).await {
                Ok(BatchProgress::Ended { outcome, files }) => return Ok((outcome, files)),
                Ok(BatchProgress::Refused(reason)) => {
                    let noted = self.renote(batch.number, |batch| batch.state = NotedBatchState::Refused);
                    noted.await?;
                    return Err(self.failed(batch, format!("the provider refused it: {reason}")));
                }
                Ok(BatchProgress::Working { done, total }) => {
                    heard = Instant::now();
                    if told.elapsed() >= LONGEST_LOOK {
                        told = heard;
                        let batch = id.clone();
                        self.tell(RoundEvent::Working { batch, done, total });
                    }
                }
                Err(error) if may_pass(&error) && heard.elapsed() < LONGEST_SILENCE => {
                    let told = causes(&error).join(": ");
                    self.tell(RoundEvent::Trouble(format!("{id} was not heard of: {told}")));
                }
                Err(error) => return Err(self.failed(batch, causes(&error).join(": "))),
            }
            if Timestamp::now().duration_since(batch.intended) > LONGEST_BATCH {
                return Err(self.failed(
                    batch,
                    "it has not ended, more than a day after it began".to_owned(),
                ));
            }
        }
    }

    /// Brings the results of a batch to the disk.
    async fn collect(self: &Arc<Self>, batch: &NotedBatch, files: Vec<String>) -> Result<(), BatchError> {
        let number = batch.number;
        let mut attempt = 1;
        while let Err(error) = self.fetch(number, &files).await? {
            if attempt >= FETCHES || !may_pass(&error) {
                return Err(self.failed(batch, causes(&error).join(": ")));
            }
            let told = causes(&error).join(": ");
            self.tell(RoundEvent::Trouble(format!("results were not fetched: {told}")));
            sleep(FIRST_LOOK * (1 << attempt)).await;
            attempt += 1;
        }
        self.renote(number, |batch| batch.state = NotedBatchState::Collected)
            .await
            .map(drop)
    }

    /// Fetches the results once, all or nothing.
    async fn fetch(
        self: &Arc<Self>,
        number: u32,
        files: &[String],
    ) -> Result<Result<(), ModelError>, BatchError> {
        /// Pieces that may wait for the disk.
        const WAITING: usize = 16;
        let (pieces, mut incoming) = tokio::sync::mpsc::channel::<Option<bytes::Bytes>>(WAITING);
        let own = Arc::clone(self);
        let written = tokio::task::spawn_blocking(move || {
            let mut file = own.files.begin_results(number)?;
            let mut is_whole = false;
            while let Some(piece) = incoming.blocking_recv() {
                let path = own.files.results(number);
                let written = match piece {
                    Some(piece) if piece.is_empty() => file.end_part(),
                    Some(piece) => file.write(&piece),
                    None => {
                        is_whole = true;
                        break;
                    }
                };
                written.map_err(|source| BatchError::write(&path, source))?;
            }
            if is_whole { file.finish() } else { Ok(()) }
        });
        let fetched: Result<(), ModelError> = async {
            for file in files {
                let mut results = self.api.results(file).await?;
                while let Some(piece) = results.next().await {
                    // Whoever writes says itself why it went away.
                    if pieces.send(Some(piece?)).await.is_err() {
                        break;
                    }
                }
                // An empty piece ends a part.
                let _ = pieces.send(Some(bytes::Bytes::new())).await;
            }
            let _ = pieces.send(None).await;
            Ok(())
        }
        .await;
        drop(pieces);
        let written = written.await;
        written.map_err(|error| BatchError::Aborted(error.to_string()))??;
        Ok(fetched)
    }

    /// What was taken for this batch is another one.
    async fn give_up(self: &Arc<Self>, batch: &NotedBatch, id: &str) -> Result<(), BatchError> {
        let other = id.to_owned();
        let noted = self.renote(batch.number, |batch| {
            batch.others.push(other);
            batch.id = None;
            batch.state = NotedBatchState::Intended;
        });
        noted.await.map(drop)
    }

    fn failed(&self, batch: &NotedBatch, reason: String) -> BatchError {
        BatchError::Provider {
            batch: batch
                .id
                .clone()
                .unwrap_or_else(|| format!("{} of this run", batch.number)),
            provider: self.api.name(),
            reason,
        }
    }
}

/// A batch of which it is not known whether the provider took it.
pub(super) fn lost(notes: &ProviderNotes, batch: &NotedBatch) -> LostBatch {
    let known = notes.batches.iter().filter_map(|other| other.id.clone());
    LostBatch {
        token: batch.token.clone(),
        sent: batch.intended,
        requests: batch.requests,
        others: known.chain(batch.others.iter().cloned()).collect(),
    }
}

/// Looks for it in the provider's list, more than once.
pub(super) async fn look_for(api: &ProviderBatches, lost: &LostBatch) -> Result<Option<String>, ModelError> {
    for wait in LOOKS_FOR_LOST {
        sleep(wait).await;
        let found = api.find(lost).await?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// Whether it may go well another time.
fn may_pass(error: &ModelError) -> bool {
    match error {
        ModelError::Status { status, .. } => {
            http::StatusCode::from_u16(*status).is_ok_and(ProviderBatches::is_passing)
        }
        ModelError::Wire { .. } | ModelError::BrokeOff { .. } | ModelError::Unreadable { .. } => true,
        _ => false,
    }
}
