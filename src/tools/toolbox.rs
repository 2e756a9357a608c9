use std::sync::Arc;

use super::{
    Plan, PlannedCall, Refusal, ToolError, ToolOutput, ask_user, cannot_answer, describe, field_values, gate,
    query_metric, query_table, run_card,
};
use crate::catalog::Catalog;
use crate::config::ShapingSettings;
use crate::metabase::MetabaseClient;
use crate::model::{ToolCall, ToolSpec};

/// The tools of a session: what the model is told of them, the gate before them, and how they run.
#[derive(Debug, Clone)]
pub struct Toolbox {
    catalog: Arc<Catalog>,
    client: MetabaseClient,
    shaping: ShapingSettings,
    specs: Arc<[ToolSpec]>,
}

impl Toolbox {
    /// The tools that make sense for `catalog`: a tool for cards, metrics or tables only if there are any.
    pub fn new(catalog: Arc<Catalog>, client: MetabaseClient, shaping: ShapingSettings) -> Self {
        let specs = [
            run_card::spec(&catalog),
            query_metric::spec(&catalog),
            query_table::spec(&catalog),
            describe::spec(&catalog),
            field_values::spec(&catalog),
            Some(ask_user::spec()),
            Some(cannot_answer::spec()),
        ];
        Self {
            specs: specs.into_iter().flatten().collect(),
            catalog,
            client,
            shaping,
        }
    }

    /// What the model is told, in a fixed order; a function of the catalog alone.
    pub fn specs(&self) -> Arc<[ToolSpec]> {
        Arc::clone(&self.specs)
    }

    /// Decides on a call. Sends nothing.
    pub fn gate(&self, call: &ToolCall) -> Result<PlannedCall, Refusal> {
        gate::decide(&self.catalog, &self.specs, call)
    }

    /// Runs a call that the gate let through. `AskUser` and `CannotAnswer` run as nothing: the loop ends on them.
    pub async fn execute(&self, call: &PlannedCall) -> Result<ToolOutput, ToolError> {
        let (client, limits) = (&self.client, self.shaping);
        match &call.plan {
            Plan::RunCard(run) => run_card::run(client, run, &call.arguments, limits).await,
            Plan::QueryMetric(query) => query_metric::run(client, query, &call.arguments, limits).await,
            Plan::QueryTable(query) => query_table::run(client, query, &call.arguments, limits).await,
            Plan::Describe(entry) => Ok(describe::run(&self.catalog, entry, limits)),
            Plan::FieldValues(values) => field_values::run(client, values, limits).await,
            Plan::AskUser { .. } | Plan::CannotAnswer { .. } => Ok(ToolOutput {
                content: String::new(),
                table: None,
                shown: None,
                source: None,
                served_by: None,
            }),
        }
    }
}
