//! Whether the data behind an answer can be believed, looked up beside the turn.
//!
//! The idea: nothing that a turn does waits for dbt. A look-up begins when a query of an entry begins, on the app's own wire and
//! not on the turn's, so that no tape holds its requests. When the answer is there, what is known is put to its evidence, after
//! a short wait at most. What is not known by then is left out. The end of a tape holds what was put, so that an answer which
//! is taken from its tape says the same.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::agent::{Answer, Event, EvidenceHealth};
use crate::catalog::{Catalog, EntryKind};
use crate::dbt::{DbtConnection, entry_health};
use crate::metabase::MetabaseClient;
use crate::tapes::EvidenceJudge;

/// Longest wait for what is not known when the answer is there; of the demo, whose dbt is in this process, on any machine.
const GRACE: Duration = Duration::from_millis(500);
const GRACE_OF_DEMO: Duration = Duration::from_secs(5);
/// How long a verdict is taken for true.
const KEPT: Duration = Duration::from_secs(60);
/// Most verdicts that are kept.
const MOST_KEPT: u64 = 2_000;

/// Looks up the health of entries, once for all sessions of an app. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct AnswerHealth {
    shared: Arc<SharedHealth>,
}

#[derive(Debug)]
struct SharedHealth {
    dbt: DbtConnection,
    metabase: MetabaseClient,
    catalog: Arc<Catalog>,
    grace: Duration,
    kept: moka::future::Cache<(EntryKind, u32), EvidenceHealth>,
}

impl AnswerHealth {
    /// Nothing where models may not be read.
    pub(super) fn new(
        dbt: DbtConnection,
        metabase: MetabaseClient,
        catalog: Arc<Catalog>,
        is_demo: bool,
    ) -> Option<Self> {
        dbt.offers().nodes.then(|| Self {
            shared: Arc::new(SharedHealth {
                dbt,
                metabase,
                catalog,
                grace: if is_demo { GRACE_OF_DEMO } else { GRACE },
                kept: moka::future::Cache::builder()
                    .max_capacity(MOST_KEPT)
                    .time_to_live(KEPT)
                    .build(),
            }),
        })
    }

    /// Reads the lineage beside whatever goes on, so that it is at hand when an entry is asked for.
    pub(super) fn warm_up(&self) {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move {
            if let Err(error) = shared.dbt.graph().await {
                tracing::debug!(%error, "the health of data cannot be looked up");
            }
        });
    }

    /// Forgets every verdict: something ran since.
    pub(super) fn forget(&self) {
        self.shared.kept.invalidate_all();
    }

    /// Begins to look up the entry that a tool call asks for, if it asks for one.
    pub(super) fn notice(&self, event: &Event) {
        let Event::ToolStarted { arguments, .. } = event else {
            return;
        };
        if let Some((kind, id)) = asked_for(arguments) {
            self.begin(kind, id);
        }
    }

    fn begin(&self, kind: EntryKind, id: u32) -> tokio::task::JoinHandle<Option<EvidenceHealth>> {
        let shared = Arc::clone(&self.shared);
        tokio::spawn(async move { shared.of(kind, id).await })
    }

    async fn attach(&self, answer: &mut Answer) {
        let until = Instant::now() + self.shared.grace;
        let entries: Vec<Option<(EntryKind, u32)>> = answer
            .evidence
            .iter()
            .map(|item| item.origin.source().map(|source| (source.kind, source.id)))
            .collect();
        let lookups: Vec<_> = entries
            .into_iter()
            .map(|entry| entry.map(|(kind, id)| self.begin(kind, id)))
            .collect();
        for (item, lookup) in answer.evidence.iter_mut().zip(lookups) {
            if let Some(lookup) = lookup {
                // One that is too late goes on, and is there for the next answer.
                item.health = timeout_at(until, lookup)
                    .await
                    .ok()
                    .and_then(Result::ok)
                    .flatten();
            }
        }
    }
}

impl EvidenceJudge for AnswerHealth {
    fn judge<'a>(&'a self, answer: &'a mut Answer) -> BoxFuture<'a, ()> {
        Box::pin(self.attach(answer))
    }
}

impl SharedHealth {
    async fn of(&self, kind: EntryKind, id: u32) -> Option<EvidenceHealth> {
        let entry = self.catalog.entry(kind, id)?;
        let look = async {
            match entry_health(&self.dbt, &self.metabase, entry).await {
                Ok(report) => Some(EvidenceHealth::of(&report)),
                Err(error) => {
                    tracing::debug!(%error, "the health of an entry is not known");
                    None
                }
            }
        };
        self.kept.optionally_get_with((kind, id), look).await
    }
}

/// The entry that arguments of a query name.
fn asked_for(arguments: &Value) -> Option<(EntryKind, u32)> {
    let keys = [
        ("card_id", EntryKind::Card),
        ("metric_id", EntryKind::Metric),
        ("table_id", EntryKind::Table),
    ];
    keys.into_iter().find_map(|(key, kind)| {
        let id = arguments.get(key)?.as_u64()?;
        Some((kind, u32::try_from(id).ok()?))
    })
}
