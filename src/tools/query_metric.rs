use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::gate::{No, decode, filters, group_by, limit, metric};
use super::output::{Asked, Paper, of_query, title};
use super::spec::{self, Told};
use super::{Plan, PlannedCall, ToolError, ToolOutput, example, failure};
use crate::catalog::{AllowedMetric, Catalog, EntryKind};
use crate::metabase::{Direction, MetabaseClient, MetricQuery};
use crate::model::ToolSpec;

/// The tool's name.
pub(super) const NAME: &str = "query_metric";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    metric_id: Value,
    #[serde(default)]
    group_by: Option<Vec<Value>>,
    #[serde(default)]
    filters: Option<Vec<Value>>,
    #[serde(default)]
    order: Option<Direction>,
    #[serde(default)]
    limit: Option<Value>,
}

/// What the model is told, if there are metrics.
pub(super) fn spec(catalog: &Catalog) -> Option<ToolSpec> {
    (spec::count(catalog, EntryKind::Metric) > 0).then(|| {
        spec::tool(
            NAME,
            include_str!("../../prompts/tools/query_metric.md"),
            json!({
                "filters": spec::filters(Told::All),
                "group_by": spec::group_by(),
                "limit": spec::rows(),
                "metric_id": spec::id(catalog, EntryKind::Metric),
                "order": {
                    "description": "by the metric's value; needs group_by",
                    "enum": ["asc", "desc"],
                    "type": "string",
                },
            }),
            &["metric_id"],
        )
    })
}

/// Checks a call.
pub(super) fn plan(catalog: &Catalog, arguments: Map<String, Value>) -> Result<PlannedCall, No> {
    let arguments: Arguments =
        decode(arguments).map_err(|no| no.hint("keys: metric_id, group_by, filters, order, limit"))?;
    let metric = metric(catalog, "metric_id", &arguments.metric_id)?;
    query(&metric, arguments).map_err(|no| no.example(NAME, example::of_metric(metric.entry())))
}

fn query(metric: &AllowedMetric, arguments: Arguments) -> Result<PlannedCall, No> {
    let entry = metric.entry();
    let place = title(EntryKind::Metric, entry.id.0, &entry.name);
    let filters = filters(arguments.filters, &entry.dimensions, &entry.segments, &place)?;
    let groups = group_by(arguments.group_by, &entry.dimensions, &place)?;
    let limit = limit(arguments.limit.as_ref())?;
    if groups.is_empty() && (arguments.order.is_some() || limit.is_some()) {
        return Err(
            No::value("order and limit need group_by: without it the result is one number")
                .hint("add group_by, or leave order and limit out"),
        );
    }
    let mut canonical = json!({"metric_id": entry.id});
    if let Some(map) = canonical.as_object_mut() {
        let mut list = |key: &str, items: Vec<Value>| {
            if !items.is_empty() {
                map.insert(key.to_owned(), Value::Array(items));
            }
        };
        list(
            "filters",
            filters.iter().map(|(_, canonical)| canonical.clone()).collect(),
        );
        list(
            "group_by",
            groups.iter().map(|(_, canonical)| canonical.clone()).collect(),
        );
        if let Some(order) = arguments.order {
            map.insert("order".to_owned(), json!(order));
        }
        if let Some(limit) = limit {
            map.insert("limit".to_owned(), json!(limit));
        }
    }
    Ok(PlannedCall {
        tool: NAME,
        arguments: canonical,
        plan: Plan::QueryMetric(MetricQuery {
            metric: metric.clone(),
            filters: filters.into_iter().map(|(filter, _)| filter).collect(),
            group_by: groups.into_iter().map(|(group, _)| group).collect(),
            order_by: arguments.order,
            limit,
        }),
    })
}

/// Runs it.
pub(super) async fn run(
    client: &MetabaseClient,
    query: &MetricQuery,
    arguments: &Value,
    paper: Paper,
) -> Result<ToolOutput, ToolError> {
    let metric = query.metric.entry();
    let fetched = client
        .query_metric(query)
        .await
        .map_err(|error| failure::sort(&title(EntryKind::Metric, metric.id.0, &metric.name), error))?;
    let asked = Asked {
        kind: EntryKind::Metric,
        id: metric.id.0,
        name: &metric.name,
        arguments,
        link: client.link(EntryKind::Metric, metric.id.0),
    };
    let narrow =
        "query_metric with filters, fewer dimensions in group_by, a coarser granularity, or order and limit";
    Ok(of_query(&fetched, asked, narrow, paper))
}
