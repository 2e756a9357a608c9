//! What a tool is.
//!
//! A tool is one type in one file that implements [`Tool`]: its name, what a model is told of it, how a call is checked
//! and turned into a typed plan, how the plan runs, and the facts that the loop decides by (does it query, does it end
//! the turn, which held result does it page through). Nobody outside compares names of tools.
//!
//! Plans differ in type from tool to tool, so [`AnyTool`] and [`PreparedCall`] hide them. A prepared call holds its plan
//! together with the tool that made it; a plan can neither be run by another tool nor be made without a check.
//!
//! To add a tool, write its file and its text in `prompts/tools/`, and add a line to the table in `table.rs`:
//!
//! ```text
//! impl Tool for SearchCatalog {
//!     type Plan = SearchTerms;
//!     const NAME: &'static str = "search_catalog";
//!     const ROLE: ToolRole = ToolRole::Lookup;
//!     …
//! }
//! ```

use std::any::Any;
use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::{Map, Value};

use super::check::Rejection;
use super::{PlannedCall, ToolError, ToolOutput};
use crate::catalog::Catalog;
use crate::dbt::{DbtConnection, DbtOffers, SemanticLayerClient};
use crate::metabase::MetabaseClient;
use crate::model::ToolSpec;
use crate::result::ShapingSettings;
use crate::result::{Handle, HeldResults};

/// What part a tool plays in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ToolRole {
    /// Asks a data source for rows; each run counts as a query in every budget.
    Query,
    /// Tells of the catalog in text. It brings no table, and the figures in its text may be repeated in an answer.
    Lookup,
    /// Works on results that are held, and asks nothing of a data source.
    HeldResults,
    /// Ends the turn with words for the person. Such a call is never run.
    EndsTurn,
}

/// What it is that keeps a question from being answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum MissingPart {
    /// The catalog does not have the data.
    #[default]
    Data,
    /// The data is there, and no tool computes what was asked.
    Tool,
    /// Something was to be done, and Cardinal only reads.
    Action,
}

/// How a turn ends on a call of a tool whose role is [`ToolRole::EndsTurn`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TurnEnding {
    /// The person is asked something.
    AskUser {
        question: String,
        /// Answers to choose from, possibly none.
        options: Vec<String>,
    },
    /// The person is told that the catalog does not hold the answer.
    CannotAnswer {
        reason: String,
        /// Names of the nearest entries, possibly none.
        nearest: Vec<String>,
        missing: MissingPart,
    },
}

/// A call that reads a window of rows of a held result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PageRequest {
    pub(crate) from: Handle,
    /// What is asked of it, without the window: equal for pages of the same thing.
    pub(crate) operations: String,
}

/// What decides whether a tool is offered, and how it is described.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfferContext<'a> {
    pub(super) catalog: &'a Catalog,
    /// What may be asked of dbt; nothing where it is not configured.
    pub(super) dbt: DbtOffers,
}

/// What a call is checked against.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckContext<'a> {
    pub(super) catalog: &'a Catalog,
    /// The results that the conversation holds.
    pub(super) held: &'a HeldResults,
    /// What may be asked of dbt.
    pub(super) dbt: DbtOffers,
}

/// What a call runs with.
#[derive(Debug, Clone, Copy)]
pub(super) struct RunContext<'a> {
    pub(super) catalog: &'a Arc<Catalog>,
    pub(super) client: &'a MetabaseClient,
    /// dbt, where it is configured.
    pub(super) dbt: Option<&'a DbtConnection>,
    /// The results that the conversation holds.
    pub(super) held: &'a HeldResults,
    /// The name of the result that the call brings.
    pub(super) handle: Handle,
    /// How much of a result may be shown.
    pub(super) limits: ShapingSettings,
    pub(super) arguments: &'a Value,
}

impl<'a> RunContext<'a> {
    /// What metrics of dbt are asked with; `None` where the catalog has none.
    pub(super) fn semantic_layer(&self) -> Option<&'a SemanticLayerClient> {
        self.dbt?.semantic_layer()
    }
}

/// A call that passed its checks.
#[derive(Debug)]
pub(super) struct CheckedCall<P> {
    /// The arguments in canonical form: keys sorted, names and values as the catalog writes them, filters and
    /// alternatives in a fixed order, and what is empty or the default anyway left out.
    pub(super) arguments: Value,
    pub(super) plan: P,
}

