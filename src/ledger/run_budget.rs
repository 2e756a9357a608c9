//! Money for all questions of a run together, in memory.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rust_decimal::Decimal;
use tokio::sync::Notify;

/// What a run may spend, in US dollars. The worst case of each completion is reserved before it is asked for; what is reserved
/// counts as spent until the completion has said what it used.
#[derive(Debug)]
pub struct RunBudget {
    most: Decimal,
    spending: Mutex<RunSpending>,
    settled: Notify,
}

#[derive(Debug, Default)]
struct RunSpending {
    spent: Decimal,
    reserved: Decimal,
    /// How many wait for room.
    waiting: usize,
}

struct WaitsForRoom<'a>(&'a RunBudget);

impl Drop for WaitsForRoom<'_> {
    fn drop(&mut self) {
        let mut spending = self.0.lock();
        spending.waiting = spending.waiting.saturating_sub(1);
    }
}

/// Money that is set apart. If it is dropped without being settled, all of it counts as spent: nobody knows better.
#[derive(Debug)]
pub(crate) struct RunReservation {
    budget: Arc<RunBudget>,
    most: Decimal,
    used: Option<Decimal>,
}

impl RunBudget {
    /// The budget of a run that has spent so much already.
    pub fn new(most: Decimal, spent: Decimal) -> Self {
        Self {
            most,
            spending: Mutex::new(RunSpending {
                spent,
                ..RunSpending::default()
            }),
            settled: Notify::new(),
        }
    }

    /// Reserves this much, if there is room for it now.
    pub(crate) fn try_reserve(budget: &Arc<Self>, most: Decimal) -> Option<RunReservation> {
        let mut spending = budget.lock();
        let after = spending.spent + spending.reserved + most;
        (after <= budget.most).then(|| {
            spending.reserved += most;
            RunReservation {
                budget: Arc::clone(budget),
                most,
                used: None,
            }
        })
    }

    /// Reserves this much. Waits while others may use less than they have reserved; `None` when the budget has no room for it
    /// whatever they use.
    pub(crate) async fn reserve(budget: &Arc<Self>, most: Decimal) -> Option<RunReservation> {
        loop {
            let mut settled = std::pin::pin!(budget.settled.notified());
            settled.as_mut().enable();
            if let Some(reservation) = Self::try_reserve(budget, most) {
                return Some(reservation);
            }
            let is_out = {
                let spending = budget.lock();
                spending.reserved.is_zero() || spending.spent + most > budget.most
            };
            if is_out {
                return None;
            }
            let _waits = budget.waits();
            settled.await;
        }
    }

    fn waits(&self) -> WaitsForRoom<'_> {
        self.lock().waiting += 1;
        WaitsForRoom(self)
    }

    /// How many wait until others have settled.
    pub fn waiting(&self) -> usize {
        self.lock().waiting
    }

    /// What was spent, without what is reserved.
    pub fn spent(&self) -> Decimal {
        self.lock().spent
    }

    fn lock(&self) -> MutexGuard<'_, RunSpending> {
        self.spending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RunReservation {
    /// What it was set apart for used so much.
    pub(crate) fn settle(mut self, used: Decimal) {
        self.used = Some(used);
    }
}

impl Drop for RunReservation {
    fn drop(&mut self) {
        {
            let mut spending = self.budget.lock();
            spending.reserved -= self.most;
            spending.spent += self.used.unwrap_or(self.most);
        }
        self.budget.settled.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reservation_waits_for_others_and_is_denied_when_they_cannot_help() {
        let dollars = Decimal::from;
        let budget = Arc::new(RunBudget::new(dollars(10), dollars(2)));
        let first = RunBudget::try_reserve(&budget, dollars(5)).unwrap();
        assert!(RunBudget::try_reserve(&budget, dollars(4)).is_none());
        assert!(RunBudget::reserve(&budget, dollars(9)).await.is_none());
        let waiting = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move { RunBudget::reserve(&budget, dollars(4)).await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        first.settle(dollars(1));
        let second = waiting.await.unwrap().unwrap();
        assert_eq!(budget.spent(), dollars(3));
        drop(second);
        assert_eq!(budget.spent(), dollars(7), "what nobody settled is spent");
        assert!(RunBudget::reserve(&budget, dollars(4)).await.is_none());
        assert!(RunBudget::reserve(&budget, dollars(3)).await.is_some());
    }
}
