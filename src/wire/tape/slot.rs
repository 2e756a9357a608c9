use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::play::Player;
use super::results::RecordedResults;
use super::write::Tape;
use crate::call_log::TapePosition;

/// What the tape layer does with a turn's exchanges.
#[derive(Debug, Clone, Default)]
pub enum TapeMode {
    /// Nothing: they go to the network.
    #[default]
    Live,
    /// They go to the network and are recorded.
    Record(Tape),
    /// They are served from a tape; the layers below are never called.
    Replay(Player),
    /// Completions are served from a tape; everything else goes to the network.
    Model(Player),
    /// Results that are on tapes are served from there; completions and all other results come from the network.
    Results(RecordedResults),
    /// They are served from the tape as far as it goes; then they go to the network and are recorded behind it.
    Resume(Player, Tape),
}

/// Where a turn puts its tape for as long as it runs. Every clone of a session's wire has the same slot.
#[derive(Debug, Clone, Default)]
pub struct TapeSlot {
    slot: Arc<Mutex<OccupiedSlot>>,
}

#[derive(Debug, Default)]
struct OccupiedSlot {
    mode: TapeMode,
    /// Which turn put the mode in, counted from 1.
    turn: u64,
    /// The id of the turn that runs, for the call log.
    turn_id: Option<Arc<str>>,
}

/// A turn's hold on the tape slot of its session. When it is dropped, also because the turn itself was dropped, the
/// slot is live again, so that no later turn is recorded on this turn's tape.
#[must_use = "the slot is given back as soon as the guard is dropped"]
#[derive(Debug)]
pub struct TapeSlotGuard {
    slot: TapeSlot,
    turn: u64,
}

/// A turn's name on what its session sends, as long as it is held.
#[must_use = "the name is taken away as soon as the guard is dropped"]
#[derive(Debug)]
pub(crate) struct TurnNameGuard {
    slot: TapeSlot,
    turn_id: Arc<str>,
}

impl TapeSlot {
    /// Calls that are made from now on are logged as this turn's.
    pub(crate) fn name_turn(&self, turn_id: &str) -> TurnNameGuard {
        let turn_id: Arc<str> = turn_id.into();
        self.lock().turn_id = Some(turn_id.clone());
        TurnNameGuard {
            slot: self.clone(),
            turn_id,
        }
    }

    /// The id of the turn that runs.
    pub(in crate::wire) fn turn_id(&self) -> Option<Arc<str>> {
        self.lock().turn_id.clone()
    }

    /// Treats exchanges so until the guard is dropped. Whoever held the slot before has lost it.
    pub fn hold(&self, mode: TapeMode) -> TapeSlotGuard {
        let mut occupied = self.lock();
        occupied.mode = mode;
        occupied.turn = occupied.turn.saturating_add(1);
        TapeSlotGuard {
            slot: self.clone(),
            turn: occupied.turn,
        }
    }

    /// A slot that treats exchanges so for good.
    pub(in crate::wire) fn fixed(mode: TapeMode) -> Self {
        let slot = Self::default();
        slot.lock().mode = mode;
        slot
    }

    /// Where the exchange that began last stands on the tape that is recorded, if one is.
    pub(in crate::wire) fn position(&self) -> Option<TapePosition> {
        match &self.lock().mode {
            TapeMode::Record(tape) | TapeMode::Resume(_, tape) => tape.position(),
            TapeMode::Live | TapeMode::Replay(_) | TapeMode::Model(_) | TapeMode::Results(_) => None,
        }
    }

    pub(super) fn mode(&self) -> TapeMode {
        self.lock().mode.clone()
    }

    fn lock(&self) -> MutexGuard<'_, OccupiedSlot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for TurnNameGuard {
    fn drop(&mut self) {
        let mut occupied = self.slot.lock();
        let own = |turn_id: &Arc<str>| Arc::ptr_eq(turn_id, &self.turn_id);
        if occupied.turn_id.as_ref().is_some_and(own) {
            occupied.turn_id = None;
        }
    }
}

impl Drop for TapeSlotGuard {
    fn drop(&mut self) {
        let mut occupied = self.slot.lock();
        if occupied.turn == self.turn {
            occupied.mode = TapeMode::Live;
        }
    }
}
