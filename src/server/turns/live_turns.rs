//! The turns of this process: those that run, and a few that ended lately, for clients that read on.
//!
//! Who comes back to another one is told it from its record: so what is kept of turns that ended is bounded, however many end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::LiveTurn;

/// How long the log of a turn is kept after its end.
const KEPT: Duration = Duration::from_secs(60);
/// Most logs that are kept of turns that ended.
const MOST_KEPT: usize = 64;

#[derive(Debug, Default)]
pub(super) struct LiveTurns(Mutex<KnownTurns>);

#[derive(Debug, Default)]
struct KnownTurns {
    by_id: HashMap<String, Arc<LiveTurn>>,
    /// Those that ended, the latest last. A turn that was taken over again may stand here for its end before.
    ended: VecDeque<Arc<LiveTurn>>,
}

impl LiveTurns {
    /// A turn that begins here.
    pub(super) fn add(&self, turn: &Arc<LiveTurn>) {
        self.lock().by_id.insert(turn.id.clone(), Arc::clone(turn));
    }

    /// A turn whose log is closed.
    pub(super) fn ended(&self, turn: &Arc<LiveTurn>) {
        let mut known = self.lock();
        known.ended.push_back(Arc::clone(turn));
        while known.ended.len() > MOST_KEPT {
            known.let_go();
        }
    }

    /// Lets go of what ended long ago.
    pub(super) fn sweep(&self) {
        let mut known = self.lock();
        let is_old = |turn: &Arc<LiveTurn>| turn.closed_for().is_some_and(|time| time >= KEPT);
        while known.ended.front().is_some_and(is_old) {
            known.let_go();
        }
    }

    pub(super) fn forget_session(&self, session: &str) {
        let mut known = self.lock();
        known.by_id.retain(|_, turn| turn.session != session);
        known.ended.retain(|turn| turn.session != session);
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<LiveTurn>> {
        self.lock().by_id.get(id).cloned()
    }

    /// Those whose logs are open, in the order in which they were asked.
    pub(super) fn running(&self, which: impl Fn(&LiveTurn) -> bool) -> Vec<Arc<LiveTurn>> {
        let known = self.lock();
        let all = known.by_id.values();
        let mut found: Vec<Arc<LiveTurn>> = all
            .filter(|turn| !turn.is_closed() && which(turn))
            .cloned()
            .collect();
        // Ids sort by the time they were made.
        found.sort_by(|a, b| a.id.cmp(&b.id));
        found
    }

    fn lock(&self) -> MutexGuard<'_, KnownTurns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KnownTurns {
    /// Lets go of the turn that ended first.
    fn let_go(&mut self) {
        if let Some(turn) = self.ended.pop_front()
            && self
                .by_id
                .get(&turn.id)
                .is_some_and(|known| Arc::ptr_eq(known, &turn))
        {
            self.by_id.remove(&turn.id);
        }
    }
}
