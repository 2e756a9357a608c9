//! A model whose completions are paid from the budget of a run.

use std::future::pending;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::StreamExt;
use rust_decimal::Decimal;
use tokio_util::sync::CancellationToken;

use super::{
    Model, ModelDrive, ModelError, ModelEvent, ModelId, ModelRequest, ModelStream, Prices, RequestPart, Usage,
};
use crate::ledger::{RunBudget, RunReservation};
use crate::wire::QueueTime;

/// Bytes taken for one token before a provider has counted: on the low side of what is usual (about four), so that a
/// reservation errs towards too much.
const BYTES_PER_TOKEN: u64 = 3;

/// One session's share of the budget of a run.
#[derive(Debug, Clone)]
pub struct BudgetShare {
    pub budget: Arc<RunBudget>,
    /// Cancelled when the budget has no room for a completion of the session. The completion then never begins: whoever
    /// runs the turn drops it, and it can be resumed with more money.
    pub denied: CancellationToken,
    /// Whether completions come from a provider's batch API, where they cost less.
    pub batched: bool,
}

/// A model that reserves the worst case of each completion before it is asked for.
#[derive(Debug)]
pub(crate) struct BudgetedModel {
    model: Arc<dyn Model>,
    share: BudgetShare,
    prices: Prices,
    queue: QueueTime,
}

impl BudgetedModel {
    /// The same model. Waits for others' reservations count as waits in the session's `queue`.
    pub(crate) fn new(model: Arc<dyn Model>, share: BudgetShare, prices: Prices, queue: QueueTime) -> Self {
        Self {
            model,
            share,
            prices,
            queue,
        }
    }

    async fn start(&self, request: &ModelRequest) -> Result<ModelStream, ModelError> {
        let most = self.worst(request);
        let Some(reservation) = self.reserve(most).await else {
            self.share.denied.cancel();
            return pending().await;
        };
        match self.model.complete(request).await {
            Ok(events) => Ok(settling(events, reservation, self.prices, most)),
            Err(error) => {
                reservation.settle(Decimal::ZERO);
                Err(error)
            }
        }
    }

    async fn reserve(&self, most: Decimal) -> Option<RunReservation> {
        if let Some(reservation) = RunBudget::try_reserve(&self.share.budget, most) {
            return Some(reservation);
        }
        let _waiting = self.queue.wait();
        RunBudget::reserve(&self.share.budget, most).await
    }

    /// What a completion costs at most, when the provider's cache helps nowhere.
    fn worst(&self, request: &ModelRequest) -> Decimal {
        let prices = self.prices;
        let input = prices.input.max(prices.cache_write).max(prices.cache_read);
        let usage = Usage {
            input_tokens: request.bytes() / BYTES_PER_TOKEN,
            output_tokens: u64::from(request.max_output_tokens),
            ..Usage::default()
        };
        let usage = if self.share.batched {
            usage.in_batch()
        } else {
            usage
        };
        Prices { input, ..prices }.cost(usage).0
    }
}

/// The same events. What the completion says it used is settled; one that says nothing, or breaks, used all of it.
fn settling(
    mut events: ModelStream,
    reservation: RunReservation,
    prices: Prices,
    most: Decimal,
) -> ModelStream {
    async_stream::stream! {
        let mut reservation = Some(reservation);
        while let Some(event) = events.next().await {
            if let Ok(ModelEvent::Done(completion)) = &event
                && let Some(reservation) = reservation.take()
            {
                reservation.settle(completion.usage.map_or(most, |usage| prices.cost(usage).0));
            }
            yield event;
        }
    }
    .boxed()
}

impl Model for BudgetedModel {
    fn id(&self) -> &ModelId {
        self.model.id()
    }

    fn found_drive(&self) -> Option<ModelDrive> {
        self.model.found_drive()
    }

    fn left_out(&self) -> Vec<RequestPart> {
        self.model.left_out()
    }

    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>> {
        Box::pin(self.start(request))
    }
}
