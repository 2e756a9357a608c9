//! Turns: taken, queued, run, stopped, taken over.
//!
//! A turn is stored before it is acknowledged, and its answer before it is told. In between it lives here: its events are in
//! a log ([`LiveTurn`]) that any number of clients read, each at its own pace. Start with [`Turns::submit`], then read
//! `run.rs`.

mod active_answers;
mod draft;
mod live;
mod live_turns;
mod numbers;
mod permits;
mod recall;
mod recover;
mod run;
mod slot;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

use active_answers::ActiveAnswers;
pub(super) use live::{EventReader, LiveTurn, LogCut};
use live_turns::LiveTurns;
pub(super) use numbers::{STORED, after_events, has_read_to};
use permits::TurnPermits;
use slot::SessionSlots;

use super::event::TurnEvent;
use super::ids::{name_of, new_id};
use super::state::SharedState;
use super::store::{
    AskedTurn, NewAnswer, Presence, RetiredSessions, SessionStore, SessionStoreError, StopTarget,
    StoredAnswer,
};
use crate::telemetry::TraceParent;
use crate::wire::SaidBefore;

/// How often, and how many times, it is looked whether turns in other processes have ended.
const END_PAUSE: Duration = Duration::from_millis(250);
const ENDS: u32 = 20;

/// How long a turn goes on that nobody reads.
fn grace_of(asked: &AskedTurn, usual: Duration) -> Duration {
    if asked.ends_with_client {
        Duration::ZERO
    } else {
        usual
    }
}

/// The answer that the key of a question was used for before.
async fn known_answer(state: &SharedState, request: &TurnRequest) -> Result<Option<String>, SubmitError> {
    let Some(key) = &request.idempotency_key else {
        return Ok(None);
    };
    let replaced = request.replaces.as_deref();
    Ok(state
        .store
        .answer_of_key(&request.principal, key, replaced)
        .await?)
}

/// The first event of a turn.
fn started(state: &SharedState, asked: &AskedTurn, turn: u32, new_session: bool, title: String) -> TurnEvent {
    TurnEvent::Started {
        answer: asked.id.clone(),
        session: name_of(&asked.session).to_owned(),
        turn,
        question: asked.question.clone(),
        model: state.app().settings().model.id.to_string(),
        new_session,
        title,
    }
}

/// A question to be answered.
#[derive(Debug, Clone, Default)]
pub(super) struct TurnRequest {
    pub(super) question: String,
    pub(super) principal: String,
    /// Who asks, in words that the model is told.
    pub(super) asker: Option<String>,
    /// The session; `None` begins one.
    pub(super) session: Option<String>,
    /// Whether that session has to be there already.
    pub(super) goes_on: bool,
    /// The answer, in another session, that a new session goes on from.
    pub(super) base: Option<String>,
    /// The answer that has to be the last of its session. Where another question came behind it meanwhile, a new session goes on
    /// from it.
    pub(super) last: Option<String>,
    /// The answer of its session that it stands in place of; what was asked since goes with it.
    pub(super) replaces: Option<String>,
    pub(super) idempotency_key: Option<String>,
    /// Whether the turn ends when its client hangs up.
    pub(super) ends_with_client: bool,
    /// Whether the number of turns of this principal is bounded.
    pub(super) bounded: bool,
    /// The hash of the messages up to the question, on wires where the client sends all of them.
    pub(super) message_key: Option<blake3::Hash>,
    /// What was said before, as its client tells it: it is believed where the session begins with this question.
    pub(super) said_before: Vec<SaidBefore>,
}

/// What became of a question.
#[derive(Debug)]
pub(super) enum SubmissionResult {
    /// Its turn runs or waits. Until the reader is dropped, somebody is there for it.
    Running(Arc<LiveTurn>, EventReader),
    /// It was asked before, with the same key.
    Known(String),
}

/// Why a question was not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum SubmitError {
    #[error("there is no session {0}")]
    NoSession(String),
    #[error("too many questions wait in this session")]
    Busy,
    #[error("too many questions are being answered")]
    TooMany,
    /// What it goes on from is not over, and another question waits for it as well.
    #[error("{0} is not finished yet")]
    NotFinished(String),
    #[error("the server is ending")]
    Stopping,
    #[error("there is nothing to ask Metabase with")]
    NoCredential,
    #[error(transparent)]
    Store(#[from] SessionStoreError),
}

/// All turns of this process.
pub(super) struct Turns {
    live: LiveTurns,
    /// Answers whose turns this process works on: from before they are stored until after they are ended.
    active_answers: ActiveAnswers,
    slots: SessionSlots,
    places: Arc<TurnPermits>,
    tasks: TaskTracker,
    /// Names this process in claims.
    owner: String,
    presence: Mutex<Option<Presence>>,
    /// No more questions are taken.
    stopping: CancellationToken,
    /// Turns that still run are left as they are.
    leaving: CancellationToken,
}

impl fmt::Debug for Turns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turns")
            .field("owner", &self.owner)
            .finish_non_exhaustive()
    }
}

