use std::sync::Arc;

use url::Url;

use super::{CardRun, FailureClass, MetabaseError, MetricQuery, TableQuery};
use crate::catalog::{
    AllowedCard, AllowedMetric, AllowedTable, AllowedValues, Catalog, Dimension, Parameter,
};
use crate::config::{CatalogSettings, MetabaseSettings};
use crate::result::ResultTable;
use crate::wire::{Principal, ServedBy, Wire};

/// Which generation of the Agent API answers; see [`MetabaseClient::server`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Generation {
    /// v0.59: construct-query and execute.
    V59,
    /// v0.60: the same and `/v1/query` with pages.
    V60,
}

/// What answers at the configured address.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ServerInfo {
    /// The version tag, such as `v0.60.2`.
    pub version: String,
    /// The Agent API's generation; `None` when only cards can be run.
    pub generation: Option<Generation>,
}

/// A table and what served it.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The table.
    pub table: Arc<ResultTable>,
    /// What served it.
    pub served_by: ServedBy,
}

/// Whose dimension is asked for values.
#[derive(Debug, Clone, PartialEq)]
pub enum DimensionOwner {
    /// A metric's.
    Metric(AllowedMetric),
    /// A table's.
    Table(AllowedTable),
}

/// A catalog as loaded, and what could not be loaded.
#[derive(Debug, Clone)]
pub struct LoadedCatalog {
    /// The catalog.
    pub catalog: Catalog,
    /// Entries that were selected but could not be read, each with the reason, in words.
    pub warnings: Vec<String>,
}

/// The Metabase client of one principal. Cheap to clone.
#[derive(Debug, Clone)]
pub struct MetabaseClient {
    settings: Arc<MetabaseSettings>,
    #[expect(dead_code, reason = "wired up with the client")]
    wire: Wire,
    #[expect(dead_code, reason = "wired up with the client")]
    principal: Principal,
}

fn unfinished(action: String) -> MetabaseError {
    MetabaseError {
        action,
        message: "not connected".into(),
        class: FailureClass::Unavailable,
        status: None,
        source: None,
    }
}

impl MetabaseClient {
    /// A client of the configured server. Sends nothing yet.
    pub fn new(settings: MetabaseSettings, wire: Wire, principal: Principal) -> Self {
        Self {
            settings: Arc::new(settings),
            wire,
            principal,
        }
    }

    /// What answers; asked once and kept.
    pub async fn server(&self) -> Result<ServerInfo, MetabaseError> {
        Err(unfinished("reach the server".into()))
    }

    /// Loads what the rules select.
    pub async fn load_catalog(&self, _rules: &CatalogSettings) -> Result<LoadedCatalog, MetabaseError> {
        Err(unfinished("load the catalog".into()))
    }

    /// Runs a curated card.
    pub async fn run_card(&self, run: &CardRun) -> Result<Fetched, MetabaseError> {
        Err(unfinished(format!("run card {}", run.card.id())))
    }

    /// Queries a curated metric.
    pub async fn query_metric(&self, query: &MetricQuery) -> Result<Fetched, MetabaseError> {
        Err(unfinished(format!("query metric {}", query.metric.id())))
    }

    /// Queries a curated table.
    pub async fn query_table(&self, query: &TableQuery) -> Result<Fetched, MetabaseError> {
        Err(unfinished(format!("query table {}", query.table.id())))
    }

    /// Values that a parameter of a curated card takes.
    pub async fn parameter_values(
        &self,
        card: &AllowedCard,
        _parameter: &Parameter,
    ) -> Result<AllowedValues, MetabaseError> {
        Err(unfinished(format!("list values of card {}", card.id())))
    }

    /// Values that occur in a dimension; at most `limit`.
    pub async fn dimension_values(
        &self,
        _owner: &DimensionOwner,
        _dimension: &Dimension,
        _limit: u32,
    ) -> Result<AllowedValues, MetabaseError> {
        Err(unfinished("list values".into()))
    }

    /// The page a person opens for a card, metric or table.
    pub fn link(&self, kind: crate::catalog::EntryKind, id: u32) -> Option<Url> {
        let path = match kind {
            crate::catalog::EntryKind::Card => format!("question/{id}"),
            crate::catalog::EntryKind::Metric => format!("metric/{id}"),
            crate::catalog::EntryKind::Table => format!("question#?table={id}"),
        };
        self.settings.url.join(&path).ok()
    }
}
