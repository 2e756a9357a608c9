//! The tool `data_health`: whether the data of an entry can be believed.

use serde_json::{Map, Value, json};

use super::rows::{ABOUT_NODE_COLUMNS, NODE_COLUMNS, downstream_row, node_row, table, verdict_row};
use super::{not_configured, unhealthy};
use crate::dbt::entry_health_with_downstream;
use crate::model::ToolSpec;
use crate::result::LookupSource;
use crate::tools::check::{NamedEntry, Rejection, kind_word};
use crate::tools::output::of_lookup;
use crate::tools::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use crate::tools::{ToolError, ToolOutput, schema};

/// Says whether the data of an entry can be believed.
#[derive(Debug, Clone, Copy)]
pub(in crate::tools) struct DataHealthTool;

impl Tool for DataHealthTool {
    type Plan = NamedEntry;
    const NAME: &'static str = "data_health";
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        let can_judge = offer.dbt.nodes && !offer.dbt.of_other_data;
        (can_judge && !offer.catalog.entries().is_empty()).then(|| {
            schema::tool(
                Self::NAME,
                include_str!("../../../prompts/dbt/data_health.md"),
                json!({"id": schema::id(), "kind": schema::kinds(offer.catalog)}),
                &["id", "kind"],
            )
        })
    }

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        offer.catalog.entries().first().map(NamedEntry::example)
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<NamedEntry>, Rejection> {
        let plan = NamedEntry::check(arguments, context.catalog)?;
        Ok(CheckedCall {
            arguments: plan.arguments(),
            plan,
        })
    }

    fn summary(&self, plan: &NamedEntry) -> String {
        format!("looks up the data health of {} {}", kind_word(plan.kind), plan.id)
    }

    async fn run(&self, plan: &NamedEntry, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let what = format!("data health of {}", plan.title(context.catalog));
        let (Some(dbt), Some(entry)) = (context.dbt, plan.in_catalog(context.catalog)) else {
            return Err(not_configured(&what));
        };
        let report = entry_health_with_downstream(dbt, context.client, entry)
            .await
            .map_err(|error| unhealthy(&what, &error))?;
        let mut rows = vec![verdict_row(&report)];
        rows.extend(report.nodes.iter().map(node_row));
        rows.extend(report.downstream.iter().map(downstream_row));
        let source = LookupSource {
            tool: Self::NAME.to_owned(),
            name: format!("data health of {} \"{}\"", plan.kind, entry.name()),
            arguments: context.arguments.clone(),
        };
        Ok(of_lookup(
            &table(&NODE_COLUMNS, rows, None),
            what,
            source,
            Some(ABOUT_NODE_COLUMNS),
            &context,
        ))
    }
}