impl Turns {
    pub(super) fn new(max_turns: usize, max_per_principal: usize) -> Self {
        Self {
            live: LiveTurns::default(),
            active_answers: ActiveAnswers::default(),
            slots: SessionSlots::default(),
            places: Arc::new(TurnPermits::new(max_turns, max_per_principal)),
            tasks: TaskTracker::new(),
            owner: new_id("proc"),
            presence: Mutex::default(),
            stopping: CancellationToken::new(),
            leaving: CancellationToken::new(),
        }
    }

    /// Says that this process is there, before it claims anything.
    pub(super) fn enter(&self, store: &SessionStore) {
        match store.enter(&self.owner) {
            Ok(presence) => *self.presence.lock().unwrap_or_else(PoisonError::into_inner) = presence,
            // Its claims run out all the same when it is gone.
            Err(error) => tracing::warn!(%error, "this process could not say that it is there"),
        }
    }

    /// Takes a question: stores it, and begins its turn. When this returns, the question is not lost any more. When it is
    /// dropped, because the client hung up, what was stored is begun all the same, and ends as a turn that nobody reads.
    pub(super) async fn submit(
        &self,
        state: &SharedState,
        request: TurnRequest,
    ) -> Result<SubmissionResult, SubmitError> {
        let state = Arc::clone(state);
        // It is known to this task alone.
        let trace = TraceParent::here();
        let taking = async move {
            let last = request.last.clone();
            let again = TurnRequest {
                session: None,
                base: last.clone(),
                last: None,
                ..request.clone()
            };
            match (state.turns.take(&state, request, trace).await?, last) {
                (Some(taken), _) => Ok(taken),
                (None, Some(last)) => {
                    let before = state.store.answer(&last, None).await?;
                    if before.is_some_and(|before| !before.status.is_over()) {
                        return Err(SubmitError::NotFinished(last));
                    }
                    let taken = state.turns.take(&state, again, TraceParent::here()).await?;
                    taken.ok_or(SubmitError::Busy)
                }
                (None, None) => Err(SubmitError::Busy),
            }
        };
        let taken = tokio::spawn(taking.in_current_span()).await;
        // It is not cancelled but by the end of the process.
        taken.unwrap_or(Err(SubmitError::Stopping))
    }

    /// The same; `None` where what has to be the last answer of its session is not any more.
    async fn take(
        &self,
        state: &SharedState,
        request: TurnRequest,
        trace: TraceParent,
    ) -> Result<Option<SubmissionResult>, SubmitError> {
        if self.stopping.is_cancelled() {
            return Err(SubmitError::Stopping);
        }
        if !state.apps.can_ask_for(&request.principal) {
            return Err(SubmitError::NoCredential);
        }
        // A question that was taken needs no place.
        if let Some(known) = known_answer(state, &request).await? {
            return Ok(Some(SubmissionResult::Known(known)));
        }
        let bounded = request.bounded.then_some(request.principal.as_str());
        let place = TurnPermits::take(&self.places, bounded).ok_or(SubmitError::TooMany)?;
        let session = match &request.session {
            Some(name) => state.store.session_key(name, &request.principal).await?,
            None => new_id("ses"),
        };
        // How many may wait is looked at in the store where another session may be begun.
        let queue = match &request.last {
            Some(_) => Some(self.slots.join_always(&session)),
            None => self.slots.join(&session, state.settings.max_waiting),
        };
        let Some(queue) = queue else {
            // That it is busy is told to nobody but its owner.
            let own = state.store.session(&session, &request.principal).await?;
            return Err(
                own.map_or(SubmitError::NoSession(name_of(&session).to_owned()), |_| {
                    SubmitError::Busy
                }),
            );
        };
        let asked = AskedTurn {
            id: new_id("ans"),
            session: session.clone(),
            principal: request.principal,
            question: request.question,
            asker: request.asker,
            message_key: request.message_key.map(|key| key.to_hex().to_string()),
            trace: trace.name(),
            ends_with_client: request.ends_with_client,
        };
        let new = NewAnswer {
            asked: asked.clone(),
            goes_on: request.goes_on,
            base: request.base,
            last: request.last,
            replaces: request.replaces,
            said_before: request.said_before,
            idempotency_key: request.idempotency_key,
            owner: self.owner.clone(),
            max_ahead: state.settings.max_waiting,
            lease_ms: state.store.lease_ms(),
        };
        // Before it is stored, so that nobody here takes it for one that was left.
        let held = self.active_answers.take(&asked.id).ok_or(SubmitError::Busy)?;
        let (turn, new_session, title, start) = match state.store.new_answer(new).await? {
            StoredAnswer::New {
                turn,
                new_session,
                title,
                start,
                forgotten,
            } => {
                self.forget_memory(&forgotten.sessions);
                (turn, new_session, title, start)
            }
            StoredAnswer::Known(id) => return Ok(Some(SubmissionResult::Known(id))),
            StoredAnswer::NotLast => return Ok(None),
            StoredAnswer::NotYours => return Err(SubmitError::NoSession(name_of(&session).to_owned())),
            StoredAnswer::Busy => return Err(SubmitError::Busy),
        };
        let grace = grace_of(&asked, state.settings.grace);
        let live = LiveTurn::new(asked.id.clone(), session, grace, 0);
        live.push(started(state, &asked, turn, new_session, title));
        let task = run::TurnTask {
            asked,
            resumed: false,
            start: Some(start),
        };
        let attached = live.read(0);
        self.begin(state, &live, task, (queue, place, held), trace);
        Ok(Some(SubmissionResult::Running(live, attached)))
    }

