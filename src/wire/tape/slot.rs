use std::sync::{Arc, Mutex, PoisonError};

use super::play::Player;
use super::results::RecordedResults;
use super::write::Tape;

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
    mode: Arc<Mutex<TapeMode>>,
}

impl TapeSlot {
    /// From now on exchanges are treated so. Returns what held before.
    pub fn put(&self, mode: TapeMode) -> TapeMode {
        std::mem::replace(
            &mut *self.mode.lock().unwrap_or_else(PoisonError::into_inner),
            mode,
        )
    }

    /// Takes the mode out: from now on everything is live.
    pub fn take(&self) -> TapeMode {
        self.put(TapeMode::Live)
    }

    pub(super) fn mode(&self) -> TapeMode {
        self.mode.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
