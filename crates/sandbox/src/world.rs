use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use secrecy::SecretString;
use serde_json::Value;

use super::data;
use super::db::{Descriptions, Store, introspect, load_csv_folder};
use super::native;
use super::query::{
    self, CardFailure, Compiler, Constraints, FieldValues, ParameterValues, QueryFailure, QueryResult,
    WideField,
};
use super::semantic::{self, Card, SemanticModel};

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

/// Hash of the demo's rows, hex. Whoever changes the demo changes it too.
pub const DEMO_ROWS: &str = data::ROWS;

/// Hash of the demo: of its rows and of its semantic model, hex. Nothing is built for it.
pub fn demo_fingerprint() -> String {
    let hash = blake3::hash(format!("{DEMO_ROWS}\n{}", data::MODEL).as_bytes());
    hash.to_hex().to_string()
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
    /// The built-in business: an online shop with orders and a subscription service with invoices. The same bytes in
    /// every process.
    pub fn demo() -> Result<Self, WorldError> {
        let store = Store::in_memory()?;
        store.with(data::generate)?;
        let built_in = |reason| WorldError::File {
            path: PathBuf::from("demo.yaml"),
            reason,
        };
        Self::build(
            store,
            "Example shop",
            Some(data::MODEL),
            &BTreeMap::new(),
            built_in,
        )
    }

    /// A SQLite file, read only, described by a model file or by nothing but itself.
    pub fn from_sqlite(path: &Path, model: Option<&Path>) -> Result<Self, WorldError> {
        let fail = |source| WorldError::Database {
            path: path.to_owned(),
            source,
        };
        let store = Store::open(path).map_err(fail)?;
        Self::described(store, &stem(path), model, &BTreeMap::new()).map_err(|error| match error {
            WorldError::Build(source) => fail(source),
            other => other,
        })
    }

    /// A folder of CSV files, one table each, described by a model file or by nothing but itself. Types come from
    /// `schema.sqlite.sql` beside them when it is there, descriptions of columns from `metadata.json`.
    pub fn from_csv(folder: &Path, model: Option<&Path>) -> Result<Self, WorldError> {
        let store = Store::in_memory()?;
        let loaded = store.with(|connection| load_csv_folder(connection, folder));
        let descriptions = loaded.map_err(|(path, reason)| WorldError::File { path, reason })?;
        Self::described(store, &stem(folder), model, &descriptions)
    }

    fn described(
        store: Store,
        name: &str,
        model: Option<&Path>,
        descriptions: &Descriptions,
    ) -> Result<Self, WorldError> {
        let path = model.map(Path::to_owned).unwrap_or_default();
        let wrong = |reason| WorldError::File {
            path: path.clone(),
            reason,
        };
        let text = model
            .map(std::fs::read_to_string)
            .transpose()
            .map_err(|error| wrong(error.to_string()))?;
        Self::build(store, name, text.as_deref(), descriptions, wrong)
    }

    fn build(
        store: Store,
        name: &str,
        model: Option<&str>,
        descriptions: &Descriptions,
        wrong: impl Fn(String) -> WorldError,
    ) -> Result<Self, WorldError> {
        store.seal()?;
        let mut tables = store.with(|connection| introspect(connection, 1))?;
        for table in &mut tables {
            for field in &mut table.fields {
                let key = (table.name.to_lowercase(), field.name.to_lowercase());
                field.description = descriptions.get(&key).cloned();
            }
        }
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let (model, today) = semantic::load(model, name, tables, today).map_err(wrong)?;
        Ok(Self { store, model, today })
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

    /// The API key of this name, if the semantic model has one.
    pub fn api_key(&self, name: &str) -> Option<SecretString> {
        let keys = &self.model.api_keys;
        keys.iter()
            .find(|key| key.name == name)
            .map(|key| key.key.clone())
    }

    /// Runs a resolved MBQL 5 query: numeric ids, or one native stage.
    pub fn run(&self, query: &Value, constraints: Constraints) -> Result<QueryResult, QueryFailure> {
        query::run(self.compiler(), query, constraints)
    }

    /// Runs a card with the wire's parameters (`[{id?, type, target, value}]`).
    pub fn run_card(
        &self,
        card: &Card,
        parameters: &[Value],
        constraints: Constraints,
    ) -> Result<QueryResult, CardFailure> {
        native::run_card(self.compiler(), card, parameters, constraints)
    }

    /// The columns a card returns, as the wire's `result_metadata`, without its rows.
    pub fn card_columns(&self, card: &Card) -> Result<Vec<Value>, QueryFailure> {
        query::card_columns(self.compiler(), card)
    }

    /// What a card's parameter may be set to, for `/params/:id/values`. A parameter the card does not have is the
    /// wire's 400 exception.
    pub fn parameter_values(&self, card: &Card, parameter_id: &str) -> Result<ParameterValues, CardFailure> {
        native::parameter_values(self.compiler(), card, parameter_id)
    }

    /// The first `limit` distinct values of a table's column, and statistics over all of its rows.
    pub fn field_values(&self, field_id: i64, limit: u64) -> Result<FieldValues, QueryFailure> {
        let field = self.model.field(field_id);
        let (table, field) =
            field.ok_or_else(|| QueryFailure::invalid(format!("Field {field_id} does not exist")))?;
        query::field_values(&self.store, table, field, limit)
    }

    /// The columns that a query on a table may use, in the order that positional ids such as `t42-3` count; empty for
    /// a table that does not exist.
    pub fn wide_fields_of_table(&self, table_id: i64) -> Vec<WideField> {
        query::wide_of_table(&self.model, table_id)
    }

    /// The columns that a query on a card may use, in the order that positional ids such as `c10-2` count. A metric's
    /// are those of what it aggregates: what it can be filtered and grouped by.
    pub fn wide_fields_of_card(&self, card: &Card) -> Result<Vec<WideField>, QueryFailure> {
        query::wide_of_card(self.compiler(), card)
    }

    /// The place, in a metric's columns, of the time column it is broken out by when nothing else is said.
    pub fn default_time_dimension(&self, card: &Card) -> Option<usize> {
        query::default_time_dimension(card, &self.wide_fields_of_card(card).ok()?)
    }

    fn compiler(&self) -> Compiler<'_> {
        Compiler::new(&self.store, &self.model, self.today)
    }
}

/// A path's last part without its ending, as the name of a database.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(
        || "Database".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}
