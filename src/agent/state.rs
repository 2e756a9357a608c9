//! What a turn knows while it is on its way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::budget::{BudgetExhaustion, TurnBudget};
use super::final_outcome::FailedCalls;
use super::guard::LoopGuard;
use super::protocol::TracedDraft;
use super::{CallRecord, Event, Evidence, StopReason};
use crate::agent::{BudgetSettings, GroundingSettings, GuardSettings};
use crate::grounding::Figure;
use crate::ledger::Spend;
use crate::model::{Message, Prices, ToolCall, ToolResultMessage, UserQuestion};
use crate::result::{Handle, PackedTable};

/// What a turn is told when it begins.
#[derive(Debug, Clone)]
pub(super) struct TurnRules {
    pub(super) budget: BudgetSettings,
    pub(super) guard: GuardSettings,
    pub(super) grounding: GroundingSettings,
    pub(super) prices: Option<Prices>,
    pub(super) max_output_tokens: u32,
    /// Bytes of everything that stands before this turn's messages: tools, system prompt, earlier turns.
    pub(super) prefix_bytes: u64,
    /// Turns before this one that ended with a question back, in a row.
    pub(super) asked_back: u32,
    /// What the conversation used before this turn.
    pub(super) spent: Spend,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TurnPhase {
    Working,
    /// The last completion was asked for, for this reason.
    LastWord(StopReason),
    Ended,
}

/// A result of this turn, kept to serve the same call again.
#[derive(Debug, Clone)]
pub(super) struct RepeatableResult {
    /// Number of the call that brought it.
    pub(super) call: u32,
    pub(super) content: Arc<str>,
    pub(super) brought: Option<(Handle, PackedTable)>,
    pub(super) rows: Option<u64>,
    pub(super) truncated: bool,
}

/// Everything a turn knows. Only [`super::step::step`] changes it.
#[derive(Debug, Clone)]
pub(super) struct TurnState {
    pub(super) phase: TurnPhase,
    pub(super) budget: TurnBudget,
    pub(super) loop_guard: LoopGuard,
    pub(super) prefix_bytes: u64,
    /// What this turn adds to the conversation.
    pub(super) messages: Vec<Message>,
    /// Calls of the latest completion that were not looked at yet.
    pub(super) queue: VecDeque<ToolCall>,
    /// Results of the latest completion's calls, in call order.
    pub(super) gathered: Vec<ToolResultMessage>,
    /// Results by tool and canonical arguments.
    pub(super) repeatable: BTreeMap<String, RepeatableResult>,
    pub(super) records: Vec<CallRecord>,
    pub(super) evidence: Vec<Evidence>,
    pub(super) grounding: GroundingSettings,
    /// The answer whose figures the model was asked to put right.
    pub(super) draft: Option<TracedDraft>,
    /// The figures of the answer, once they were looked up.
    pub(super) figures: Option<Vec<Figure>>,
    /// Whether the answer goes out with figures that have no source.
    pub(super) unmatched: bool,
    /// What the calls that brought nothing say about the outcome.
    pub(super) failed: FailedCalls,
    /// The budget that ran out, if one did.
    pub(super) exhausted: Option<BudgetExhaustion>,
    /// Whether the model was told once that it answered nothing, or nothing that can be read.
    pub(super) told_empty: bool,
    /// What the model is told of calls that were dropped from its latest message.
    pub(super) dropped_note: Option<String>,
    /// What watchers are to be told, in order.
    pub(super) events: Vec<Event>,
}

impl TurnState {
    /// A turn whose first message is `question`.
    pub(super) fn new(question: UserQuestion, rules: TurnRules) -> Self {
        Self {
            phase: TurnPhase::Working,
            budget: TurnBudget::new(rules.budget, rules.spent, rules.prices, rules.max_output_tokens),
            loop_guard: LoopGuard::new(rules.guard, rules.asked_back),
            prefix_bytes: rules.prefix_bytes,
            messages: vec![Message::User(question)],
            queue: VecDeque::new(),
            gathered: Vec::new(),
            repeatable: BTreeMap::new(),
            records: Vec::new(),
            evidence: Vec::new(),
            grounding: rules.grounding,
            draft: None,
            figures: None,
            unmatched: false,
            failed: FailedCalls::default(),
            exhausted: None,
            told_empty: false,
            dropped_note: None,
            events: Vec::new(),
        }
    }

    /// Bytes of the prompt as it would be sent now.
    pub(super) fn prompt_bytes(&self) -> u64 {
        self.prefix_bytes + bytes_of(&self.messages)
    }

    /// Number of the call that is being looked at, counted from 1.
    pub(super) fn call_number(&self) -> u32 {
        u32::try_from(self.records.len())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }
}

/// Bytes of text in messages: the measure for estimates, not what goes over the wire.
pub(super) fn bytes_of(messages: &[Message]) -> u64 {
    messages.iter().map(Message::bytes).sum()
}
