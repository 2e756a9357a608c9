//! What a turn may still spend of the day of the person who asks.
//!
//! The day's ledger is asked before each completion and each query, and settled afterwards. What it denied is kept with
//! the answer, so that a replay is denied the same and needs no ledger.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::StopReason;
use super::budget::BudgetExhaustion;
use crate::ledger::{DayLedger, LedgerError, Reservation, Shortfall, Spend, SpendLimit, SpendingLeave};
use crate::model::ToolChoice;

/// The day's ledger had no room for a completion or a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Denial {
    /// Which request for budget of the turn it answered, counted from 0. Each completion and each query makes one.
    pub at: u32,
    /// What ran out.
    pub reason: StopReason,
    /// How much is used, and when the day is over.
    pub detail: String,
    /// Whether there was room for a last completion all the same.
    pub last_word: bool,
}

/// Who decides whether a turn may spend.
#[derive(Debug, Clone)]
pub(super) enum DayBudget {
    /// Nobody: there is no ledger.
    Unlimited,
    Ledger(Arc<DayLedger>),
    /// What the ledger said when the turn was recorded.
    Recorded(VecDeque<Denial>),
}

/// The spending of one turn.
#[derive(Debug)]
pub(super) struct DaySpending {
    budget: DayBudget,
    asked: u32,
    hold: Option<Reservation>,
    /// What is settled of the turn so far.
    settled: Spend,
    denials: Vec<Denial>,
}

impl DaySpending {
    pub(super) fn new(budget: DayBudget) -> Self {
        Self {
            budget,
            asked: 0,
            hold: None,
            settled: Spend::default(),
            denials: Vec::new(),
        }
    }

    pub(super) fn into_denials(self) -> Vec<Denial> {
        self.denials
    }

    /// Reserves a completion of a turn that has used `spent`: of `worst`, the first is needed when tools may
    /// be called, the second for the last word. `priced`: whether money may be spent at all.
    pub(super) async fn complete(
        &mut self,
        choice: ToolChoice,
        worst: [Spend; 2],
        spent: Spend,
        priced: bool,
    ) -> Result<(), Denial> {
        let [_, last] = worst;
        let choices = match choice {
            ToolChoice::Auto => worst.to_vec(),
            ToolChoice::None => vec![last],
        };
        self.leave(choices, spent, priced).await
    }

    /// Takes one query from the day. It counts whether or not it brings rows.
    pub(super) async fn query(&mut self) -> Result<(), Denial> {
        let book = match self.look(true) {
            Ok(Some(book)) => book,
            Ok(None) => return Ok(()),
            Err(denial) => return Err(denial),
        };
        if book.allowance().max_queries.is_none() {
            return Ok(());
        }
        let one = Spend::queries(1);
        let asked = with(book, move |book| {
            let now = Timestamp::now();
            let leave = book.ask(None, &[one], now)?;
            if let SpendingLeave::Granted { hold, .. } = &leave {
                book.settle(hold, one, now)?;
            }
            Ok(leave)
        })
        .await;
        match asked {
            Ok(SpendingLeave::Granted { .. }) => Ok(()),
            Ok(SpendingLeave::Denied(short)) => Err(self.denied(short_of(short), true)),
            Err(error) => Err(self.denied(unusable(&error), true)),
        }
    }

    /// Gives back what was reserved and not used, at the end of a turn that has used `spent`. What cannot be given back
    /// counts as used.
    pub(super) async fn end(&mut self, spent: Spend) -> Result<(), LedgerError> {
        let (DayBudget::Ledger(book), Some(hold)) = (&self.budget, self.hold.take()) else {
            return Ok(());
        };
        let used = spent.since(self.settled);
        let used = Spend { queries: 0, ..used };
        self.settled = spent;
        with(Arc::clone(book), move |book| {
            book.settle(&hold, used, Timestamp::now())
        })
        .await
    }

    async fn leave(&mut self, choices: Vec<Spend>, spent: Spend, priced: bool) -> Result<(), Denial> {
        let book = match self.look(priced) {
            Ok(Some(book)) => book,
            Ok(None) => return Ok(()),
            Err(denial) => return Err(denial),
        };
        let allowance = book.allowance();
        if allowance.max_tokens.is_none() && allowance.max_cost_usd.is_none() {
            return Ok(());
        }
        let used = Spend {
            queries: 0,
            ..spent.since(self.settled)
        };
        let before = self.hold.take().map(|hold| (hold, used));
        let asked = with(book, move |book| book.ask(before, &choices, Timestamp::now())).await;
        match asked {
            Ok(SpendingLeave::Granted { hold, short, .. }) => {
                self.settled = spent;
                self.hold = Some(hold);
                match short {
                    None => Ok(()),
                    Some(short) => Err(self.denied(short_of(short), true)),
                }
            }
            Ok(SpendingLeave::Denied(short)) => {
                self.settled = spent;
                Err(self.denied(short_of(short), false))
            }
            Err(error) => Err(self.denied(unusable(&error), false)),
        }
    }

    /// Counts one request. Returns the ledger to ask, `None` if there is none to ask, or the denial that was recorded.
    fn look(&mut self, priced: bool) -> Result<Option<Arc<DayLedger>>, Denial> {
        let at = self.asked;
        self.asked = self.asked.saturating_add(1);
        match &mut self.budget {
            DayBudget::Unlimited => Ok(None),
            DayBudget::Recorded(denials) => {
                let Some(denial) = denials.front().filter(|denial| denial.at == at).cloned() else {
                    return Ok(None);
                };
                denials.pop_front();
                self.denials.push(denial.clone());
                Err(denial)
            }
            DayBudget::Ledger(book) if book.allowance().max_cost_usd.is_some() && !priced => {
                let out = BudgetExhaustion {
                    reason: StopReason::DayCost,
                    detail: Some(super::budget::UNPRICED.to_owned()),
                };
                Err(self.denied(out, false))
            }
            DayBudget::Ledger(book) => Ok(Some(Arc::clone(book))),
        }
    }

    /// Keeps a denial of the latest asking.
    fn denied(&mut self, out: BudgetExhaustion, last_word: bool) -> Denial {
        let denial = Denial {
            at: self.asked.saturating_sub(1),
            reason: out.reason,
            detail: out.detail.unwrap_or_default(),
            last_word,
        };
        self.denials.push(denial.clone());
        denial
    }
}

/// Works with the ledger on a thread that may wait for the disk.
async fn with<T: Send + 'static>(
    book: Arc<DayLedger>,
    work: impl FnOnce(&DayLedger) -> Result<T, LedgerError> + Send + 'static,
) -> Result<T, LedgerError> {
    match tokio::task::spawn_blocking(move || work(&book)).await {
        Ok(done) => done,
        Err(error) => Err(LedgerError::Aborted(error.to_string())),
    }
}

fn short_of(short: Shortfall) -> BudgetExhaustion {
    BudgetExhaustion {
        reason: match short.limit {
            SpendLimit::Tokens => StopReason::DayTokens,
            SpendLimit::Cost => StopReason::DayCost,
            SpendLimit::Queries => StopReason::DayQueries,
        },
        detail: Some(short.detail),
    }
}

fn unusable(error: &LedgerError) -> BudgetExhaustion {
    BudgetExhaustion {
        reason: StopReason::LedgerFailed,
        detail: Some(crate::telemetry::causes(error).join(": ")),
    }
}
