use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::files::RoundFiles;
use super::giving_up::AbandonedBatch;
use super::key::CompletionKey;
use super::notes::{NotedBatch, NotedBatchState, ProviderNotes};
use crate::batch::ask::on_disk;
use crate::batch::error::BatchError;
use crate::batch::folder::RunFolder;
use crate::batch::manifest::BatchManifest;
use crate::ledger::RunBudget;
use crate::model::ProviderBatches;
use crate::wire::RelayedCompletion;

/// How often it is looked whether a round is due.
const LOOK: Duration = Duration::from_millis(50);
/// A round goes up without the sessions from which nothing was heard for so long: one slow query holds up one session.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longest wait for a batch that is being handed over when the run ends.
const HANDING_OVER: Duration = Duration::from_secs(600);

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RoundOptions {
    /// Most rounds of the whole run, over all its starts; `None`: as many as its questions can need.
    pub most: Option<u32>,
    /// When no more completions than this are left to ask, they are asked at once, at the full price. So is what is left
    /// when there are no rounds any more. `None`: never.
    pub live: Option<usize>,
}

/// What happens to rounds, for people.
#[derive(Debug, Clone)]
pub(crate) enum RoundEvent {
    Sent {
        round: u32,
        completions: u64,
        batch: String,
        /// Its answer had been lost, and it was found in the provider's list.
        found: bool,
    },
    /// How far a batch is that takes long.
    Working { batch: String, done: u64, total: u64 },
    Ended {
        batch: String,
        answered: u64,
        /// Those that failed or expired and go up again.
        again: u64,
    },
    /// So many completions are asked at once, at the full price.
    Live(u64),
    /// A batch of a run that is begun again, which nobody waits for any more.
    GivenUp {
        /// The provider's id; `None` when it is not known.
        batch: Option<String>,
        completions: u64,
        /// What all of them cost about, in US dollars, if that is known.
        cost_usd: Option<f64>,
        came_to: AbandonedBatch,
    },
    /// Something went wrong and is tried again.
    Trouble(String),
}

/// Why no further completion comes.
#[derive(Debug)]
pub(in crate::batch) enum RoundsEnd {
    /// The run ends for another reason.
    Stopped,
    /// There are no rounds left.
    UsedUp(u32),
    Failed(BatchError),
}

/// The fields of a body that a batch does not take.
pub(super) type TakenFields = BTreeMap<String, Box<RawValue>>;
/// What a session is told, and the batch that it comes from.
pub(super) type RelayAnswer = (RelayedCompletion, Option<u32>);

/// Collects what sessions ask, and sees to it that it is answered.
pub(in crate::batch) struct RoundCollector {
    pub(super) api: ProviderBatches,
    pub(super) files: RoundFiles,
    manifest: Arc<Mutex<BatchManifest>>,
    folder: RunFolder,
    options: RoundOptions,
    jobs: usize,
    most: u32,
    budget: Option<Arc<RunBudget>>,
    state: Mutex<Collected>,
    changed: Notify,
    /// Held while a batch is handed over: one after the other.
    pub(super) handing_over: tokio::sync::Mutex<()>,
    watch: Box<dyn Fn(RoundEvent) + Send + Sync>,
}

#[derive(Debug, Default)]
pub(super) struct Collected {
    /// Sessions that are not done.
    pub(super) sessions: usize,
    pub(super) pending: Vec<PendingCompletion>,
    /// Completions that are in a batch.
    pub(super) sent: HashMap<CompletionKey, SentCompletion>,
    /// Results that came before anybody asked, by a run that was killed: the batch, and where in its file.
    pub(super) arrived: HashMap<CompletionKey, (u32, u64)>,
    /// How many completions of a batch are not on tapes yet.
    pub(super) unsettled: HashMap<u32, u64>,
    /// Batches that were never handed over, for sure.
    pub(super) fresh: HashSet<u32>,
    heard: Option<Instant>,
    pub(super) end: Option<RoundsEnd>,
}

/// A completion that waits for the next round.
#[derive(Debug)]
pub(super) struct PendingCompletion {
    pub(super) key: CompletionKey,
    pub(super) path: String,
    pub(super) line: String,
    pub(super) taken: TakenFields,
    /// How often it was in a batch.
    pub(super) attempts: u32,
    /// The batch that it was in before.
    pub(super) before: Option<u32>,
    pub(super) reply: oneshot::Sender<RelayAnswer>,
}

/// A completion that is in a batch.
#[derive(Debug)]
pub(super) struct SentCompletion {
    pub(super) batch: u32,
    pub(super) attempts: u32,
    /// Who waits for it; `None` while the session that asked it before a kill has not asked again.
    pub(super) waits: Option<(oneshot::Sender<RelayAnswer>, TakenFields)>,
}

/// What is to be done now.
enum RoundStep {
    Wait,
    GoUp,
    AskLive,
    UsedUp,
    Over,
}

