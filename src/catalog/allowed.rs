use std::sync::Arc;

use super::{CardEntry, CardId, DbtMetricDefinition, MetricEntry, MetricId, TableEntry, TableId};

macro_rules! allowed {
    ($(#[$doc:meta])* $name:ident, $entry:ident, $id:ident) => {
        $(#[$doc])*
        ///
        /// There is no public constructor: a lookup in a loaded catalog is the only way to get one.
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            entry: Arc<$entry>,
        }

        impl $name {
            /// Private to the catalog on purpose (invariant 2): whoever holds one went through a lookup.
            pub(in crate::catalog) fn new(entry: Arc<$entry>) -> Self {
                Self { entry }
            }

            pub fn entry(&self) -> &$entry {
                &self.entry
            }

            pub fn id(&self) -> $id {
                self.entry.id
            }
        }
    };
}

allowed!(
    /// The permission to run one curated card.
    AllowedCard,
    CardEntry,
    CardId
);
allowed!(
    /// The permission to query one curated metric of Metabase.
    AllowedMetric,
    MetricEntry,
    MetricId
);
allowed!(
    /// The permission to query one curated table.
    AllowedTable,
    TableEntry,
    TableId
);

/// The permission to query one curated metric of dbt's Semantic Layer.
///
/// There is no public constructor: a lookup in a loaded catalog is the only way to get one.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedDbtMetric {
    entry: Arc<MetricEntry>,
    definition: Arc<DbtMetricDefinition>,
}

impl AllowedDbtMetric {
    /// Private to the catalog on purpose (invariant 2): whoever holds one went through a lookup.
    pub(in crate::catalog) fn new(entry: Arc<MetricEntry>, definition: Arc<DbtMetricDefinition>) -> Self {
        Self { entry, definition }
    }

    pub fn entry(&self) -> &MetricEntry {
        &self.entry
    }

    /// What dbt knows it by.
    pub fn definition(&self) -> &DbtMetricDefinition {
        &self.definition
    }

    /// Its number in the catalog.
    pub fn id(&self) -> MetricId {
        self.entry.id
    }
}
