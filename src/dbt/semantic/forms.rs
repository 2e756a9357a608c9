use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::dbt::null::or_default;

/// A metric as the Semantic Layer lists it. Words that dbt adds later are kept as they are.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SemanticMetric {
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    /// `SIMPLE`, `RATIO`, `DERIVED`, `CUMULATIVE`, `CONVERSION`, …
    #[serde(rename = "type")]
    pub metric_type: String,
    /// Whether it has to be asked over time.
    pub requires_metric_time: bool,
    /// Grains of its time, finest first.
    #[serde(deserialize_with = "or_default")]
    pub queryable_time_granularities: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    filter: MetricFilterItem,
    #[serde(deserialize_with = "or_default")]
    config: MetricConfig,
    /// What it is computed from.
    #[serde(deserialize_with = "or_default")]
    pub measures: Vec<SemanticMeasure>,
    /// What it can be grouped and filtered by.
    #[serde(deserialize_with = "or_default")]
    pub dimensions: Vec<SemanticDimension>,
    /// Keys that it can be grouped and filtered by.
    #[serde(deserialize_with = "or_default")]
    pub entities: Vec<SemanticEntity>,
}

impl SemanticMetric {
    /// The filter inside its definition, as dbt writes it.
    pub fn filter(&self) -> Option<&str> {
        let template = self.filter.where_sql_template.as_deref();
        template.filter(|template| !template.trim().is_empty())
    }

    /// What its authors noted on it, by key.
    pub fn meta(&self) -> &BTreeMap<String, Value> {
        &self.config.meta
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MetricFilterItem {
    where_sql_template: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct MetricConfig {
    #[serde(deserialize_with = "or_default")]
    meta: BTreeMap<String, Value>,
}

/// What a metric is computed from: an aggregation over an expression.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SemanticMeasure {
    pub name: String,
    /// `SUM`, `COUNT_DISTINCT`, …
    #[serde(deserialize_with = "or_default")]
    pub agg: String,
    pub expr: Option<String>,
}

/// What metrics can be grouped and filtered by.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SemanticDimension {
    name: String,
    #[serde(deserialize_with = "or_default")]
    qualified_name: String,
    /// `CATEGORICAL` or `TIME`.
    #[serde(rename = "type")]
    pub dimension_type: String,
    pub label: Option<String>,
    pub description: Option<String>,
    /// For a time, its grains, finest first.
    #[serde(deserialize_with = "or_default")]
    pub queryable_time_granularities: Vec<String>,
}

impl SemanticDimension {
    /// The name by which it is asked: `customer__region`.
    pub fn asked_as(&self) -> &str {
        if self.qualified_name.is_empty() {
            &self.name
        } else {
            &self.qualified_name
        }
    }

    pub fn is_time(&self) -> bool {
        self.dimension_type.eq_ignore_ascii_case("time")
    }
}

/// A key by which tables are joined.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct SemanticEntity {
    pub name: String,
    /// `PRIMARY`, `FOREIGN`, `UNIQUE` or `NATURAL`.
    #[serde(rename = "type")]
    pub entity_type: String,
    pub role: Option<String>,
    pub description: Option<String>,
}

/// A query that somebody saved in the dbt project.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SavedMetricQuery {
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    #[serde(deserialize_with = "or_default")]
    query_params: SavedQueryParts,
}

impl SavedMetricQuery {
    pub fn metrics(&self) -> impl Iterator<Item = &str> {
        self.query_params.metrics.iter().map(|part| part.name.as_str())
    }

    /// What it groups by, each with its grain if it has one: `metric_time`, `MONTH`.
    pub fn group_by(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let groups = self.query_params.group_by.iter();
        groups.map(|part| (part.name.as_str(), part.grain.as_deref()))
    }
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SavedQueryParts {
    #[serde(deserialize_with = "or_default")]
    metrics: Vec<SavedQueryPart>,
    #[serde(deserialize_with = "or_default")]
    group_by: Vec<SavedQueryPart>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
struct SavedQueryPart {
    name: String,
    grain: Option<String>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ItemPage<T> {
    #[serde(default)]
    pub(super) page_num: Option<u64>,
    #[serde(default)]
    pub(super) total_pages: Option<u64>,
    pub(super) items: Vec<T>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MetricsAnswer {
    pub(super) metrics_paginated: ItemPage<SemanticMetric>,
}

#[derive(Debug, Deserialize)]
pub(super) struct DimensionsAnswer {
    pub(super) dimensions: Vec<SemanticDimension>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EntitiesAnswer {
    pub(super) entities: Vec<SemanticEntity>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SavedQueriesAnswer {
    pub(super) saved_queries: Vec<SavedMetricQuery>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct EnvironmentAnswer {
    pub(super) environment_info: Option<EnvironmentDialect>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EnvironmentDialect {
    #[serde(default)]
    pub(super) dialect: Option<String>,
}

/// What starts a query answers with: its id, under either name.
#[derive(Debug, Deserialize)]
pub(super) struct CreatedAnswer {
    #[serde(alias = "createQuery", alias = "createDimensionValuesQuery")]
    pub(super) created: QueryReceipt,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct QueryReceipt {
    pub(super) query_id: QueryId,
}

/// The id of a query: a text, and with some servers a number.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum QueryId {
    Text(String),
    Number(u64),
}

impl QueryId {
    pub(super) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
        }
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct QueryLook {
    pub(super) query: Option<QueryProgress>,
}

/// How far a query is, and a page of its result once that is there.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct QueryProgress {
    pub(super) status: Option<String>,
    pub(super) error: Option<String>,
    pub(super) total_pages: Option<u64>,
    pub(super) json_result: Option<String>,
    pub(super) arrow_result: Option<String>,
}
