//! The tool `data_health`: whether the data of an entry can be believed.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::rows::{NODE_COLUMNS, node_row, table, verdict_row};
use super::{not_configured, unhealthy};
use crate::catalog::EntryKind;
use crate::dbt::entry_health;
use crate::model::ToolSpec;
use crate::result::LookupSource;
use crate::tools::check::{
    Rejection, card, decode, entry_kind, entry_title, kind_word, metric, table as table_entry,
};
use crate::tools::output::of_lookup;
use crate::tools::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use crate::tools::{ToolError, ToolOutput, schema};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DataHealthArguments {
    kind: String,
    id: Value,
}

/// An entry of the catalog whose health is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::tools) struct DataHealthCall {
    kind: EntryKind,
    id: u32,
}

/// Says whether the data of an entry can be believed.
#[derive(Debug, Clone, Copy)]
pub(in crate::tools) struct DataHealthTool;

impl Tool for DataHealthTool {
    type Plan = DataHealthCall;
    const NAME: &'static str = "data_health";
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        (offer.dbt.nodes && !offer.catalog.entries().is_empty()).then(|| {
            schema::tool(
                Self::NAME,
                include_str!("../../../prompts/dbt/data_health.md"),
                json!({"id": schema::id(), "kind": schema::kinds(offer.catalog)}),
                &["id", "kind"],
            )
        })
    }

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        let entry = offer.catalog.entries().first()?;
        Some(json!({"id": entry.id(), "kind": kind_word(entry.kind())}))
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<DataHealthCall>, Rejection> {
        let arguments: DataHealthArguments =
            decode(arguments).map_err(|rejection| rejection.hint("keys: kind, id"))?;
        let kind = entry_kind(&arguments.kind)?;
        let id = match kind {
            EntryKind::Card => card(context.catalog, "id", &arguments.id)?.id().0,
            EntryKind::Metric => metric(context.catalog, "id", &arguments.id)?.entry().id.0,
            EntryKind::Table => table_entry(context.catalog, "id", &arguments.id)?.id().0,
        };
        Ok(CheckedCall {
            arguments: json!({"id": id, "kind": kind_word(kind)}),
            plan: DataHealthCall { kind, id },
        })
    }

    fn summary(&self, plan: &DataHealthCall) -> String {
        format!("looks up the data health of {} {}", kind_word(plan.kind), plan.id)
    }

    async fn run(&self, plan: &DataHealthCall, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let entry = context.catalog.entry(plan.kind, plan.id);
        let title = entry_title(plan.kind, plan.id, entry.map_or("", |entry| entry.name()));
        let what = format!("data health of {title}");
        let (Some(dbt), Some(entry)) = (context.dbt, entry) else {
            return Err(not_configured(&what));
        };
        let report = entry_health(dbt, context.client, entry)
            .await
            .map_err(|error| unhealthy(&what, &error))?;
        let mut rows = vec![verdict_row(&report)];
        rows.extend(report.nodes.iter().map(node_row));
        let source = LookupSource {
            tool: Self::NAME.to_owned(),
            name: format!("data health of {} \"{}\"", plan.kind, entry.name()),
            arguments: context.arguments.clone(),
        };
        Ok(of_lookup(
            &table(&NODE_COLUMNS, rows, None),
            what,
            source,
            &context,
        ))
    }
}
