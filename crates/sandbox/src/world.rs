use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use rusqlite::Connection;
use secrecy::SecretString;
use serde_json::Value;

use super::check::{self, CardOrigins};
use super::data;
use super::db::{ColumnDescriptions, SqlitePool, introspect, load_csv_folder};
use super::draft;
use super::facts::{FactCache, PreparedFacts};
use super::native;
use super::query::{
    self, CardFailure, ColumnValues, MbqlCompiler, ParameterValues, QueryFailure, QueryResult, RowLimits,
    WideField,
};
use super::semantic::{self, Card, ModelFault, SemanticModel, TableMetadata};

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
    /// The model file does not fit the database.
    #[error("{}", at_lines(path, faults))]
    Model {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it, in its order.
        faults: Vec<ModelFault>,
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
    pool: SqlitePool,
    facts: FactCache,
    model: SemanticModel,
    today: Date,
    origins: CardOrigins,
    notices: Vec<String>,
}

impl World {
    /// The built-in business: an online shop with orders and a subscription service with invoices. The same bytes in
    /// every process. It returns at once; the rows are made on another thread, and queries wait for them.
    pub fn demo() -> Result<Self, WorldError> {
        let facts: PreparedFacts = serde_json::from_str(data::FACTS).map_err(|error| WorldError::File {
            path: PathBuf::from("facts.json"),
            reason: error.to_string(),
        })?;
        let define = |connection: &Connection| {
            data::define(connection)?;
            introspect(connection, 1, Some(&facts))
        };
        let (pool, tables) = SqlitePool::generated(define, data::generate)?;
        Self::of_demo(pool, tables, Some(facts))
    }

    /// The demo with everything worked out from its rows, as for any other database: what [`World::demo`] is held to.
    #[doc(hidden)]
    pub fn demo_from_rows() -> Result<Self, WorldError> {
        let (pool, tables) = SqlitePool::filled(|connection| {
            data::define(connection)?;
            data::generate(connection)?;
            introspect(connection, 1, None)
        })?;
        Self::of_demo(pool, tables, None)
    }

    fn of_demo(
        pool: SqlitePool,
        tables: Vec<TableMetadata>,
        facts: Option<PreparedFacts>,
    ) -> Result<Self, WorldError> {
        let built_in = |faults| WorldError::Model {
            path: PathBuf::from("demo.yaml"),
            faults,
        };
        let model = format!("{}\n{}", data::MODEL, data::DASHBOARDS);
        Self::build(pool, tables, "Example shop", Some(&model), facts, built_in)
    }

    /// A SQLite file, read only, described by a model file or by nothing but itself.
    pub fn from_sqlite(path: &Path, model: Option<&Path>) -> Result<Self, WorldError> {
        let fail = |source| WorldError::Database {
            path: path.to_owned(),
            source,
        };
        let pool = SqlitePool::open(path).map_err(fail)?;
        Self::described(pool, &stem(path), model, &BTreeMap::new()).map_err(|error| match error {
            WorldError::Build(source) => fail(source),
            other => other,
        })
    }

    /// A folder of CSV files, one table each, described by a model file or by nothing but itself. Types come from
    /// `schema.sqlite.sql` beside them when it is there, descriptions of columns from `metadata.json`.
    pub fn from_csv(folder: &Path, model: Option<&Path>) -> Result<Self, WorldError> {
        let (pool, loaded) = SqlitePool::filled(|connection| {
            load_csv_folder(connection, folder).map_err(|(path, reason)| WorldError::File { path, reason })
        })?;
        let world = Self::described(pool, &stem(folder), model, &loaded.descriptions)?;
        Ok(Self {
            notices: loaded.notices,
            ..world
        })
    }

