use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

/// What an entry of the catalog is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// A saved question or model that is run as it is, with parameters.
    Card,
    /// A metric that is queried by dimensions.
    Metric,
    /// A table that is queried by its fields, measures and segments.
    Table,
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Card => "card",
            Self::Metric => "metric",
            Self::Table => "table",
        })
    }
}

/// The query a result came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QuerySource {
    /// Card, metric or table.
    pub kind: EntryKind,
    /// Its Metabase id; of a metric of dbt, its number in the catalog.
    pub id: u32,
    pub name: String,
    pub arguments: Value,
    /// The page a person opens for it.
    pub link: Option<Url>,
    /// What dbt calls it, when dbt's Semantic Layer was asked: `revenue`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dbt_metric: Option<String>,
}

impl QuerySource {
    /// What was asked, for people: `card`, `metric`, `table`, or `dbt metric`.
    pub(crate) fn kind_words(&self) -> String {
        match self.dbt_metric {
            Some(_) => format!("dbt {}", self.kind),
            None => self.kind.to_string(),
        }
    }
}

/// What was looked up in dbt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LookupSource {
    /// The tool that looked it up.
    pub tool: String,
    /// What it is about: `card 7 "Revenue by month"`, `runs of job 5`.
    pub name: String,
    pub arguments: Value,
}
