//! The budgets of one turn and of the conversation it is part of. The worst case of a completion is reserved before it
//! is asked for and settled by what it used; the last completion's share is kept back, so that there is always room to
//! answer.

use std::time::Duration;

use rust_decimal::Decimal;

use super::StopReason;
use crate::agent::BudgetSettings;
use crate::ledger::{Allowance, Spend, SpendLimit};
use crate::model::{Prices, Usage};

/// Bytes taken for one token where a provider has not counted: on the low side of what is usual (about four), so
/// that a reservation errs towards too much.
const BYTES_PER_TOKEN: u64 = 3;
/// Room kept for one more shaped result between two completions, in tokens.
const RESULT_TOKENS: u64 = 10_000;
/// What is said of a model whose price is not known, where money is limited.
pub(super) const UNPRICED: &str =
    "the price of the model is not known: set [model.prices], or allow it with budget.allow_unpriced";
/// Longest time kept back for the last completion.
const LAST_WORD: Duration = Duration::from_secs(20);

/// What ran out: the reason, and how much of it is used, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BudgetExhaustion {
    pub(super) reason: StopReason,
    pub(super) detail: Option<String>,
}

impl From<StopReason> for BudgetExhaustion {
    fn from(reason: StopReason) -> Self {
        Self { reason, detail: None }
    }
}

/// What may be asked for next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum BudgetRoom {
    /// A step that may call tools.
    Step,
    /// Only the last completion, for this reason.
    LastWord(BudgetExhaustion),
    None(BudgetExhaustion),
}

/// What a turn has used, against what it may use.
#[derive(Debug, Clone)]
pub(super) struct TurnBudget {
    limits: BudgetSettings,
    prices: Option<Prices>,
    max_output_tokens: u64,
    completions: u32,
    tool_calls: u32,
    queries: u64,
    /// What the conversation used before this turn.
    before: Spend,
    usage: Usage,
    /// Tokens of completions that reported none, estimated.
    estimated: Usage,
    unreported: u32,
    /// The last reported prompt: tokens, and the bytes it was.
    measured: Option<(u64, u64)>,
}

impl TurnBudget {
    /// The ledger of a turn, in a conversation that has used `before`.
    pub(super) fn new(
        limits: BudgetSettings,
        before: Spend,
        prices: Option<Prices>,
        max_output_tokens: u32,
    ) -> Self {
        Self {
            limits,
            prices,
            max_output_tokens: u64::from(max_output_tokens),
            completions: 0,
            tool_calls: 0,
            queries: 0,
            before,
            usage: Usage::default(),
            estimated: Usage::default(),
            unreported: 0,
            measured: None,
        }
    }

    /// Decides what a prompt of `prompt_bytes` may be asked, `now` into the turn.
    pub(super) fn room(&self, prompt_bytes: u64, now: Duration) -> BudgetRoom {
        let [last, after] = self.coming(prompt_bytes);
        if let Some(out) = self.overdrawn(last) {
            return BudgetRoom::None(out);
        }
        if now >= self.limits.max_time {
            return BudgetRoom::None(StopReason::MaxTime.into());
        }
        if self.completions.saturating_add(1) >= self.limits.max_steps {
            return BudgetRoom::LastWord(StopReason::MaxSteps.into());
        }
        if self.tool_calls >= self.limits.max_tool_calls {
            return BudgetRoom::LastWord(StopReason::MaxToolCalls.into());
        }
        if now >= self.work_deadline() {
            return BudgetRoom::LastWord(StopReason::MaxTime.into());
        }
        match self.overdrawn(last + after) {
            Some(out) => BudgetRoom::LastWord(out),
            None => BudgetRoom::Step,
        }
    }

    /// The worst cases of asking a prompt of `prompt_bytes`: a step with the last word after it, and the last word now.
    pub(super) fn worst(&self, prompt_bytes: u64) -> [Spend; 2] {
        let [last, after] = self.coming(prompt_bytes);
        [self.at_most(last + after), self.at_most(last)]
    }

    /// What the turn has used by now: what was reported, and an estimate of what was not.
    pub(super) fn spent(&self) -> Spend {
        let total = self.usage + self.estimated;
        Spend {
            tokens: tokens(total),
            cost_usd: self.prices.map_or(Decimal::ZERO, |prices| prices.cost(total).0),
            queries: self.queries,
        }
    }

