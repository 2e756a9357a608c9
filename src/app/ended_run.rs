//! What a run of dbt that ended makes old.
//!
//! The idea: rows are kept only where it is known that the run did not touch what they rest on. Which tables it made is in its
//! results, what an entry rests on is in the lineage and in the tables that it reads. Whatever cannot be found out in a short
//! time counts as touched.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::App;
use crate::catalog::Entry;
use crate::dbt::{AdministrativeClient, DbtError, rests_on};
use crate::grants::{GrantDecision, GrantPolicy};
use crate::metabase::rows_of;
use crate::operations::administrative as table;
use crate::wire::RowsOf;

/// Longest look for what a run touched.
const LOOKING: Duration = Duration::from_secs(10);
/// Entries that are looked up at once.
const AT_ONCE: usize = 4;

impl App {
    /// Tells whoever follows this run, in any session of the server, that it is over.
    pub(crate) fn run_ended(&self, run: u64) {
        if let Some(shared) = &self.server().dbt_shared {
            shared.run_ended(run);
        }
    }

    /// Forgets what was read of the data that a run made anew: rows of entries that rest on its models, by lineage and by the
    /// names of tables, and all that dbt said. Without a run, or where it cannot be told what that touched, all rows.
    pub(crate) async fn forget_run(&self, run: Option<u64>) {
        let kept = self.wire().rows_kept();
        // The lineage may be another one since.
        self.wire().forget_rows_but(kept.clone());
        let untouched = match run {
            Some(run) if !kept.is_empty() => tokio::time::timeout(LOOKING, self.untouched_by(run, &kept))
                .await
                .unwrap_or_else(|_| {
                    tracing::debug!(run, "what a run of dbt touched was not found out in time");
                    BTreeSet::new()
                }),
            _ => BTreeSet::new(),
        };
        tracing::debug!(
            run,
            kept = kept.len(),
            untouched = untouched.len(),
            "rows were forgotten"
        );
        self.wire().forget_rows_but(untouched);
        self.forget_verdicts();
    }

    /// Which of these entries are known to rest on nothing that a run made.
    async fn untouched_by(&self, run: u64, kept: &BTreeSet<RowsOf>) -> BTreeSet<RowsOf> {
        let (account, made) = match self.made_by(run).await {
            Ok(Some(made)) => made,
            Ok(None) => return BTreeSet::new(),
            Err(error) => {
                tracing::debug!(run, %error, "what a run of dbt touched is not known");
                return BTreeSet::new();
            }
        };
        if made.is_empty() {
            return kept.clone();
        }
        let lineage = match self.dbt().filter(|dbt| dbt.offers().nodes) {
            Some(dbt) => dbt.over(&self.wire().for_session()).graph_with_tables().await,
            None => account.graph(run).await,
        };
        let graph = match lineage {
            Ok(graph) => graph,
            Err(error) => {
                tracing::debug!(run, %error, "the lineage is not known");
                return BTreeSet::new();
            }
        };
        let catalog = &self.catalog().catalog;
        let entries = catalog.entries().iter();
        let entries = entries.map(|entry| (rows_of(entry.kind(), entry.id()), entry.clone()));
        // Owned, so that the futures borrow nothing of this one.
        let wanted: Vec<(RowsOf, Entry)> = entries.filter(|(rows, _)| kept.contains(rows)).collect();
        let (graph, made) = (Arc::new(graph), Arc::new(made));
        let metabase = self.metabase_aside();
        let judged = stream::iter(wanted).map(move |(rows, entry)| {
            let (graph, made, metabase) = (Arc::clone(&graph), Arc::clone(&made), metabase.clone());
            async move { (rows, rests_on(&graph, &metabase, &entry, &made).await) }
        });
        let mut judged = judged.buffer_unordered(AT_ONCE);
        let mut untouched = BTreeSet::new();
        while let Some((rows, rests)) = judged.next().await {
            if rests == Some(false) {
                untouched.insert(rows);
            }
        }
        untouched
    }

    /// The nodes whose tables a run made, with the account that was asked; `None` where that cannot be told, or may not be asked.
    async fn made_by(&self, run: u64) -> Result<Option<(AdministrativeClient, BTreeSet<String>)>, DbtError> {
        let policy = GrantPolicy::new(&self.settings().grants);
        let now = Timestamp::now();
        let is_granted = [&table::GET_RUN, &table::GET_RUN_ARTIFACT]
            .iter()
            .all(|operation| matches!(policy.best_ruling(operation, now), GrantDecision::Permitted(_)));
        let Some(dbt) = self.dbt().filter(|_| is_granted) else {
            return Ok(None);
        };
        let dbt = dbt.over(&self.wire().for_session());
        let Some(account) = dbt.account() else {
            return Ok(None);
        };
        let client = account.administrative();
        let run = client.run(run).await?;
        let made = client.made_by(&run).await?;
        Ok(made.map(|made| (client, made)))
    }
}
