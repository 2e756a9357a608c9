use crate::model::ModelError;
use crate::prompt::PromptError;
use crate::wire::{Divergence, TapeError, WireError};

/// Why a turn could not be replayed, or came out another way.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// A tape of the turn cannot be used.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// What the model reads is not what it read when the turn was recorded.
    #[error(
        "the recording is stale: {} changed since; record the turn again: {command}", .changed.join(", ")
    )]
    Stale {
        /// What changed, such as `prompt segment tools`.
        changed: Vec<String>,
        /// The command that records the turn again.
        command: String,
    },
    /// The turn asked for something else than it did when it was recorded.
    #[error("the turn parts from its recording: {0}")]
    Diverged(#[from] Divergence),
    /// Everything was asked for as it was recorded, and the answer is another.
    #[error("the answer is not the recorded one: {what} was {recorded} and is now {now}")]
    Different {
        /// Which part of the answer.
        what: &'static str,
        recorded: String,
        now: String,
    },
    /// The recorded turn was ended by the clock in the middle of an exchange.
    #[error("the recorded turn ran out of time ({stop_reason}), which a replay cannot do at the same place")]
    Clock { stop_reason: String },
    /// The header's settings cannot be used.
    #[error("the header of the tape cannot be used: {0}")]
    Header(String),
    /// The model cannot be set up.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The prompt cannot be rendered.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The wire cannot be set up.
    #[error(transparent)]
    Wire(#[from] WireError),
}

impl ReplayError {
    /// One word for programs: `tape` (it cannot be used), `stale`, `diverged`, `different`, `clock` or `setup`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tape(_) => "tape",
            Self::Stale { .. } => "stale",
            Self::Diverged(_) => "diverged",
            Self::Different { .. } => "different",
            Self::Clock { .. } => "clock",
            Self::Header(_) | Self::Model(_) | Self::Prompt(_) | Self::Wire(_) => "setup",
        }
    }
}