    /// Whether what the model costs can be told, or need not be.
    pub(super) fn may_spend_money(&self) -> bool {
        self.prices.is_some() || self.limits.allow_unpriced
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

    pub(super) fn tool_call_limit(&self) -> u32 {
        self.limits.max_tool_calls
    }

    /// Takes one query from the conversation's budget, or says that there is none left.
    pub(super) fn take_query(&mut self) -> Result<(), BudgetExhaustion> {
        let used = self.before + self.spent();
        let session = self.limits.session;
        if let Some(limit) = session.overdrawn(used, Spend::queries(1)) {
            return Err(of_session(session, limit, used));
        }
        self.queries = self.queries.saturating_add(1);
        Ok(())
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

    pub(super) fn completions(&self) -> u32 {
        self.completions
    }

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

    /// The last word to a prompt of `prompt_bytes`, and the one after a step more.
    fn coming(&self, prompt_bytes: u64) -> [Usage; 2] {
        let input = self.estimate(prompt_bytes);
        let last = Usage {
            input_tokens: input,
            output_tokens: self.max_output_tokens,
            ..Usage::default()
        };
        let grown = input
            .saturating_add(self.max_output_tokens)
            .saturating_add(RESULT_TOKENS);
        let after = Usage {
            input_tokens: grown,
            ..last
        };
        [last, after]
    }

    fn estimate(&self, prompt_bytes: u64) -> u64 {
        match self.measured {
            Some((tokens, bytes)) => {
                tokens.saturating_add(prompt_bytes.saturating_sub(bytes) / BYTES_PER_TOKEN)
            }
            None => prompt_bytes / BYTES_PER_TOKEN,
        }
    }

    /// What `usage` comes to when the provider's cache helps nowhere.
    fn at_most(&self, usage: Usage) -> Spend {
        let dearest = self.prices.map(|prices| {
            let input = prices.input.max(prices.cache_write).max(prices.cache_read);
            Prices { input, ..prices }
        });
        Spend {
            tokens: tokens(usage),
            cost_usd: dearest.map_or(Decimal::ZERO, |prices| prices.cost(usage).0),
            queries: 0,
        }
    }

    /// The budget that `coming` would overdraw, if there is one.
    fn overdrawn(&self, coming: Usage) -> Option<BudgetExhaustion> {
        let limits = &self.limits;
        if !self.may_spend_money() {
            let unpriced = |reason: StopReason| BudgetExhaustion {
                reason,
                detail: Some(UNPRICED.to_owned()),
            };
            if limits.max_cost_usd.is_some() {
                return Some(unpriced(StopReason::MaxCost));
            }
            if limits.session.max_cost_usd.is_some() {
                return Some(unpriced(StopReason::SessionCost));
            }
        }
        let (spent, coming) = (self.spent(), self.at_most(coming));
        let question = Allowance {
            max_tokens: Some(limits.max_tokens),
            max_cost_usd: limits.max_cost_usd,
            max_queries: None,
        };
        if let Some(limit) = question.overdrawn(spent, coming) {
            let reason = match limit {
                SpendLimit::Cost => StopReason::MaxCost,
                SpendLimit::Tokens | SpendLimit::Queries => StopReason::MaxTokens,
            };
            let detail = format!("{} of this question are used", question.told(limit, spent));
            return Some(BudgetExhaustion {
                reason,
                detail: Some(detail),
            });
        }
        let used = self.before + spent;
        let limit = limits.session.overdrawn(used, coming)?;
        Some(of_session(limits.session, limit, used))
    }
}

fn tokens(usage: Usage) -> u64 {
    usage.input_tokens.saturating_add(usage.output_tokens)
}

fn of_session(session: Allowance, limit: SpendLimit, used: Spend) -> BudgetExhaustion {
    let reason = match limit {
        SpendLimit::Tokens => StopReason::SessionTokens,
        SpendLimit::Cost => StopReason::SessionCost,
        SpendLimit::Queries => StopReason::SessionQueries,
    };
    BudgetExhaustion {
        reason,
        detail: Some(format!(
            "{} of this conversation are used; a new conversation begins at zero",
            session.told(limit, used)
        )),
    }
}