    fn described(
        pool: SqlitePool,
        name: &str,
        model: Option<&Path>,
        descriptions: &ColumnDescriptions,
    ) -> Result<Self, WorldError> {
        let path = model.map(Path::to_owned).unwrap_or_default();
        let text = model.map(std::fs::read_to_string).transpose();
        let text = text.map_err(|error| WorldError::File {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let wrong = |faults| WorldError::Model {
            path: path.clone(),
            faults,
        };
        let mut tables = pool.with(|connection| introspect(connection, 1, None))?;
        for table in &mut tables {
            for field in &mut table.fields {
                let key = (table.name.to_lowercase(), field.name.to_lowercase());
                field.description = descriptions.get(&key).cloned();
            }
        }
        Self::build(pool, tables, name, text.as_deref(), None, wrong)
    }

    fn build(
        pool: SqlitePool,
        tables: Vec<TableMetadata>,
        name: &str,
        model: Option<&str>,
        facts: Option<PreparedFacts>,
        wrong: impl Fn(Vec<ModelFault>) -> WorldError,
    ) -> Result<Self, WorldError> {
        let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
        let (resolved, mut faults) =
            semantic::load(model, name, tables, today).map_err(|fault| wrong(vec![fault]))?;
        // A model with facts was checked before they were written, and its rows may not be there yet.
        let unchecked = facts.is_some();
        let facts = facts
            .map(|facts| FactCache::prepared(facts, &resolved.model))
            .unwrap_or_default();
        let world = Self {
            pool,
            facts,
            model: resolved.model,
            today: resolved.today,
            origins: CardOrigins {
                lines: resolved.card_lines,
                broken: resolved.broken_cards,
            },
            notices: Vec::new(),
        };
        if !unchecked {
            let refused = check::refused_cards(world.compiler(), &world.origins);
            if !(faults.is_empty() && refused.is_empty()) {
                // It is not served, and so everything that is wrong is named at once.
                faults.extend(check::failing_cards(world.compiler(), &world.origins));
            }
        }
        if faults.is_empty() {
            return Ok(world);
        }
        faults.sort_by_key(|fault| fault.line);
        Err(wrong(faults))
    }

    /// Runs every card and metric once with its defaults, and tells what failed and where it was written. A card that
    /// cannot run without a value is only prepared.
    pub fn check(&self) -> Vec<ModelFault> {
        check::failing_cards(self.compiler(), &self.origins)
    }

    /// A first model file for this database, as commented YAML that loads: to be written down and completed by hand.
    pub fn draft_model(&self) -> String {
        draft::draft(&self.model)
    }

    /// What SQLite attaches the database by, within this process and as long as the world is there. Blocks until the rows
    /// are there; nothing may be written to it.
    pub fn sqlite_address(&self) -> rusqlite::Result<String> {
        self.pool.address()
    }

    /// What was changed or left out while the database was read, each a sentence for people.
    pub fn notices(&self) -> &[String] {
        &self.notices
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
    pub fn run(&self, query: &Value, constraints: RowLimits) -> Result<QueryResult, QueryFailure> {
        query::run(self.compiler(), query, &BTreeMap::new(), constraints)
    }

    /// Runs a card with the wire's parameters (`[{id?, type, target, value}]`).
    pub fn run_card(
        &self,
        card: &Card,
        parameters: &[Value],
        constraints: RowLimits,
    ) -> Result<QueryResult, CardFailure> {
        native::run_card(self.compiler(), card, parameters, constraints)
    }

    /// The SQL that a card becomes with these parameters, and the values bound in it.
    pub(crate) fn native_form(
        &self,
        card: &Card,
        parameters: &[Value],
    ) -> Result<(String, Vec<Value>), CardFailure> {
        native::native_form(self.compiler(), card, parameters)
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
    pub fn field_values(&self, field_id: i64, limit: u64) -> Result<ColumnValues, QueryFailure> {
        let field = self.model.field(field_id);
        let (table, field) =
            field.ok_or_else(|| QueryFailure::invalid(format!("Field {field_id} does not exist")))?;
        query::field_values(self.compiler(), table, field, limit)
    }

    /// The first `limit` distinct values of a table's column, `[value]` each, and whether there are more.
    pub(crate) fn distinct_values(
        &self,
        field_id: i64,
        limit: u64,
    ) -> Result<(Vec<Vec<Value>>, bool), QueryFailure> {
        let found = self.model.field(field_id);
        let (table, field) =
            found.ok_or_else(|| QueryFailure::invalid(format!("Field {field_id} does not exist")))?;
        query::distinct_values(self.compiler(), table, field, limit)
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

    /// The columns that a stage after these may use.
    pub(crate) fn result_fields(&self, query: &Value) -> Result<Vec<WideField>, QueryFailure> {
        query::wide_of_result(self.compiler(), query)
    }

    /// The place, in a metric's columns, of the time column it is broken out by when nothing else is said.
    pub fn default_time_dimension(&self, card: &Card) -> Option<usize> {
        query::default_time_dimension(card, &self.wide_fields_of_card(card).ok()?)
    }

    fn compiler(&self) -> MbqlCompiler<'_> {
        MbqlCompiler::new(&self.pool, &self.facts, &self.model, self.today)
    }
}

/// Each fault on a line of its own, as `file:line: what`, which editors and terminals find.
fn at_lines(path: &Path, faults: &[ModelFault]) -> String {
    let lines = faults.iter().map(|fault| {
        let line = fault.line.map(|line| format!("{line}:")).unwrap_or_default();
        format!("{}:{line} {}", path.display(), fault.message)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A path's last part without its ending, as the name of a database.
fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(
        || "Database".to_owned(),
        |stem| stem.to_string_lossy().into_owned(),
    )
}
