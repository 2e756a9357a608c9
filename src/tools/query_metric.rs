//! The tool `query_metric`: asks a metric for its value, grouped and filtered by its dimensions.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{
    Rejection, decode, entry_title, filters, group_by, group_example, limit, metric, query_tool,
};
use super::output::{QueriedEntry, for_person, of_query};
use super::schema;
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput, failure, no_match};
use crate::catalog::{AllowedMetric, Entry, EntryKind, MetricEntry};
use crate::metabase::{DimensionOwner, Direction, GroupBy, MetricQuery};
use crate::model::ToolSpec;

/// What the model is told to do when not all rows of a result are shown.
const WAYS_TO_NARROW: &str = include_str!("../../prompts/tools/narrow_metric.md");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryMetricArguments {
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

/// Asks a metric.
#[derive(Debug, Clone, Copy)]
pub(super) struct QueryMetricTool;

impl Tool for QueryMetricTool {
    type Plan = MetricQuery;
    const NAME: &'static str = query_tool(EntryKind::Metric);
    const ROLE: ToolRole = ToolRole::Query;

    fn spec(&self, offer: OfferContext<'_>) -> Option<ToolSpec> {
        let catalog = offer.catalog;
        (schema::count(catalog, EntryKind::Metric) > 0).then(|| {
            schema::tool(
                Self::NAME,
                include_str!("../../prompts/tools/query_metric.md"),
                json!({
                    "filters": schema::filters(Self::NAME, catalog),
                    "group_by": schema::group_by(),
                    "limit": schema::rows(),
                    "metric_id": schema::id(),
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

    fn example(&self, offer: OfferContext<'_>) -> Option<Value> {
        let mut entries = offer.catalog.entries().iter();
        entries.find_map(|entry| match entry {
            Entry::Metric(metric) => Some(example(metric)),
            _ => None,
        })
    }

    fn check(
        &self,
        arguments: Map<String, Value>,
        context: CheckContext<'_>,
    ) -> Result<CheckedCall<MetricQuery>, Rejection> {
        let arguments: QueryMetricArguments = decode(arguments)
            .map_err(|rejection| rejection.hint("keys: metric_id, group_by, filters, order, limit"))?;
        let metric = metric(context.catalog, "metric_id", &arguments.metric_id)?;
        query(&metric, arguments).map_err(|rejection| rejection.example(Self::NAME, example(metric.entry())))
    }

    fn summary(&self, query: &MetricQuery) -> String {
        let by: Vec<&str> = query
            .group_by
            .iter()
            .map(|group| group.dimension.label.as_str())
            .collect();
        let by = if by.is_empty() {
            String::new()
        } else {
            format!(" by {}", for_person(&by.join(", ")))
        };
        format!("queries “{}”{by}", for_person(&query.metric.entry().name))
    }

    fn queried_id(&self, query: &MetricQuery) -> Option<u32> {
        Some(query.metric.id().0)
    }

    async fn run(&self, query: &MetricQuery, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let metric = query.metric.entry();
        let title = entry_title(EntryKind::Metric, metric.id.0, &metric.name);
        let fetched = context
            .client
            .query_metric(query)
            .await
            .map_err(|error| failure::sort(&title, error))?;
        let queried = QueriedEntry {
            kind: EntryKind::Metric,
            id: metric.id.0,
            name: &metric.name,
        };
        let owner = DimensionOwner::Metric(query.metric.clone());
        let grouped = !query.group_by.is_empty();
        let note = no_match::of_filters(&fetched.table, &owner, &query.filters, grouped, &context).await;
        Ok(of_query(
            &fetched,
            queried,
            WAYS_TO_NARROW,
            note.as_deref(),
            &context,
        ))
    }
}

fn query(
    metric: &AllowedMetric,
    arguments: QueryMetricArguments,
) -> Result<CheckedCall<MetricQuery>, Rejection> {
    let entry = metric.entry();
    let place = entry_title(EntryKind::Metric, entry.id.0, &entry.name);
    let filters = filters(arguments.filters, &entry.dimensions, &entry.segments, &place)?;
    let groups = as_saved(
        entry,
        &place,
        filters.is_empty(),
        group_by(arguments.group_by, &entry.dimensions, &place)?,
    )?;
    let limit = limit(arguments.limit.as_ref())?;
    if groups.is_empty() && (arguments.order.is_some() || limit.is_some()) {
        return Err(Rejection::bad_value(
            "order and limit need group_by: without it the result is one number",
        )
        .hint("add group_by, or leave order and limit out"));
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
    Ok(CheckedCall {
        arguments: canonical,
        plan: MetricQuery {
            metric: metric.clone(),
            filters: filters.into_iter().map(|(filter, _)| filter).collect(),
            group_by: groups.into_iter().map(|(group, _)| group).collect(),
            order_by: arguments.order,
            limit,
        },
    })
}

/// The groups, in the metric's own order where it can be had only as it is saved; anything else of it is refused there.
fn as_saved(
    entry: &MetricEntry,
    place: &str,
    unfiltered: bool,
    mut groups: Vec<(GroupBy, Value)>,
) -> Result<Vec<(GroupBy, Value)>, Rejection> {
    let (Some(saved), Some(words)) = (&entry.only_as_saved, entry.as_saved_in_words()) else {
        return Ok(groups);
    };
    let place_of = |(group, _): &(GroupBy, Value)| {
        saved.iter().position(|saved| {
            let unit = group.granularity.map(|unit| json!(unit));
            saved.dimension == group.dimension.name
                && unit == saved.granularity.as_ref().map(|unit| json!(unit))
        })
    };
    if unfiltered && groups.len() == saved.len() && groups.iter().all(|group| place_of(group).is_some()) {
        groups.sort_by_key(place_of);
        return Ok(groups);
    }
    Err(Rejection::bad_value(format!(
        "this Metabase gives {place} only as it is saved: {words}"
    ))
    .hint("ask for exactly that, or look for a saved question (card) that is filtered or grouped as you need it"))
}

/// A right call: the metric as it is saved where there is no other way, else over its time dimension.
fn example(metric: &MetricEntry) -> Value {
    if let Some(saved) = &metric.only_as_saved {
        let groups = saved.iter().map(|group| match &group.granularity {
            Some(unit) => json!({"dimension": group.dimension, "granularity": unit}),
            None => json!({"dimension": group.dimension}),
        });
        let groups: Vec<Value> = groups.collect();
        return if groups.is_empty() {
            json!({"metric_id": metric.id})
        } else {
            json!({"group_by": groups, "metric_id": metric.id})
        };
    }
    match group_example(&metric.dimensions, metric.default_time_dimension.as_deref()) {
        Some(group) => json!({"group_by": group, "metric_id": metric.id}),
        None => json!({"metric_id": metric.id}),
    }
}
