use serde::Serialize;

/// A table of a warehouse, as an entry of Metabase reads it and as dbt builds it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WarehouseTable {
    /// The schema, where it is known.
    pub schema: Option<String>,
    pub name: String,
}
