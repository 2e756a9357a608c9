//! What passes between the pure core of the loop and the shell around it.
//!
//! The core says the one thing to do next, a [`TurnEffect`]; the driver does it and answers with a [`TurnInput`]. Nothing
//! else crosses: a turn is a sequence of these pairs, from [`TurnInput::Begin`] to [`TurnEffect::Finish`].
//!
//! ```text
//! Begin → Complete → Completed(calls) → Decide → Decided(plan) → Run → Ran(output) → Complete
//!       → Completed(text) → Ground → Grounded(figures) → Finish
//! ```

use std::time::Duration;

use serde_json::Value;

use super::StopReason;
use super::answer_references::AnswerReferences;
use super::day_budget::Denial;
use crate::grounding::Figure;
use crate::model::{Completion, ToolCall, ToolChoice};
use crate::tools::{PlannedCall, Refusal, ToolError, ToolOutput};

#[derive(Debug)]
pub(super) enum TurnInput {
    Begin,
    Completed(Completion),
    /// A completion's text passed every bound and was cut off here.
    Endless(String),
    /// A completion came to nothing: why, the text until then, and whether it had begun, so that it may be billed.
    ModelFailed {
        message: String,
        partial: String,
        begun: bool,
    },
    /// Time ran out while a completion was made: the text until then.
    ModelTimedOut {
        partial: String,
    },
    /// The gate decided on the call at hand.
    Decided {
        call: ToolCall,
        decision: Result<PlannedCall, Refusal>,
    },
    /// The call at hand ran.
    Ran(Box<CallRun>),
    /// The day's ledger denied the completion that was asked for.
    Denied(Denial),
    /// The figures of a final text were looked up.
    Grounded(TracedDraft),
    /// The figures of a final text were not looked up: the turn was over before, for this reason.
    NotGrounded {
        draft: TracedDraft,
        reason: StopReason,
    },
    /// The person ended the turn: the text until then if a completion was under way.
    Cancelled {
        partial: Option<String>,
    },
}

#[derive(Debug)]
pub(super) struct CallRun {
    pub(super) call: ToolCall,
    pub(super) planned: PlannedCall,
    pub(super) end: CallRunEnd,
    pub(super) took: Duration,
}

#[derive(Debug)]
pub(super) enum CallRunEnd {
    Output(Box<ToolOutput>),
    Error(ToolError),
    /// The turn's time ran out meanwhile.
    TimedOut,
    /// The day's ledger denied it; nothing was sent.
    Denied(Denial),
}

/// The one thing to do next.
#[derive(Debug)]
pub(super) enum TurnEffect {
    /// Ask the model, until `deadline` into the turn.
    Complete {
        choice: ToolChoice,
        deadline: Duration,
    },
    Decide(ToolCall),
    /// Run a call that was let through, until `deadline` into the turn.
    Run {
        call: ToolCall,
        planned: PlannedCall,
        deadline: Duration,
    },
    /// Look up the figures of this text.
    Ground(LoopEnd),
    Finish(LoopEnd),
}

#[derive(Debug, Clone)]
pub(super) struct LoopEnd {
    pub(super) reason: StopReason,
    /// The answer as far as there is one.
    pub(super) text: String,
    /// Answers to choose from, for a question back.
    pub(super) options: Vec<String>,
    pub(super) detail: Option<String>,
    /// Whether the text broke off.
    pub(super) cut: bool,
    /// Whether the text stood beside calls that were not run.
    pub(super) unfinished: bool,
    /// Parts of the last completion that have to be sent back unchanged.
    pub(super) opaque: Option<Value>,
    /// What references made of the text; `None` as long as they are not resolved, or where there are none.
    pub(super) references: Option<AnswerReferences>,
}

impl LoopEnd {
    pub(super) fn new(reason: StopReason, text: String) -> Self {
        let cut = reason == StopReason::OutputLimit;
        Self {
            reason,
            text,
            options: Vec::new(),
            detail: None,
            cut,
            unfinished: false,
            opaque: None,
            references: None,
        }
    }
}

/// An answer whose figures were looked up.
#[derive(Debug, Clone)]
pub(super) struct TracedDraft {
    pub(super) ending: LoopEnd,
    pub(super) figures: Vec<Figure>,
}
