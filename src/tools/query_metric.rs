//! The tool `query_metric`: asks a metric for its value, grouped and filtered by its dimensions. The metric is one of Metabase's or
//! one of dbt's; its id says which, and everything else is the same.

use std::any::Any;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::check::{
    CuratedMetric, Rejection, decode, entry_title, filters, group_by, group_example, limit, metric,
    query_tool,
};
use super::no_match::ValueOwner;
use super::output::{QueriedEntry, for_person, of_query};
use super::schema;
use super::tool::{CheckContext, CheckedCall, OfferContext, RunContext, Tool, ToolRole};
use super::{ToolError, ToolOutput, failure, no_match};
use crate::catalog::{Entry, EntryKind, METRIC_TIME, MetricEntry};
use crate::dbt::{DbtMetricQuery, check_dbt_query};
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

/// A checked call, by who is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MetricPlan {
    Metabase(MetricQuery),
    Dbt(DbtMetricQuery),
}

impl MetricPlan {
    fn entry(&self) -> &MetricEntry {
        match self {
            Self::Metabase(query) => query.metric.entry(),
            Self::Dbt(query) => query.metric.entry(),
        }
    }

    fn group_by(&self) -> &[GroupBy] {
        match self {
            Self::Metabase(query) => &query.group_by,
            Self::Dbt(query) => &query.group_by,
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(super) struct QueryMetricTool;

impl Tool for QueryMetricTool {
    type Plan = MetricPlan;
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
                    "group_by": schema::group_by(Self::NAME, catalog),
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
    ) -> Result<CheckedCall<MetricPlan>, Rejection> {
        let arguments: QueryMetricArguments = decode(arguments)
            .map_err(|rejection| rejection.hint("keys: metric_id, group_by, filters, order, limit"))?;
        let metric = metric(context.catalog, "metric_id", &arguments.metric_id)?;
        query(&metric, arguments).map_err(|rejection| rejection.example(Self::NAME, example(metric.entry())))
    }

    fn summary(&self, plan: &MetricPlan) -> String {
        let by: Vec<&str> = plan
            .group_by()
            .iter()
            .map(|group| group.dimension.label.as_str())
            .collect();
        let by = if by.is_empty() {
            String::new()
        } else {
            format!(" by {}", for_person(&by.join(", ")))
        };
        format!("queries “{}”{by}", for_person(&plan.entry().name))
    }

    fn shown_plan<'p>(&self, plan: &'p MetricPlan) -> &'p dyn Any {
        match plan {
            MetricPlan::Metabase(query) => query,
            MetricPlan::Dbt(query) => query,
        }
    }

    fn queried_id(&self, plan: &MetricPlan) -> Option<u32> {
        Some(plan.entry().id.0)
    }

    async fn run(&self, plan: &MetricPlan, context: RunContext<'_>) -> Result<ToolOutput, ToolError> {
        let metric = plan.entry();
        let title = entry_title(EntryKind::Metric, metric.id.0, &metric.name);
        let (fetched, owner, filters) = match plan {
            MetricPlan::Metabase(query) => {
                let fetched = context.client.query_metric(query).await;
                let fetched = fetched.map_err(|error| failure::sort(&title, error))?;
                let owner = DimensionOwner::Metric(query.metric.clone());
                (fetched, ValueOwner::Metabase(owner), &query.filters)
            }
            MetricPlan::Dbt(query) => {
                let layer = context
                    .semantic_layer()
                    .ok_or_else(|| failure::without_dbt(&title))?;
                let fetched = layer.query(query).await;
                let fetched = fetched.map_err(|error| failure::of_dbt(&title, &error))?;
                (fetched, ValueOwner::Dbt(query.metric.clone()), &query.filters)
            }
        };
        let queried = QueriedEntry {
            kind: EntryKind::Metric,
            id: metric.id.0,
            name: &metric.name,
            dbt_metric: metric.dbt.as_ref().map(|dbt| dbt.name.as_str()),
            given: &[],
        };
        let grouped = !plan.group_by().is_empty();
        let note = no_match::of_filters(&fetched.table, &owner, filters, grouped, &context).await;
        Ok(of_query(
            fetched,
            queried,
            WAYS_TO_NARROW,
            note.as_deref(),
            &context,
        ))
    }
}

fn query(
    metric: &CuratedMetric,
    arguments: QueryMetricArguments,
) -> Result<CheckedCall<MetricPlan>, Rejection> {
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
    let filters = filters.into_iter().map(|(filter, _)| filter).collect();
    let group_by = groups.into_iter().map(|(group, _)| group).collect();
    let plan = match metric {
        CuratedMetric::Metabase(metric) => MetricPlan::Metabase(MetricQuery {
            metric: metric.clone(),
            filters,
            group_by,
            order_by: arguments.order,
            limit,
        }),
        CuratedMetric::Dbt(metric) => {
            let query = DbtMetricQuery {
                metric: metric.clone(),
                filters,
                group_by,
                order_by: arguments.order,
                limit,
            };
            check_dbt_query(&query).map_err(|problem| Rejection::bad_value(problem.to_string()))?;
            MetricPlan::Dbt(query)
        }
    };
    Ok(CheckedCall {
        arguments: canonical,
        plan,
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
    // Some metrics of dbt have no grain of a month.
    let grains = metric.dbt.as_ref().and_then(|dbt| dbt.grains.get(METRIC_TIME));
    let coarse = grains.filter(|grains| !grains.iter().any(|grain| grain == "month"));
    if let Some(grain) = coarse.and_then(|grains| grains.first()) {
        return json!({"group_by": [{"dimension": METRIC_TIME, "granularity": grain}], "metric_id": metric.id});
    }
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
