use std::sync::Arc;

use super::output::Paper;
use super::{
    Plan, PlannedCall, Refusal, ToolError, ToolOutput, ask_user, calculate, cannot_answer, describe,
    field_values, gate, more_rows, query_metric, query_table, run_card,
};
use crate::catalog::Catalog;
use crate::metabase::MetabaseClient;
use crate::model::{ToolCall, ToolSpec};
use crate::result::ShapingSettings;
use crate::result::Shelf;

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
            Some(more_rows::spec()),
            Some(calculate::spec()),
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

    /// What the tools are for.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The same tools, run by another client and shaped by other limits.
    #[must_use]
    pub fn run_by(&self, client: MetabaseClient, shaping: ShapingSettings) -> Self {
        Self {
            client,
            shaping,
            ..self.clone()
        }
    }

    /// The address of the Metabase they ask.
    pub fn metabase(&self) -> &url::Url {
        self.client.address()
    }

    /// What the model is told, in a fixed order; a function of the catalog alone.
    pub fn specs(&self) -> Arc<[ToolSpec]> {
        Arc::clone(&self.specs)
    }

    /// Decides on a call, given the results held so far. Sends nothing.
    pub fn gate(&self, call: &ToolCall, held: &Shelf) -> Result<PlannedCall, Refusal> {
        gate::decide(&self.catalog, &self.specs, held, call)
    }

    /// Runs a call that the gate let through. `AskUser` and `CannotAnswer` run as nothing: the loop ends on them. A result that
    /// comes of it has the shelf's next name; to put it there is the caller's.
    pub async fn execute(&self, call: &PlannedCall, held: &Shelf) -> Result<ToolOutput, ToolError> {
        let (client, limits) = (&self.client, self.shaping);
        let paper = Paper {
            handle: held.next(),
            limits,
        };
        match &call.plan {
            Plan::RunCard(run) => run_card::run(client, run, &call.arguments, paper).await,
            Plan::QueryMetric(query) => query_metric::run(client, query, &call.arguments, paper).await,
            Plan::QueryTable(query) => query_table::run(client, query, &call.arguments, paper).await,
            Plan::Describe(entry) => Ok(describe::run(&self.catalog, entry, limits)),
            Plan::FieldValues(values) => field_values::run(client, values, limits).await,
            Plan::MoreRows(rows) => more_rows::run(rows, &call.arguments, held, paper).await,
            Plan::Calculate(figures) => calculate::run(held, figures, &call.arguments, paper).await,
            Plan::AskUser { .. } | Plan::CannotAnswer { .. } => Ok(ToolOutput::text(String::new())),
        }
    }
}
