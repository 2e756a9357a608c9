use std::sync::Arc;

use super::{PlannedCall, Refusal, RefusalClass, ToolError, ToolOutput};
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
    /// The tools that make sense for `catalog`.
    pub fn new(catalog: Arc<Catalog>, client: MetabaseClient, shaping: ShapingSettings) -> Self {
        Self {
            catalog,
            client,
            shaping,
            specs: Arc::from([]),
        }
    }

    /// What the model is told, in a fixed order; a function of the catalog alone.
    pub fn specs(&self) -> Arc<[ToolSpec]> {
        Arc::clone(&self.specs)
    }

    /// Decides on a call. Sends nothing.
    pub fn gate(&self, call: &ToolCall) -> Result<PlannedCall, Refusal> {
        let _ = (&self.catalog, &self.client, self.shaping);
        Err(Refusal {
            class: RefusalClass::UnknownTool,
            message: format!("no tool {}", call.name),
        })
    }

    /// Runs a call that the gate let through. `AskUser` and `CannotAnswer` run as nothing: the loop ends on them.
    pub async fn execute(&self, call: &PlannedCall) -> Result<ToolOutput, ToolError> {
        let _ = call;
        Ok(ToolOutput {
            content: String::new(),
            table: None,
            shown: None,
            source: None,
            served_by: None,
        })
    }
}
