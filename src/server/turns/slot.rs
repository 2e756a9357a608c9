//! The place of a session in this process: one turn at a time, in the order they were asked.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::app::{App, Session};
use crate::server::store::TurnMemory;

/// How long a session that nobody asks stays in memory.
const IDLE: Duration = Duration::from_secs(300);

/// After so long somebody who asked may have left.
const LEFT: Duration = Duration::from_secs(60);

/// Most sessions in memory that nobody asks. Who comes back to another one waits for its tape to be read.
const MOST_IDLE: usize = 1000;

pub(super) struct LoadedSession {
    pub(super) session: Session,
    /// What it was begun with.
    pub(super) app: Arc<App>,
    /// Where what was said in it is found as well.
    pub(super) after: TurnMemory,
}

pub(super) struct SessionSlot {
    /// Held by the turn that runs. It is fair: who came first is first.
    pub(super) loaded: tokio::sync::Mutex<Option<LoadedSession>>,
    /// Turns that run or wait.
    turns: AtomicU32,
    /// A turn of it ended here.
    ended: Notify,
    used: Mutex<Instant>,
    /// About how much memory it takes that the session is loaded.
    bytes: AtomicU64,
}

impl SessionSlot {
    fn is_idle(&self) -> bool {
        self.turns.load(Ordering::SeqCst) == 0
    }

    fn unused_for(&self) -> Duration {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).elapsed()
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }

    /// Notes how much memory it takes that the session is loaded, or not any more.
    pub(super) fn weigh(&self, loaded: Option<&LoadedSession>) {
        let bytes = loaded.map_or(0, |loaded| loaded.session.conversation().weight());
        self.bytes.store(bytes, Ordering::SeqCst);
    }
}

impl Default for SessionSlot {
    fn default() -> Self {
        Self {
            loaded: tokio::sync::Mutex::new(None),
            turns: AtomicU32::new(0),
            ended: Notify::new(),
            used: Mutex::new(Instant::now()),
            bytes: AtomicU64::new(0),
        }
    }
}

/// The places of all sessions that were asked lately.
#[derive(Default)]
pub(super) struct SessionSlots {
    slots: Mutex<HashMap<String, Arc<SessionSlot>>>,
}

impl SessionSlots {
    /// Takes a place in the queue of a session; `None` when more than `most` would wait.
    pub(super) fn join(&self, session: &str, most: u32) -> Option<QueuePlace> {
        self.join_if(session, |ahead| ahead <= most)
    }

    /// Takes a place however many wait, for a turn that was taken before.
    pub(super) fn join_always(&self, session: &str) -> QueuePlace {
        self.join_if(session, |_| true)
            .unwrap_or_else(|| QueuePlace::new(Arc::default()))
    }

    fn join_if(&self, session: &str, allowed: impl Fn(u32) -> bool) -> Option<QueuePlace> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = slots.entry(session.to_owned()).or_default();
        allowed(slot.turns.load(Ordering::SeqCst)).then(|| QueuePlace::new(Arc::clone(slot)))
    }

    /// Forgets a session that was deleted.
    pub(super) fn forget(&self, session: &str) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.remove(session);
    }

    /// Lets go of sessions that nobody asks, or too many of them: they are restored from their tapes when somebody does.
    pub(super) fn sweep(&self) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, slot| !slot.is_idle() || slot.unused_for() < IDLE);
        let mut idle: Vec<(Duration, String)> = slots
            .iter()
            .filter(|(_, slot)| slot.is_idle())
            .map(|(session, slot)| (slot.unused_for(), session.clone()))
            .collect();
        idle.sort_unstable();
        for (_, session) in idle.into_iter().skip(MOST_IDLE) {
            slots.remove(&session);
        }
    }

    /// Keeps sessions that nobody asks within so many bytes together. Those that nobody asked for a while go first, the oldest
    /// before the others; of the rest always the same, so that the others stay where more are asked in turn than there is room for.
    pub(super) fn make_room(&self, most_bytes: u64) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = || slots.iter().filter(|(_, slot)| slot.is_idle());
        let mut kept: u64 = idle().map(|(_, slot)| slot.bytes()).sum();
        if kept <= most_bytes {
            return;
        }
        let mut idle: Vec<(Duration, String)> = idle()
            .map(|(session, slot)| {
                let unused = Some(slot.unused_for()).filter(|unused| *unused >= LEFT);
                (unused.unwrap_or_default(), session.clone())
            })
            .collect();
        idle.sort_unstable();
        while kept > most_bytes
            && let Some((_, session)) = idle.pop()
        {
            let gone = slots.remove(&session);
            kept = kept.saturating_sub(gone.map_or(0, |slot| slot.bytes()));
        }
    }

    /// How many sessions are in memory, and about how many bytes of what was said in them.
    pub(super) fn kept(&self) -> (u64, u64) {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = slots.values().map(|slot| slot.bytes());
        let kept = bytes.filter(|bytes| *bytes > 0);
        kept.fold((0, 0), |(count, sum), bytes| {
            (count + 1, bytes.saturating_add(sum))
        })
    }
}

/// A turn's place in the queue of its session. It is given back when it is dropped.
pub(super) struct QueuePlace {
    pub(super) slot: Arc<SessionSlot>,
    pub(super) ahead: u32,
}

impl QueuePlace {
    fn new(slot: Arc<SessionSlot>) -> Self {
        let ahead = slot.turns.fetch_add(1, Ordering::SeqCst);
        Self { slot, ahead }
    }

    /// Waits until a turn of the session ended here, or for so long: it may end elsewhere.
    pub(super) async fn turn_ends(&self, at_most: Duration) {
        // Nobody may end one any more; then the time is over.
        let _ = tokio::time::timeout(at_most, self.slot.ended.notified()).await;
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        *self.slot.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.slot.turns.fetch_sub(1, Ordering::SeqCst);
        self.slot.ended.notify_waiters();
    }
}
