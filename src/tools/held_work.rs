//! Work over the rows of held results, on a thread of its own that stops when nobody waits for it.

use std::sync::Arc;

use serde_json::json;

use super::ToolError;
use super::tool::RunContext;
use crate::metabase::FailureClass;
use crate::prompt::fill;
use crate::result::derive::{DerivationStep, DerivedTable, Lineage, StopSignal, derive_steps};
use crate::result::{Handle, ResultTable};

/// Takes the steps over these results; the steps name them by their place. `tool` is who asks, for what the model reads
/// when it fails.
pub(super) async fn work(
    tool: &str,
    handles: &[Handle],
    steps: Vec<DerivationStep>,
    context: &RunContext<'_>,
) -> Result<DerivedTable, ToolError> {
    let mut tables: Vec<Arc<ResultTable>> = Vec::with_capacity(handles.len());
    for handle in handles {
        let table = context.held.table(*handle).await;
        tables.push(table.map_err(|error| failed(tool, &error.to_string()))?);
    }
    let stop = StopSignal::default();
    let _watched = StopsWhenDropped(stop.clone());
    let worked = tokio::task::spawn_blocking(move || {
        let tables: Vec<&ResultTable> = tables.iter().map(AsRef::as_ref).collect();
        derive_steps(&tables, &steps, &stop)
    });
    match worked.await {
        Ok(Ok(derived)) => Ok(derived),
        Ok(Err(error)) => Err(failed(tool, &error.to_string())),
        Err(_) => Err(failed(tool, "the work on the rows broke off")),
    }
}

/// Stops the work on the other thread when the future that waits for it is dropped.
struct StopsWhenDropped(StopSignal);

impl Drop for StopsWhenDropped {
    fn drop(&mut self) {
        self.0.now();
    }
}

/// Most rows of a result whose cells are followed back to where they came from.
const MOST_FOLLOWED: usize = 20_000;

/// Where the cells of a result came from, unless it has so many that nobody looks one up.
pub(super) fn kept_lineage(lineage: Lineage, table: &ResultTable) -> Option<Arc<Lineage>> {
    (table.rows.len() <= MOST_FOLLOWED).then(|| Arc::new(lineage))
}

/// A failure that the model can do something about.
pub(super) fn failed(tool: &str, problem: &str) -> ToolError {
    let values = json!({"tool": tool, "problem": problem});
    ToolError::TellModel {
        class: FailureClass::InvalidQuery,
        message: fill(include_str!("../../prompts/tools/more_rows_failed.md"), &values),
    }
}