    fn begin(
        &self,
        state: &SharedState,
        live: &Arc<LiveTurn>,
        task: run::TurnTask,
        places: run::TurnPlaces,
        trace: TraceParent,
    ) {
        self.live.add(live);
        let turn = run::run(Arc::clone(state), Arc::clone(live), task, places);
        self.tasks.spawn(trace.over(turn));
    }

    /// A turn of this process that runs or ended lately.
    pub(super) fn find(&self, id: &str) -> Option<Arc<LiveTurn>> {
        self.live.find(id)
    }

    /// The turns of a session that run or wait here.
    pub(super) fn of_session(&self, session: &str) -> Vec<Arc<LiveTurn>> {
        self.live.running(|turn| turn.session == session)
    }

    /// How many turns run or wait.
    pub(super) fn running(&self) -> usize {
        self.tasks.len()
    }

    /// Forgets what is held of a session that was deleted.
    pub(super) fn forget_session(&self, session: &str) {
        self.slots.forget(session);
        self.live.forget_session(session);
    }

    /// Forgets what is in memory of sessions that went on from what was deleted.
    pub(super) fn forget_memory(&self, sessions: &[String]) {
        for session in sessions {
            self.slots.forget(session);
        }
    }

    /// Ends the turns of a session, wherever they run, and waits for that a while.
    pub(super) async fn end_session(
        &self,
        state: &SharedState,
        session: &str,
    ) -> Result<(), SessionStoreError> {
        self.end_turns(state, session, |_| true).await
    }

    /// The same for those of these answers.
    pub(super) async fn end_turns(
        &self,
        state: &SharedState,
        session: &str,
        is_meant: impl Fn(&str) -> bool,
    ) -> Result<(), SessionStoreError> {
        let mut running = self.of_session(session);
        running.retain(|turn| is_meant(&turn.id));
        for turn in &running {
            turn.cancel.cancel();
        }
        for turn in running {
            // Cut or done, it is over.
            let _ = turn.read(0).last().await;
        }
        let mut left = state.store.active_turns(session).await?;
        left.retain(|id| is_meant(id));
        for id in &left {
            state.store.ask_to_stop(StopTarget::Answer(id)).await?;
        }
        for _ in 0..ENDS {
            if left.is_empty() {
                break;
            }
            tokio::time::sleep(END_PAUSE).await;
            let active = state.store.active_turns(session).await?;
            left.retain(|id| active.contains(id));
        }
        Ok(())
    }

    /// Deletes what the settings of the store say is not kept.
    pub(super) async fn retire(&self, state: &SharedState) -> Result<(), SessionStoreError> {
        self.note_retired(&state.store.retire().await?);
        Ok(())
    }

    /// The same when there is more than is kept, because of what was just written.
    async fn retire_overflow(&self, state: &SharedState) -> Result<(), SessionStoreError> {
        if state.store.is_overfull() {
            self.note_retired(&state.store.retire_overflow().await?);
        }
        Ok(())
    }

    fn note_retired(&self, retired: &RetiredSessions) {
        self.forget_memory(&retired.forgotten);
        if retired.sessions > 0 {
            let (sessions, tapes) = (retired.sessions, retired.tapes);
            tracing::info!(sessions, tapes, "old sessions were deleted");
        }
    }

    /// Lets go of what is not needed any more.
    pub(super) fn sweep(&self, state: &SharedState) {
        self.live.sweep();
        self.slots.sweep();
        self.slots.make_room(state.settings.max_kept_bytes);
    }

    /// How many sessions are in memory, and about how many bytes of what was said in them.
    pub(super) fn kept(&self) -> (u64, u64) {
        self.slots.kept()
    }

    /// Whether no more questions are taken.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    /// Takes no more questions, lets turns end for so long, or until `hurried` comes, and leaves the others to be resumed.
    pub(super) async fn drain(
        &self,
        state: &SharedState,
        limit: Duration,
        hurried: impl Future<Output = ()>,
    ) {
        self.stopping.cancel();
        self.tasks.close();
        let all_ended = tokio::select! {
            () = self.tasks.wait() => true,
            () = tokio::time::sleep(limit) => false,
            () = hurried => false,
        };
        if !all_ended {
            tracing::warn!(turns = self.tasks.len(), "turns are left to be resumed");
            self.leaving.cancel();
            self.tasks.wait().await;
        }
        if let Err(error) = state.store.give_up(&self.owner).await {
            tracing::warn!(%error, "claims on turns could not be given up");
        }
    }
}
