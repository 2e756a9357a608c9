//! Provider batches of a run that is begun again: they are cancelled where they work, so that nobody pays for what nobody
//! reads. What cannot be cancelled is told, with its price.

use std::time::Duration;

use rust_decimal::prelude::ToPrimitive as _;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::collector::RoundEvent;
use super::files::RoundFiles;
use super::follow::{look_for, lost};
use super::notes::{NotedBatch, NotedBatchState, ProviderNotes};
use super::plan::expected_cost;
use crate::app::{App, price};
use crate::batch::folder::RunFolder;
use crate::batch::manifest::BatchManifest;
use crate::model::{BatchProgress, ModelError, Prices, ProviderBatches};
use crate::telemetry::causes;

/// Longest wait for a provider that is asked to give up one batch.
const LONGEST: Duration = Duration::from_secs(60);

/// What became of a provider batch that nobody waits for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AbandonedBatch {
    /// It is cancelled. What was answered by then is paid for.
    Cancelled,
    /// It had ended, and is paid for.
    Ended,
    /// It goes on, and is paid for when it ends: why.
    LeftRunning(String),
}

/// Gives up what an earlier run left at a provider.
#[derive(Debug)]
pub(in crate::batch) struct GivingUp {
    /// How the provider is reached, or why it is not.
    api: Result<ProviderBatches, String>,
    notes: ProviderNotes,
    files: RoundFiles,
    /// What the model of that run costs, if that is known.
    prices: Option<Prices>,
}

impl GivingUp {
    /// Of a run that began with this manifest and kept its files in this folder. Sends nothing yet.
    pub(in crate::batch) fn new(app: &App, begun: BatchManifest, folder: &RunFolder) -> Self {
        let now = app.identity();
        let api = if begun.asked_with.same_provider(&now) {
            app.provider_batches().map_err(|error| causes(&error).join(": "))
        } else {
            Err(format!(
                "it is where {} was asked, which is not where {} is",
                begun.asked_with.model, now.model
            ))
        };
        let same_model = begun.asked_with.model == now.model;
        Self {
            api,
            notes: begun.provider.unwrap_or_default(),
            files: RoundFiles::new(folder.provider()),
            prices: price(&app.settings().model).filter(|_| same_model),
        }
    }

    /// Gives up one batch after the other, and tells what became of each. `false` when it was stopped before that.
    pub(in crate::batch) async fn run(
        self,
        stop: &CancellationToken,
        tell: &(dyn Fn(RoundEvent) + Sync),
    ) -> bool {
        let working = self
            .notes
            .open()
            .filter(|batch| batch.state != NotedBatchState::Collected);
        for batch in working {
            let given_up = timeout(LONGEST, self.give_up(batch));
            let (id, came_to) = tokio::select! {
                biased;
                () = stop.cancelled() => return false,
                given_up = given_up => given_up.unwrap_or_else(|_| {
                    let reason = format!("no answer came within {} seconds", LONGEST.as_secs());
                    (batch.id.clone(), AbandonedBatch::LeftRunning(reason))
                }),
            };
            let was_there = id.is_some() || matches!(came_to, AbandonedBatch::LeftRunning(_));
            if was_there {
                tell(RoundEvent::GivenUp {
                    batch: id,
                    completions: batch.requests,
                    cost_usd: self.cost(batch).await,
                    came_to,
                });
            }
        }
        true
    }

    /// What all completions of a batch cost about.
    async fn cost(&self, batch: &NotedBatch) -> Option<f64> {
        let requests = tokio::fs::metadata(self.files.requests(batch.number))
            .await
            .ok()?;
        expected_cost(self.prices?, batch.requests, requests.len()).to_f64()
    }

    /// Gives up a batch. It has no id when it was never taken, or when that is not known.
    async fn give_up(&self, batch: &NotedBatch) -> (Option<String>, AbandonedBatch) {
        let left = |reason: String| AbandonedBatch::LeftRunning(reason);
        let api = match &self.api {
            Ok(api) => api,
            Err(reason) => return (batch.id.clone(), left(reason.clone())),
        };
        let id = match &batch.id {
            Some(id) => id.clone(),
            None if !api.knows_its_own() => {
                let reason = format!(
                    "it was being handed over, and whether {} took it cannot be known from its list",
                    api.name()
                );
                return (None, left(reason));
            }
            None => match look_for(api, &lost(&self.notes, batch)).await {
                Ok(Some(id)) => id,
                // It was never taken.
                Ok(None) => return (None, AbandonedBatch::Cancelled),
                Err(error) => return (None, left(causes(&error).join(": "))),
            },
        };
        let came_to = match cancelled(api, &id).await {
            Ok(came_to) => came_to,
            Err(error) => left(causes(&error).join(": ")),
        };
        (Some(id), came_to)
    }
}

/// Cancels a batch that works.
async fn cancelled(api: &ProviderBatches, id: &str) -> Result<AbandonedBatch, ModelError> {
    if has_ended(api, id).await? {
        return Ok(AbandonedBatch::Ended);
    }
    match api.cancel(id).await {
        Ok(()) => Ok(AbandonedBatch::Cancelled),
        // It may have ended in between.
        Err(error) => match has_ended(api, id).await {
            Ok(true) => Ok(AbandonedBatch::Ended),
            _ => Err(error),
        },
    }
}

async fn has_ended(api: &ProviderBatches, id: &str) -> Result<bool, ModelError> {
    let progress = api.progress(id).await?;
    Ok(!matches!(progress, BatchProgress::Working { .. }))
}
