//! The Semantic Layer: metrics that are defined once, computed over the demo's tables in SQLite.
//!
//! A query names metrics, what to group them by, and filters. [`query::compile`] writes one SQL statement for it: each
//! metric becomes a subselect over its measure's table with what is joined to it, and the subselects are put side by side.
//! The figures are MetricFlow's: `project/golden` has what `mf query` answers, and a test holds the sandbox to it.

mod aggregation;
mod api;
mod arrow;
mod book;
mod conversion;
mod element;
mod fault;
mod filter;
mod grain;
mod listing;
mod manifest;
mod measure;
mod metric;
mod moments;
mod query;
mod request;
mod rowset;
mod shift;
mod table;
mod warehouse;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;

pub(crate) use api::answer;
pub(crate) use manifest::ServedManifest;

use crate::project::DbtProject;
use book::QueryBook;
use fault::SemanticFault;
use query::{SemanticQuery, SemanticSql, compile};
use table::SemanticTable;

/// Tells the SQLite address of the tables that sources are read from, once they are there; it may block.
pub type DataAddress = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// The Semantic Layer of a running sandbox. The warehouse is built when the first query needs it.
pub(crate) struct SemanticLayer {
    project: Arc<DbtProject>,
    data: DataAddress,
    warehouse: Mutex<Option<Connection>>,
    book: QueryBook,
    /// Whether rows are given as Arrow alone.
    arrow_only: bool,
}

impl SemanticLayer {
    pub(crate) fn new(project: Arc<DbtProject>, data: DataAddress, arrow_only: bool) -> Self {
        Self {
            project,
            data,
            warehouse: Mutex::new(None),
            book: QueryBook::default(),
            arrow_only,
        }
    }

    fn compile(&self, query: &SemanticQuery) -> Result<SemanticSql, SemanticFault> {
        let catalog = self.project.value(crate::project::ArtifactFile::Catalog);
        let is_truth = |relation: &str, column: &str| listing::is_truth(catalog, relation, column);
        compile(self.project.semantic(), query, &is_truth)
    }

    /// Runs a query. It blocks.
    fn run(&self, query: &SemanticSql) -> Result<SemanticTable, SemanticFault> {
        let mut warehouse = self.warehouse.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = if let Some(open) = warehouse.take() {
            open
        } else {
            let address = (self.data)().map_err(SemanticFault::new)?;
            warehouse::open(&self.project, &address)?
        };
        let outcome = SemanticTable::read(&connection, query);
        *warehouse = Some(connection);
        outcome
    }
}

impl fmt::Debug for SemanticLayer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("SemanticLayer")
            .field("book", &self.book)
            .finish_non_exhaustive()
    }
}