/// A tool that a model may call. See the [module](self).
pub(super) trait Tool: Clone + Debug + Send + Sync + 'static {
    /// A checked call: all that [`Tool::run`] needs, and nothing that was not checked.
    type Plan: Debug + Send + Sync + 'static;

    /// The name by which a model calls it.
    const NAME: &'static str;
    /// The part it plays in a turn.
    const ROLE: ToolRole;

    /// What a model is told of it; `None` when it makes no sense here or is not granted. Depends on `offer` alone, so
    /// that the cached prefix of a prompt stays the same.
    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec>;

    /// The arguments of a right call, for a refusal that has no better one to show.
    fn example(&self, _offer: OfferContext<'_>) -> Option<Value> {
        None
    }

    /// Turns what the model wrote into a plan, or says what is wrong with it. Sends nothing.
    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<Self::Plan>, Rejection>;

    /// What a call does, for people: `runs “Revenue by month”`.
    fn summary(&self, plan: &Self::Plan) -> String;

    /// The plan as others may look at it, for a tool whose plans are of several types.
    fn shown_plan<'p>(&self, plan: &'p Self::Plan) -> &'p dyn Any {
        plan
    }

    /// The id of the entry whose rows a call queries. The tool says which kind it is.
    fn queried_id(&self, _plan: &Self::Plan) -> Option<u32> {
        None
    }

    /// The window of a held result that a call reads, if that is what it does.
    fn page_request(&self, _plan: &Self::Plan, _arguments: &Value) -> Option<PageRequest> {
        None
    }

    /// How the turn ends on a call, for a tool that ends it.
    fn turn_ending(&self, _plan: &Self::Plan) -> Option<TurnEnding> {
        None
    }

    /// Runs a call. Whoever drops the future cancels the call: work that the future does not do itself, such as work on
    /// another thread, must stop with it.
    fn run(
        &self,
        plan: &Self::Plan,
        context: RunContext<'_>,
    ) -> impl Future<Output = Result<ToolOutput, ToolError>> + Send;
}

/// A tool with any type of plan.
pub(super) trait AnyTool: Debug + Send + Sync {
    fn name(&self) -> &'static str;
    fn role(&self) -> ToolRole;
    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec>;
    fn example(&self, offer: OfferContext<'_>) -> Option<Value>;
    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<PlannedCall, Rejection>;
}

impl<T: Tool> AnyTool for T {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn role(&self) -> ToolRole {
        T::ROLE
    }

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        Tool::spec(self, offer)
    }

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        Tool::example(self, offer)
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<PlannedCall, Rejection> {
        let CheckedCall { arguments, plan } = Tool::check(self, arguments, context)?;
        let tool = self.clone();
        Ok(PlannedCall {
            tool: T::NAME,
            arguments,
            prepared: Arc::new(ToolWithPlan { tool, plan }),
        })
    }
}

/// A plan of any type, with the tool that made it.
pub(super) trait PreparedCall: Debug + Send + Sync {
    fn role(&self) -> ToolRole;
    fn summary(&self) -> String;
    fn queried_id(&self) -> Option<u32>;
    fn page_request(&self, arguments: &Value) -> Option<PageRequest>;
    fn turn_ending(&self) -> Option<TurnEnding>;
    fn plan(&self) -> &dyn Any;
    fn run<'a>(&'a self, context: RunContext<'a>) -> BoxFuture<'a, Result<ToolOutput, ToolError>>;
}

#[derive(Debug)]
struct ToolWithPlan<T: Tool> {
    tool: T,
    plan: T::Plan,
}

impl<T: Tool> PreparedCall for ToolWithPlan<T> {
    fn role(&self) -> ToolRole {
        T::ROLE
    }

    fn summary(&self) -> String {
        self.tool.summary(&self.plan)
    }

    fn queried_id(&self) -> Option<u32> {
        self.tool.queried_id(&self.plan)
    }

    fn page_request(&self, arguments: &Value) -> Option<PageRequest> {
        self.tool.page_request(&self.plan, arguments)
    }

    fn turn_ending(&self) -> Option<TurnEnding> {
        self.tool.turn_ending(&self.plan)
    }

    fn plan(&self) -> &dyn Any {
        self.tool.shown_plan(&self.plan)
    }

    fn run<'a>(&'a self, context: RunContext<'a>) -> BoxFuture<'a, Result<ToolOutput, ToolError>> {
        self.tool.run(&self.plan, context).boxed()
    }
}
