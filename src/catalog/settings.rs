use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::{CardId, CatalogNotes, CollectionId, MetricId, TableId};

/// What is curated, and how it is kept.
#[derive(Debug, Clone, Default)]
pub struct CatalogSettings {
    /// Which cards (questions and models).
    pub cards: ContentRule<CardId>,
    /// Which metrics that are kept in Metabase.
    pub metrics: ContentRule<MetricId>,
    /// Which tables; none unless asked for.
    pub tables: TableRule,
    /// Which metrics of dbt's Semantic Layer; none unless asked for.
    pub dbt_metrics: DbtMetricRule,
    /// What is said beside the entries.
    pub notes: CatalogNotes,
    /// Where loaded catalogs are kept; `None` keeps none.
    pub cache_dir: Option<PathBuf>,
    /// How long a kept catalog is used before it is loaded again.
    pub max_age: Duration,
}

/// Selects cards or metrics: the union of what `collections` and `ids` name, narrowed by the rest.
#[derive(Debug, Clone)]
pub struct ContentRule<Id> {
    /// All that lies in these collections, by their ids in Metabase.
    pub collections: Vec<CollectionId>,
    /// And in these, as a person wrote them: by name, by path (`Finance / Monthly`), or as `7-finance`. Which they are is
    /// found out on the server.
    pub named_collections: Vec<String>,
    /// Everything in the root collection too.
    pub root_collection: bool,
    /// Whether collections inside these count.
    pub recursive: bool,
    /// These too, in whatever collection they lie.
    pub ids: Vec<Id>,
    /// Only names that begin so (applies to what collections select).
    pub name_prefix: Option<String>,
    /// Only what Metabase marks verified (applies to what collections select).
    pub verified_only: bool,
}

impl<Id> Default for ContentRule<Id> {
    fn default() -> Self {
        Self {
            collections: Vec::new(),
            named_collections: Vec::new(),
            root_collection: false,
            recursive: true,
            ids: Vec::new(),
            name_prefix: None,
            verified_only: false,
        }
    }
}

/// Selects tables: those in `ids`, and with them all whose name fits. Without either none is selected.
#[derive(Debug, Clone, Default)]
pub struct TableRule {
    /// By their ids in Metabase.
    pub ids: Vec<TableId>,
    /// Tables whose physical name begins so, in every database the credential can read.
    pub name_prefix: Option<String>,
}

/// Selects metrics of dbt: those in `names`, and with them all that meet every one of the other conditions, if there is any.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DbtMetricRule {
    /// These, by their names in dbt.
    pub names: Vec<String>,
    /// Every metric of the environment.
    pub all: bool,
    /// Only names that begin so.
    pub name_prefix: Option<String>,
    /// Only metrics whose `meta` has these values.
    pub meta: BTreeMap<String, String>,
    /// Whether it is looked up which values occur in their dimensions.
    pub values: bool,
}

impl DbtMetricRule {
    /// Whether it can select anything.
    pub fn selects(&self) -> bool {
        self.all || !self.names.is_empty() || self.name_prefix.is_some() || !self.meta.is_empty()
    }
}
