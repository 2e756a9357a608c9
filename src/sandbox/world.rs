use std::path::{Path, PathBuf};

use jiff::civil::Date;
use serde_json::Value;

use super::db::{Store, introspect};
use super::query::{
    CardFailure, Constraints, FieldValues, ParameterException, ParameterValues, QueryFailure, QueryResult,
    WideField,
};
use super::semantic::{Card, SemanticModel};

/// Why a world could not be built.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    /// The database file did not open or could not be read.
    #[error("cannot read the SQLite database {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A file beside it did not load.
    #[error("cannot load {}: {reason}", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong and where.
        reason: String,
    },
    /// The built-in demo or an in-memory database failed.
    #[error("cannot build the sandbox's database: {0}")]
    Build(#[from] rusqlite::Error),
}

/// A database with its semantic model. It never changes once built, and can be shared between threads; queries block,
/// so run them where blocking is allowed.
#[derive(Debug)]
pub struct World {
    store: Store,
    model: SemanticModel,
    today: Date,
}

impl World {
    /// A SQLite file, read only, described by a model file or by nothing but itself.
    pub fn from_sqlite(path: &Path, model: Option<&Path>) -> Result<Self, WorldError> {
        let fail = |source| WorldError::Database {
            path: path.to_owned(),
            source,
        };
        let store = Store::open(path).map_err(fail)?;
        let name = path
            .file_stem()
            .map_or_else(|| "SQLite".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Self::build(store, &name, model)
    }

    /// A folder of CSV files, described by a model file or by nothing but itself.
    pub fn from_csv(folder: &Path, model: Option<&Path>) -> Result<Self, WorldError> {
        let store = Store::in_memory()?;
        let name = folder
            .file_name()
            .map_or_else(|| "CSV".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Self::build(store, &name, model)
    }

    /// The built-in business: an online shop with orders and a subscription service with invoices.
    pub fn demo() -> Result<Self, WorldError> {
        Self::build(Store::in_memory()?, "Example shop", None)
    }

    fn build(store: Store, name: &str, _model: Option<&Path>) -> Result<Self, WorldError> {
        store.seal()?;
        let tables = store.with(|connection| introspect(connection, 1))?;
        let model = SemanticModel::bare(name, tables);
        Ok(Self {
            store,
            model,
            today: jiff::Zoned::now().date(),
        })
    }

    /// What it serves besides rows.
    pub fn model(&self) -> &SemanticModel {
        &self.model
    }

    /// The day that relative dates count from: pinned by the demo and by a model file that says so, else the day the
    /// world was built, in UTC.
    pub fn today(&self) -> Date {
        self.today
    }

    /// Runs a resolved MBQL 5 query: numeric ids, or one native stage.
    pub fn run(&self, _query: &Value, _constraints: Constraints) -> Result<QueryResult, QueryFailure> {
        Err(QueryFailure::invalid("queries are not served yet"))
    }

    /// Runs a card with the wire's parameters (`[{id?, type, target, value}]`).
    pub fn run_card(
        &self,
        _card: &Card,
        _parameters: &[Value],
        _constraints: Constraints,
    ) -> Result<QueryResult, CardFailure> {
        Err(QueryFailure::invalid("queries are not served yet").into())
    }

    /// The columns a card returns, as the wire's `result_metadata`, without its rows.
    pub fn card_columns(&self, _card: &Card) -> Result<Vec<Value>, QueryFailure> {
        Err(QueryFailure::invalid("queries are not served yet"))
    }

    /// What a card's parameter may be set to, for `/params/:id/values`. A parameter the card does not have is the
    /// wire's 400 exception.
    pub fn parameter_values(
        &self,
        _card: &Card,
        _parameter_id: &str,
    ) -> Result<ParameterValues, CardFailure> {
        Err(QueryFailure::invalid("queries are not served yet").into())
    }

    /// The first `limit` distinct values of a table's column, and statistics over all of its rows.
    pub fn field_values(&self, _field_id: i64, _limit: u64) -> Result<FieldValues, QueryFailure> {
        Err(QueryFailure::invalid("queries are not served yet"))
    }

    /// The columns that a query on a table may use, in the order that positional ids such as `t42-3` count.
    pub fn wide_fields_of_table(&self, _table_id: i64) -> Vec<WideField> {
        Vec::new()
    }

    /// The columns that a query on a card may use, in the order that positional ids such as `c10-2` count. A metric's
    /// are those of what it aggregates: what it can be filtered and grouped by.
    pub fn wide_fields_of_card(&self, _card: &Card) -> Result<Vec<WideField>, QueryFailure> {
        Ok(Vec::new())
    }

    /// The index, among a metric's columns, of the time column it is broken out by when nothing else is said.
    pub fn default_time_dimension(&self, _card: &Card) -> Option<usize> {
        None
    }
}

/// The wire's exception for a parameter that the card does not have.
pub(super) fn unknown_parameter(parameter_id: &str) -> ParameterException {
    ParameterException {
        message: format!("Card does not have a parameter with the ID \"{parameter_id}\"."),
        data: serde_json::Map::new(),
        status: 400,
    }
}
