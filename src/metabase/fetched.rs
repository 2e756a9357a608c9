//! What a client brings: tables, values, a catalog, and what is known of the server.

use std::sync::Arc;

use crate::catalog::{AllowedMetric, AllowedTable, AllowedValues, Catalog, EntryVersions};
use crate::result::{EntryKind, ResultTable};
use crate::wire::ServedBy;

/// A table and what served it.
#[derive(Debug, Clone)]
pub struct FetchedTable {
    pub table: Arc<ResultTable>,
    pub served_by: ServedBy,
    /// Whether the first row that the asked limit left out has the same place in the order as the last one that is here.
    pub tied: bool,
}

/// Values and what served them.
#[derive(Debug, Clone)]
pub struct FetchedValues {
    pub values: AllowedValues,
    pub served_by: ServedBy,
    /// Bytes of the response that listed them.
    pub bytes_received: u64,
}

/// Whose dimension is asked for values.
#[derive(Debug, Clone, PartialEq)]
pub enum DimensionOwner {
    Metric(AllowedMetric),
    Table(AllowedTable),
}

impl DimensionOwner {
    pub(super) fn entry(&self) -> (EntryKind, u32) {
        match self {
            Self::Metric(metric) => (EntryKind::Metric, metric.id().0),
            Self::Table(table) => (EntryKind::Table, table.id().0),
        }
    }
}

/// A catalog as loaded, and what could not be loaded.
#[derive(Debug, Clone, Default)]
pub struct FetchedCatalog {
    pub catalog: Catalog,
    /// Entries that were selected but could not be read, each with the reason, in words.
    pub warnings: Vec<String>,
    /// What the server cannot do with what was selected, in words: entries that it gives in one form only, or not at all.
    pub limits: Vec<String>,
    /// Whether something is missing because the server failed just now: it may be there the next time.
    pub incomplete: bool,
    /// What the next load knows by which entries it need not read.
    pub versions: EntryVersions,
    /// Entries of the load before that were kept without being read.
    pub kept: usize,
}