/// What a collector begins with.
pub(in crate::batch) struct CollectorParts {
    pub(in crate::batch) api: ProviderBatches,
    pub(in crate::batch) manifest: Arc<Mutex<BatchManifest>>,
    pub(in crate::batch) folder: RunFolder,
    pub(in crate::batch) options: RoundOptions,
    pub(in crate::batch) jobs: usize,
    /// Most rounds that the questions can need.
    pub(in crate::batch) most: u32,
    pub(in crate::batch) budget: Option<Arc<RunBudget>>,
    /// Sessions that are to be answered.
    pub(in crate::batch) sessions: usize,
    pub(in crate::batch) watch: Box<dyn Fn(RoundEvent) + Send + Sync>,
}

impl std::fmt::Debug for RoundCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RoundCollector")
            .field("api", &self.api)
            .finish_non_exhaustive()
    }
}

impl RoundCollector {
    pub(in crate::batch) fn new(parts: CollectorParts) -> Self {
        Self {
            files: RoundFiles::new(parts.folder.provider()),
            api: parts.api,
            manifest: parts.manifest,
            folder: parts.folder,
            jobs: parts.jobs,
            most: parts.options.most.unwrap_or(parts.most),
            options: parts.options,
            budget: parts.budget,
            state: Mutex::new(Collected {
                sessions: parts.sessions,
                ..Collected::default()
            }),
            changed: Notify::new(),
            handing_over: tokio::sync::Mutex::default(),
            watch: parts.watch,
        }
    }

    /// Makes rounds until every session is done, or there is a reason to end.
    pub(in crate::batch) async fn run(self: Arc<Self>, ended: CancellationToken) {
        let mut batches = JoinSet::new();
        match self.take_up().await {
            Ok(open) => {
                for number in open {
                    batches.spawn(Arc::clone(&self).follow(number));
                }
            }
            Err(error) => self.end(RoundsEnd::Failed(error)),
        }
        while self.locked().end.is_none() {
            tokio::select! {
                biased;
                () = ended.cancelled() => self.end(RoundsEnd::Stopped),
                Some(followed) = batches.join_next(), if !batches.is_empty() => match followed {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => self.end(RoundsEnd::Failed(error)),
                    Err(error) => self.end(RoundsEnd::Failed(BatchError::Aborted(error.to_string()))),
                },
                () = self.changed.notified() => {}
                () = sleep(LOOK) => {}
            }
            match self.step() {
                RoundStep::Wait => {}
                RoundStep::Over => break,
                RoundStep::AskLive => self.ask_live(),
                RoundStep::UsedUp => self.end(RoundsEnd::UsedUp(self.most)),
                RoundStep::GoUp => match self.close_round().await {
                    Ok(numbers) => {
                        for number in numbers {
                            batches.spawn(Arc::clone(&self).follow(number));
                        }
                    }
                    Err(error) => self.end(RoundsEnd::Failed(error)),
                },
            }
        }
        // What is being handed over is not left in the middle.
        let _ = timeout(HANDING_OVER, self.handing_over.lock()).await;
        batches.shutdown().await;
    }

    /// Whether nothing comes any more.
    pub(in crate::batch) fn has_ended(&self) -> bool {
        self.locked().end.is_some()
    }

    /// Why it ended, if it did before all sessions were done.
    pub(in crate::batch) fn take_end(&self) -> Option<RoundsEnd> {
        self.locked().end.take()
    }

    /// Forgets everything, once all questions are answered. Waits for the disk.
    pub(in crate::batch) fn clear(&self) -> Result<(), BatchError> {
        self.files.clear();
        self.note(|notes| {
            for batch in &mut notes.batches {
                if batch.state != NotedBatchState::Refused {
                    batch.state = NotedBatchState::Settled;
                }
            }
        })
    }

