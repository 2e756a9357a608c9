//! What the manifest holds of provider batches.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// All provider batches of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ProviderNotes {
    /// Rounds so far, over all starts.
    pub rounds: u32,
    /// In the order of their numbers.
    pub batches: Vec<NotedBatch>,
    /// Sessions that were begun anew since: what batches up to this number hold of them counts no more.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub begun_anew: BTreeMap<String, u32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NotedBatch {
    /// Counted from 1 over the whole run; its files are named by it.
    pub number: u32,
    pub round: u32,
    /// The path of its completions.
    pub path: String,
    pub requests: u64,
    /// What the provider's list knows it by.
    pub token: String,
    /// When it was decided to submit it.
    pub intended: Timestamp,
    /// The provider's id, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Batches that were taken for it and turned out to be others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<String>,
    pub state: NotedBatchState,
}

/// How far a provider batch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NotedBatchState {
    /// It is to be submitted, and may have been.
    Intended,
    /// The provider has it.
    Submitted,
    /// Its results are on the disk.
    Collected,
    /// All of them are on tapes.
    Settled,
    /// The provider refused it as a whole.
    Refused,
}

impl ProviderNotes {
    /// Batches whose completions are not all on tapes.
    pub(crate) fn open(&self) -> impl Iterator<Item = &NotedBatch> {
        self.batches.iter().filter(|batch| {
            matches!(
                batch.state,
                NotedBatchState::Intended | NotedBatchState::Submitted | NotedBatchState::Collected
            )
        })
    }

    /// The number of the last batch.
    pub(in crate::batch) fn last(&self) -> u32 {
        self.batches.last().map_or(0, |batch| batch.number)
    }

    pub(super) fn batch(&mut self, number: u32) -> Option<&mut NotedBatch> {
        self.batches.iter_mut().find(|batch| batch.number == number)
    }

    /// From now on nothing counts that batches hold of a session.
    pub(in crate::batch) fn begin_anew(&mut self, session: u64) {
        let last = self.last();
        if last > 0 {
            self.begun_anew.insert(format!("{session:016x}"), last);
        }
    }

    /// Whether what a batch holds of a session counts.
    pub(super) fn counts(&self, session: u64, number: u32) -> bool {
        let void = self.begun_anew.get(&format!("{session:016x}"));
        void.is_none_or(|last| number > *last)
    }
}
