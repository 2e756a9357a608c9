use std::sync::Arc;

use super::check::{self, Rejection, quote};
use super::table::TOOLS;
use super::tool::{AnyTool, CheckContext, OfferContext, RunContext, ToolRole};
use super::{PlannedCall, Refusal, RefusalClass, ToolError, ToolOutput};
use crate::catalog::Catalog;
use crate::dbt::{DbtConnection, DbtOffers};
use crate::metabase::MetabaseClient;
use crate::model::{ToolCall, ToolSpec, fitted};
use crate::result::HeldResults;
use crate::result::ShapingSettings;

/// The tools of a session: what the model is told of them, the gate before them, and how they run.
///
/// A call goes through [`Toolbox::gate`], which makes a [`PlannedCall`] or a [`Refusal`] of it, and a planned call
/// through [`Toolbox::execute`]. Nothing else can make or run one.
#[derive(Debug, Clone)]
pub struct Toolbox {
    catalog: Arc<Catalog>,
    client: MetabaseClient,
    shaping: ShapingSettings,
    dbt: Option<DbtConnection>,
    dbt_offers: DbtOffers,
    /// The tools that are offered, in the order of `specs`.
    offered: Arc<[&'static dyn AnyTool]>,
    specs: Arc<[ToolSpec]>,
}

impl Toolbox {
    /// The tools that make sense for `catalog`: a tool for cards, metrics or tables only if there are any.
    pub fn new(catalog: Arc<Catalog>, client: MetabaseClient, shaping: ShapingSettings) -> Self {
        Self::offering(catalog, client, shaping, DbtOffers::default())
    }

    /// The same with the tools that ask dbt for what is offered of it. They fail until [`Toolbox::with_dbt`] says how it is
    /// asked.
    pub fn offering(
        catalog: Arc<Catalog>,
        client: MetabaseClient,
        shaping: ShapingSettings,
        dbt_offers: DbtOffers,
    ) -> Self {
        let offer = OfferContext {
            catalog: &catalog,
            dbt: dbt_offers,
        };
        let (offered, specs): (Vec<&'static dyn AnyTool>, Vec<ToolSpec>) = TOOLS
            .iter()
            .filter_map(|tool| Some((*tool, tool.spec(offer)?)))
            .unzip();
        Self {
            offered: offered.into(),
            specs: specs.into(),
            catalog,
            client,
            shaping,
            dbt: None,
            dbt_offers,
        }
    }

    /// The same tools, with dbt as it is configured. What is offered of it stays as it was said.
    #[must_use]
    pub fn with_dbt(self, dbt: Option<DbtConnection>) -> Self {
        Self { dbt, ..self }
    }

    /// What the tools are for.
    pub(crate) fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The same tools, run by another client and shaped by other limits.
    #[must_use]
    pub(crate) fn run_by(&self, client: MetabaseClient, shaping: ShapingSettings) -> Self {
        Self {
            client,
            shaping,
            ..self.clone()
        }
    }

    /// The client they ask Metabase with.
    pub(crate) fn client(&self) -> &MetabaseClient {
        &self.client
    }

    /// The address of the Metabase they ask.
    pub fn metabase(&self) -> &url::Url {
        self.client.address()
    }

    /// What the model is told, in a fixed order. A function of the catalog and of what is offered of dbt.
    pub fn specs(&self) -> Arc<[ToolSpec]> {
        Arc::clone(&self.specs)
    }

    /// The role of the tool of that name; `None` if it is not offered.
    pub(crate) fn role(&self, name: &str) -> Option<ToolRole> {
        self.find(name).map(AnyTool::role)
    }

    /// Decides on a call, given the results held so far. Sends nothing.
    pub fn gate(&self, call: &ToolCall, held: &HeldResults) -> Result<PlannedCall, Refusal> {
        let Some(tool) = self.find(&call.name) else {
            let names: Vec<&str> = self.offered.iter().map(|tool| tool.name()).collect();
            let rejection = Rejection::new(
                RefusalClass::UnknownTool,
                format!("there is no tool {}", quote(&call.name)),
            )
            .hint(format!("the tools are: {}", names.join(", ")));
            return Err(rejection.refusal(None));
        };
        let context = CheckContext {
            catalog: &self.catalog,
            held,
            dbt: self.dbt_offers,
        };
        let checked = check::object(&call.arguments).and_then(|arguments| tool.check(arguments, context));
        checked.map_err(|rejection| {
            let example = tool.example(OfferContext {
                catalog: &self.catalog,
                dbt: self.dbt_offers,
            });
            let shown = example.as_ref().map(|arguments| (tool.name(), arguments));
            Refusal {
                about_catalog: tool.role() != ToolRole::HeldResults,
                of_query: tool.role() == ToolRole::Query,
                ..rejection.refusal(shown)
            }
        })
    }

    /// The same of a call as a model wrote it: one that is refused, and can only mean one that fits its tool's schema, is
    /// decided on as that one.
    pub fn gate_as_meant(&self, call: &ToolCall, held: &HeldResults) -> Result<PlannedCall, Refusal> {
        let decided = self.gate(call, held);
        let spec = self.specs.iter().find(|spec| spec.name == call.name);
        let meant = spec
            .filter(|_| decided.is_err())
            .and_then(|spec| fitted(&call.arguments, &spec.schema));
        match meant {
            Some(arguments) => self.gate(
                &ToolCall {
                    arguments,
                    ..call.clone()
                },
                held,
            ),
            None => decided,
        }
    }

    /// Runs a call that the gate let through. A call that ends the turn runs as nothing: the loop ends on it. A result
    /// that comes of a call has the next free name of `held`; putting it there is up to the caller. Dropping the future
    /// cancels the call.
    pub async fn execute(&self, call: &PlannedCall, held: &HeldResults) -> Result<ToolOutput, ToolError> {
        let context = RunContext {
            catalog: &self.catalog,
            client: &self.client,
            dbt: self.dbt.as_ref(),
            held,
            handle: held.next(),
            limits: self.shaping,
            arguments: &call.arguments,
        };
        call.prepared.run(context).await
    }

    fn find(&self, name: &str) -> Option<&'static dyn AnyTool> {
        self.offered.iter().copied().find(|tool| tool.name() == name)
    }
}
