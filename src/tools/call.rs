//! What the gate makes of a tool call, and what running it comes to.

use std::sync::Arc;

use serde_json::Value;

use super::tool::{PageRequest, PreparedCall, ToolRole, TurnEnding};
use crate::metabase::{FailureClass, MetabaseError};
use crate::result::NewResult;
use crate::wire::ServedBy;

/// A call that the gate let through.
#[derive(Debug, Clone)]
pub struct PlannedCall {
    pub tool: &'static str,
    /// The arguments in canonical form: keys sorted, names and values as the catalog writes them, filters and
    /// alternatives in a fixed order, and what is empty or the default anyway left out. Two calls that mean the same
    /// have the same bytes here.
    pub arguments: Value,
    /// The plan, with the tool that made it.
    pub(super) prepared: Arc<dyn PreparedCall>,
}

impl PlannedCall {
    /// The plan, if it is of this type: [`CardRun`](crate::metabase::CardRun),
    /// [`MetricQuery`](crate::metabase::MetricQuery), [`NamedEntry`](super::NamedEntry) and so on.
    pub fn plan<P: 'static>(&self) -> Option<&P> {
        self.prepared.plan().downcast_ref()
    }

    /// What part its tool plays in a turn.
    pub(crate) fn role(&self) -> ToolRole {
        self.prepared.role()
    }

    /// What it does, in one line for people: `runs “Revenue by month”`.
    pub(crate) fn summary(&self) -> String {
        self.prepared.summary()
    }

    /// The id of the entry whose rows it queries.
    pub(crate) fn queried_id(&self) -> Option<u32> {
        self.prepared.queried_id()
    }

    /// The window of a held result that it reads.
    pub(crate) fn page_request(&self) -> Option<PageRequest> {
        self.prepared.page_request(&self.arguments)
    }

    /// How the turn ends on it; `None` for a call that is run.
    pub(crate) fn turn_ending(&self) -> Option<TurnEnding> {
        self.prepared.turn_ending()
    }
}

/// What a call that ran came to.
#[derive(Debug, Clone)]
pub struct ToolOutput {
    pub content: String,
    /// The result behind it, for a tool that brings one.
    pub brought: Option<NewResult>,
    /// What served it; `None` when no request was needed.
    pub served_by: Option<ServedBy>,
    pub bytes_received: u64,
}

impl ToolOutput {
    /// Text and nothing behind it.
    pub(super) fn text(content: String) -> Self {
        Self {
            content,
            brought: None,
            served_by: None,
            bytes_received: 0,
        }
    }
}

/// Why a call that was let through failed.
#[derive(Debug)]
pub enum ToolError {
    /// The model can do something about it.
    TellModel {
        /// The class, which the guard counts.
        class: FailureClass,
        /// What happened and what to do instead. Written for the model.
        message: String,
    },
    /// The model cannot do anything about it, so the turn ends.
    Fatal(MetabaseError),
}
