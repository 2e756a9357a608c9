//! The budgets of one turn. The worst case of a completion is reserved before it is asked for and settled by what
//! it used; the last completion's share is kept back, so that there is always room to answer.

use std::time::Duration;

use rust_decimal::Decimal;

use super::StopReason;
use crate::config::BudgetSettings;
use crate::model::{Prices, Usage};

/// Bytes taken for one token where a provider has not counted: on the low side of what is usual (about four), so
/// that a reservation errs towards too much.
const BYTES_PER_TOKEN: u64 = 3;
/// Room kept for one more shaped result between two completions, in tokens.
const RESULT_TOKENS: u64 = 10_000;
/// Longest time kept back for the last completion.
const LAST_WORD: Duration = Duration::from_secs(20);

/// What may be asked for next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A step that may call tools.
    Step,
    /// Only the last completion, for this reason.
    LastWord(StopReason),
    /// Nothing.
    None(StopReason),
}

/// What a turn has used, against what it may use.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    limits: BudgetSettings,
    prices: Option<Prices>,
    max_output_tokens: u64,
    completions: u32,
    tool_calls: u32,
    usage: Usage,
    /// Tokens of completions that reported none, estimated.
    estimated: Usage,
    unreported: u32,
    /// The last reported prompt: tokens, and the bytes it was.
    measured: Option<(u64, u64)>,
}

impl Ledger {
    pub(super) fn new(limits: BudgetSettings, prices: Option<Prices>, max_output_tokens: u32) -> Self {
        Self {
            limits,
            prices,
            max_output_tokens: u64::from(max_output_tokens),
            completions: 0,
            tool_calls: 0,
            usage: Usage::default(),
            estimated: Usage::default(),
            unreported: 0,
            measured: None,
        }
    }

    /// Decides what a prompt of `prompt_bytes` may be asked, `now` into the turn.
    pub(super) fn room(&self, prompt_bytes: u64, now: Duration) -> Room {
        let input = self.estimate(prompt_bytes);
        let last = Usage {
            input_tokens: input,
            output_tokens: self.max_output_tokens,
            ..Usage::default()
        };
        if let Some(reason) = self.overdrawn(&[last]) {
            return Room::None(reason);
        }
        if now >= self.limits.max_time {
            return Room::None(StopReason::MaxTime);
        }
        if self.completions.saturating_add(1) >= self.limits.max_steps {
            return Room::LastWord(StopReason::MaxSteps);
        }
        if self.tool_calls >= self.limits.max_tool_calls {
            return Room::LastWord(StopReason::MaxToolCalls);
        }
        if now >= self.work_deadline() {
            return Room::LastWord(StopReason::MaxTime);
        }
        let grown = input
            .saturating_add(self.max_output_tokens)
            .saturating_add(RESULT_TOKENS);
        let after = Usage {
            input_tokens: grown,
            ..last
        };
        match self.overdrawn(&[last, after]) {
            Some(reason) => Room::LastWord(reason),
            None => Room::Step,
        }
    }

    /// The moment from which on only the last completion may run.
    pub(super) fn work_deadline(&self) -> Duration {
        self.limits
            .max_time
            .saturating_sub(LAST_WORD.min(self.limits.max_time / 4))
    }

    /// The end of the turn.
    pub(super) fn deadline(&self) -> Duration {
        self.limits.max_time
    }

    /// Takes one tool call from the budget; false when there is none left.
    pub(super) fn take_tool_call(&mut self) -> bool {
        if self.tool_calls >= self.limits.max_tool_calls {
            return false;
        }
        self.tool_calls += 1;
        true
    }

    /// The tool-call budget.
    pub(super) fn tool_call_limit(&self) -> u32 {
        self.limits.max_tool_calls
    }

    /// Settles a completion: of a prompt of `prompt_bytes`, that wrote `written_bytes`.
    pub(super) fn settle(&mut self, usage: Option<Usage>, prompt_bytes: u64, written_bytes: u64) {
        self.completions += 1;
        if let Some(usage) = usage {
            self.usage = self.usage + usage;
            self.measured = Some((usage.input_tokens, prompt_bytes));
        } else {
            self.unreported += 1;
            // A provider bills no more than what it was allowed to write, whatever arrives.
            let output_tokens = (written_bytes / BYTES_PER_TOKEN).min(self.max_output_tokens);
            let input_tokens = self.estimate(prompt_bytes);
            let estimated = Usage {
                input_tokens,
                output_tokens,
                ..Usage::default()
            };
            self.estimated = self.estimated + estimated;
        }
    }

    /// Completions so far.
    pub(super) fn completions(&self) -> u32 {
        self.completions
    }

    /// What providers reported.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Completions whose provider reported nothing.
    pub(super) fn unreported(&self) -> u32 {
        self.unreported
    }

    /// What the turn cost; `None` when the price or the usage of a completion is unknown, never a guess.
    pub(super) fn cost(&self) -> Option<Decimal> {
        if self.unreported > 0 {
            None
        } else {
            self.prices.map(|prices| prices.cost(self.usage).0)
        }
    }

    fn estimate(&self, prompt_bytes: u64) -> u64 {
        match self.measured {
            Some((tokens, bytes)) => {
                tokens.saturating_add(prompt_bytes.saturating_sub(bytes) / BYTES_PER_TOKEN)
            }
            None => prompt_bytes / BYTES_PER_TOKEN,
        }
    }

    /// The budget that `coming` would overdraw, if there is one.
    fn overdrawn(&self, coming: &[Usage]) -> Option<StopReason> {
        let total = coming.iter().copied().sum::<Usage>() + self.usage + self.estimated;
        if total.input_tokens.saturating_add(total.output_tokens) > self.limits.max_tokens {
            return Some(StopReason::MaxTokens);
        }
        let limit = self.limits.max_cost_usd?;
        match self.prices {
            Some(prices) if prices.cost(total).0 > limit => Some(StopReason::MaxCost),
            None if !self.limits.allow_unpriced => Some(StopReason::MaxCost),
            _ => None,
        }
    }
}
