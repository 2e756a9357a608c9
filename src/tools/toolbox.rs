use std::sync::Arc;

use super::output::Paper;
use super::{
    Plan, PlannedCall, Refusal, ToolError, ToolOutput, ask_user, calculate, cannot_answer, describe,
    field_values, gate, more_rows, query_metric, query_table, run_card,
};
use crate::catalog::Catalog;
use crate::config::ShapingSettings;
use crate::metabase::MetabaseClient;
use crate::model::{ToolCall, ToolSpec};
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

    }

    /// The same tools, run by another client and shaped by other limits.
    #[must_use]
    pub fn run_by(&self, client: MetabaseClient, shaping: ShapingSettings) -> Self {
        Self {
            client,
            shaping,
            ..self.clone()
        }