    pub(super) fn locked(&self) -> MutexGuard<'_, Collected> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn tell(&self, event: RoundEvent) {
        (self.watch)(event);
    }

    /// Something changed for whoever decides whether a round is due.
    pub(super) fn heard(&self) {
        self.locked().heard = Some(Instant::now());
        self.changed.notify_one();
    }

    /// Nothing comes any more: whoever waits learns that by the end of their line.
    pub(super) fn end(&self, end: RoundsEnd) {
        let mut state = self.locked();
        state.end.get_or_insert(end);
        state.pending.clear();
        state.sent.clear();
    }

    /// Changes the notes in the manifest, which is on the disk before this returns.
    pub(super) fn note<T>(&self, change: impl FnOnce(&mut ProviderNotes) -> T) -> Result<T, BatchError> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        let made = change(manifest.provider.get_or_insert_default());
        manifest.write(&self.folder.manifest())?;
        Ok(made)
    }

    pub(super) fn read_notes<T>(&self, look: impl FnOnce(&ProviderNotes) -> T) -> T {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        look(manifest.provider.get_or_insert_default())
    }

    /// A completion of a batch is on a tape, or in another batch. Waits for the disk.
    pub(super) fn settle(&self, number: u32) {
        let is_last = {
            let mut state = self.locked();
            match state.unsettled.get_mut(&number) {
                Some(1) => state.unsettled.remove(&number).is_some(),
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            }
        };
        if is_last {
            let noted = self.note(|notes| {
                if let Some(batch) = notes.batch(number) {
                    batch.state = NotedBatchState::Settled;
                }
            });
            // Without the note the files are missed by nobody: what they hold is on tapes.
            if noted.is_ok() {
                self.files.remove(number);
            }
        }
    }

    fn step(&self) -> RoundStep {
        let state = self.locked();
        if state.sessions == 0 {
            return RoundStep::Over;
        }
        if state.pending.is_empty() {
            return RoundStep::Wait;
        }
        let in_batches = state.sent.values().filter(|sent| sent.waits.is_some()).count();
        let without_money = self.budget.as_ref().map_or(0, |budget| budget.waiting());
        let waiting = state.pending.len() + in_batches + without_money;
        let (most_requests, most_bytes) = self.api.limits();
        let bytes: usize = state.pending.iter().map(|pending| pending.line.len()).sum();
        let is_full = state.pending.len() >= most_requests || bytes >= most_bytes;
        let is_quiet = state.heard.is_some_and(|heard| heard.elapsed() >= PATIENCE);
        let all_wait = waiting >= self.jobs.min(state.sessions);
        if !(all_wait || is_full || is_quiet) {
            return RoundStep::Wait;
        }
        let is_last = state.sessions <= self.jobs && in_batches == 0 && all_wait;
        let few = self.options.live.is_some_and(|few| state.pending.len() <= few);
        let used_up = {
            let pending = state.pending.len();
            drop(state);
            pending > 0 && self.read_notes(|notes| notes.rounds) >= self.most
        };
        match (is_last && few, used_up, self.options.live) {
            (true, ..) | (_, true, Some(_)) => RoundStep::AskLive,
            (_, true, None) => RoundStep::UsedUp,
            _ => RoundStep::GoUp,
        }
    }

    /// Lets everything that waits go over the network.
    fn ask_live(&self) {
        let pending = std::mem::take(&mut self.locked().pending);
        self.tell(RoundEvent::Live(pending.len() as u64));
        for completion in pending {
            // It was put together here.
            let body = ProviderBatches::body_of(completion.line.as_bytes(), &completion.taken);
            let body = body.unwrap_or_else(|_| Bytes::from(completion.line));
            // Whoever asked may have gone.
            let _ = completion
                .reply
                .send((RelayedCompletion::SendNow(body), completion.before));
        }
    }

    /// Brings what waits to the disk as one round, whose batches are to be submitted.
    async fn close_round(self: &Arc<Self>) -> Result<Vec<u32>, BatchError> {
        let mut parts: Vec<Vec<PendingCompletion>> = Vec::new();
        {
            let mut pending = std::mem::take(&mut self.locked().pending);
            pending.retain(|completion| !completion.reply.is_closed());
            pending.sort_by(|a, b| a.path.cmp(&b.path));
            let (most, most_bytes) = self.api.limits();
            let mut bytes = 0;
            for completion in pending {
                let length = completion.line.len();
                let fits = parts.last().is_some_and(|part: &Vec<PendingCompletion>| {
                    let same = part.first().is_some_and(|first| first.path == completion.path);
                    same && part.len() < most && bytes + length <= most_bytes
                });
                if fits {
                    bytes += length;
                } else {
                    parts.push(Vec::new());
                    bytes = length;
                }
                if let Some(part) = parts.last_mut() {
                    part.push(completion);
                }
            }
        }
        if parts.is_empty() {
            return Ok(Vec::new());
        }
        let own = Arc::clone(self);
        on_disk(move || own.intend(parts)).await
    }

    /// Writes the requests and the intent. Waits for the disk.
    fn intend(&self, parts: Vec<Vec<PendingCompletion>>) -> Result<Vec<u32>, BatchError> {
        let mut number = self.read_notes(ProviderNotes::last);
        let mut intended = Vec::new();
        for part in &parts {
            number += 1;
            self.files
                .write_requests(number, part.iter().map(|completion| completion.line.as_str()))?;
            let path = part.first().map(|first| first.path.clone());
            intended.push((number, path.unwrap_or_default(), part.len() as u64));
        }
        let numbers = intended.iter().map(|(number, ..)| *number).collect();
        self.note(|notes| {
            notes.rounds += 1;
            let round = notes.rounds;
            notes
                .batches
                .extend(intended.iter().map(|(number, path, requests)| NotedBatch {
                    number: *number,
                    round,
                    path: path.clone(),
                    requests: *requests,
                    token: format!("{:032x}", fastrand::u128(..)),
                    intended: Timestamp::now(),
                    id: None,
                    others: Vec::new(),
                    state: NotedBatchState::Intended,
                }));
        })?;
        let mut again = Vec::new();
        {
            let mut state = self.locked();
            for ((number, _, requests), part) in intended.into_iter().zip(parts) {
                state.unsettled.insert(number, requests);
                state.fresh.insert(number);
                for completion in part {
                    again.extend(completion.before);
                    let sent = SentCompletion {
                        batch: number,
                        attempts: completion.attempts + 1,
                        waits: Some((completion.reply, completion.taken)),
                    };
                    state.sent.insert(completion.key, sent);
                }
            }
        }
        for before in again {
            self.settle(before);
        }
        Ok(numbers)
    }
}
