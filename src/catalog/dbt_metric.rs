//! What asking dbt's Semantic Layer for a metric takes, beside what every metric of a catalog has.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::MetricId;

/// The time that each metric of dbt has, whatever its own column is called.
pub(crate) const METRIC_TIME: &str = "metric_time";

/// Numbers of dbt metrics lie above those that a Metabase gives.
const FIRST: u32 = 10_000_000;
const NUMBERS: u32 = 90_000_000;

/// A metric as dbt knows it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DbtMetricDefinition {
    /// Its name in dbt, by which it is asked: `revenue`.
    pub name: String,
    /// `simple`, `ratio`, `derived`, `cumulative`, `conversion`, or what else dbt calls it.
    pub metric_type: String,
    /// Whether it can only be asked over time, by `metric_time`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub requires_metric_time: bool,
    /// The grains of each dimension that is a time, finest first: `metric_time` by `day`, `week`, …
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub grains: BTreeMap<String, Vec<String>>,
    /// Which of its dimensions are entities: keys such as `customer`.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub entities: BTreeSet<String>,
    /// The metric of Metabase that its authors say is the same, by name or number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agrees_with: Option<String>,
    /// What writes texts in the warehouse's SQL.
    #[serde(default)]
    pub dialect: SqlDialect,
}

/// How a warehouse reads texts in quotes. What is not known is treated as the strictest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlDialect {
    /// A quote is doubled, and a backslash is a backslash: PostgreSQL, DuckDB, Trino.
    DoubledQuotes,
    /// A quote is doubled, and so is a backslash: Snowflake, Redshift.
    DoubledBoth,
    /// Both have a backslash before them: BigQuery, Databricks.
    Backslashes,
    #[default]
    Unknown,
}

impl SqlDialect {
    /// The dialect of that name, as dbt has it: `SNOWFLAKE`.
    pub fn named(name: &str) -> Self {
        match name.to_uppercase().as_str() {
            "POSTGRES" | "POSTGRESQL" | "DUCKDB" | "TRINO" | "ATHENA" => Self::DoubledQuotes,
            "SNOWFLAKE" | "REDSHIFT" => Self::DoubledBoth,
            "BIGQUERY" | "DATABRICKS" | "SPARK" => Self::Backslashes,
            _ => Self::Unknown,
        }
    }
}

/// Numbers for metrics that have only names. A name has the same number wherever its neighbours allow that, so that scripts and
/// conversations can rest on it.
pub(crate) fn dbt_metric_ids<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, MetricId> {
    let names: BTreeSet<&str> = names.into_iter().collect();
    let mut taken: BTreeSet<u32> = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for name in names {
        let hash = blake3::derive_key("cardinal 2026 catalog: number of a dbt metric", name.as_bytes());
        let [a, b, c, d, ..] = hash;
        let mut number = u32::from_le_bytes([a, b, c, d]) % NUMBERS;
        while !taken.insert(number) {
            number = (number + 1) % NUMBERS;
        }
        ids.insert(name, MetricId(FIRST + number));
    }
    ids
}
