//! The warehouse: the demo's tables, and the project's models and seeds made of them in SQLite.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::functions::{Aggregate, Context, FunctionFlags};
use rusqlite::{Connection, OpenFlags, params_from_iter};
use serde_json::Value;

use super::fault::SemanticFault;
use crate::project::DbtProject;

/// The schema that dbt's sources are read from, under its own name in the database.
const SOURCES: &str = "sources";

/// A relation's name without its database: `"analytics"."fct_orders"`.
pub(super) fn relation(name: &str) -> String {
    let parts: Vec<&str> = name.split('.').collect();
    match parts.as_slice() {
        [.., schema, table] => format!("{}.{}", schema.trim(), table.trim()),
        _ => name.to_owned(),
    }
}

/// Opens the tables at a SQLite address, and builds the project's seeds and models over them. Whatever the data already
/// has under a model's name is used as it is.
pub(super) fn open(project: &DbtProject, address: &str) -> Result<Connection, SemanticFault> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(":memory:", flags)?;
    connection.pragma_update(None, "case_sensitive_like", true)?;
    functions(&connection)?;
    connection.execute(&format!("ATTACH ? AS {SOURCES}"), [address])?;
    let manifest = project.manifest();
    let builder = WarehouseBuilder {
        project,
        connection: &connection,
        present: tables_of(&connection, SOURCES)?,
    };
    let mut schemas: BTreeSet<String> = BTreeSet::new();
    for kind in ["nodes", "sources"] {
        let nodes = manifest.get(kind).and_then(Value::as_object);
        for node in nodes.into_iter().flat_map(serde_json::Map::values) {
            let has_table = node.get("relation_name").is_some_and(|name| !name.is_null());
            if let Some(schema) = node.get("schema").and_then(Value::as_str).filter(|_| has_table) {
                schemas.insert(schema.to_owned());
            }
        }
    }
    for schema in schemas
        .iter()
        .filter(|schema| !matches!(schema.as_str(), "main" | SOURCES))
    {
        connection.execute_batch(&format!("ATTACH ':memory:' AS \"{schema}\""))?;
    }
    builder.sources()?;
    for id in in_order(manifest) {
        builder.node(&id)?;
    }
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

struct WarehouseBuilder<'a> {
    project: &'a DbtProject,
    connection: &'a Connection,
    /// Names of the tables that the data has.
    present: BTreeSet<String>,
}

impl WarehouseBuilder<'_> {
    /// Sources are the data's tables under dbt's names.
    fn sources(&self) -> Result<(), SemanticFault> {
        let sources = self.project.manifest().get("sources").and_then(Value::as_object);
        for source in sources.into_iter().flat_map(serde_json::Map::values) {
            let name = source.get("relation_name").and_then(Value::as_str);
            let identifier = source
                .get("identifier")
                .and_then(Value::as_str)
                .unwrap_or_default();
            if let Some(name) = name.filter(|_| self.present.contains(identifier)) {
                self.copy(&relation(name), identifier)?;
            }
        }
        Ok(())
    }

    fn copy(&self, relation: &str, table: &str) -> Result<(), SemanticFault> {
        let sql = format!("CREATE TABLE {relation} AS SELECT * FROM {SOURCES}.\"{table}\"");
        self.connection.execute_batch(&sql)?;
        Ok(())
    }

    fn node(&self, id: &str) -> Result<(), SemanticFault> {
        let Some(node) = self
            .project
            .manifest()
            .get("nodes")
            .and_then(|nodes| nodes.get(id))
        else {
            return Ok(());
        };
        let text = |name: &str| node.get(name).and_then(Value::as_str);
        let (Some(name), Some(kind)) = (text("relation_name"), text("resource_type")) else {
            return Ok(());
        };
        let table = text("alias").or(text("name")).unwrap_or_default();
        if self.present.contains(table) {
            return self.copy(&relation(name), table);
        }
        let built = match kind {
            "seed" => self.seed(&relation(name), text("original_file_path").unwrap_or_default()),
            "model" => {
                let code =
                    without_databases(text("compiled_code").unwrap_or_default(), self.project.manifest());
                let sql = format!("CREATE TABLE {} AS {code}", relation(name));
                self.connection.execute_batch(&sql).map_err(SemanticFault::from)
            }
            _ => Ok(()),
        };
        // What cannot be built here is missed only by those who ask for it.
        if let Err(error) = built {
            tracing::warn!(node = id, %error, "a model was not built");
        }
        Ok(())
    }

    fn seed(&self, relation: &str, path: &str) -> Result<(), SemanticFault> {
        let text = self
            .project
            .seed(path)
            .ok_or_else(|| SemanticFault::new(format!("There is no seed {path}.")))?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let failed = |error: csv::Error| SemanticFault::new(error.to_string());
        let names: Vec<String> = reader
            .headers()
            .map_err(failed)?
            .iter()
            .map(|name| format!("\"{name}\""))
            .collect();
        self.connection
            .execute_batch(&format!("CREATE TABLE {relation} ({})", names.join(", ")))?;
        let marks = vec!["?"; names.len()].join(", ");
        let mut insert = self
            .connection
            .prepare(&format!("INSERT INTO {relation} VALUES ({marks})"))?;
        for record in reader.records() {
            let record = record.map_err(failed)?;
            insert.execute(params_from_iter(
                record.iter().map(|cell| (!cell.is_empty()).then_some(cell)),
            ))?;
        }
        Ok(())
    }
}

/// Compiled SQL names relations with their database, which SQLite does not.
fn without_databases(code: &str, manifest: &Value) -> String {
    let mut databases: BTreeSet<&str> = BTreeSet::new();
    for kind in ["nodes", "sources"] {
        let nodes = manifest.get(kind).and_then(Value::as_object);
        databases.extend(
            nodes
                .into_iter()
                .flat_map(serde_json::Map::values)
                .filter_map(|node| node.get("database")?.as_str()),
        );
    }
    databases.iter().fold(code.to_owned(), |code, database| {
        code.replace(&format!("\"{database}\"."), "")
    })
}

/// Ids of the nodes, those that others rest on first.
fn in_order(manifest: &Value) -> Vec<String> {
    let nodes = manifest.get("nodes").and_then(Value::as_object);
    let mut left: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, node) in nodes.into_iter().flatten() {
        let on = node.pointer("/depends_on/nodes").and_then(Value::as_array);
        left.insert(id, on.into_iter().flatten().filter_map(Value::as_str).collect());
    }
    let mut order: Vec<String> = Vec::new();
    while !left.is_empty() {
        let ready: Vec<&str> = left
            .iter()
            .filter(|(_, on)| on.iter().all(|id| !left.contains_key(id)))
            .map(|(id, _)| *id)
            .collect();
        if ready.is_empty() {
            break;
        }
        for id in ready {
            left.remove(id);
            order.push(id.to_owned());
        }
    }
    order
}

fn tables_of(connection: &Connection, schema: &str) -> Result<BTreeSet<String>, SemanticFault> {
    let mut select = connection.prepare(&format!(
        "SELECT name FROM {schema}.sqlite_schema WHERE type IN ('table', 'view')"
    ))?;
    let names = select.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

/// Functions that SQLite does not have.
fn functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_aggregate_function(
        "percentile_between_values",
        2,
        flags,
        Percentile { discrete: false },
    )?;
    connection.create_aggregate_function("percentile_of_values", 2, flags, Percentile { discrete: true })
}

#[derive(Debug, Clone, Copy)]
struct Percentile {
    discrete: bool,
}

impl Aggregate<(Vec<f64>, f64), Option<f64>> for Percentile {
    fn init(&self, _: &mut Context<'_>) -> rusqlite::Result<(Vec<f64>, f64)> {
        Ok((Vec::new(), 0.5))
    }

    fn step(&self, context: &mut Context<'_>, state: &mut (Vec<f64>, f64)) -> rusqlite::Result<()> {
        state.1 = context.get(1)?;
        if let Some(value) = context.get::<Option<f64>>(0)? {
            state.0.push(value);
        }
        Ok(())
    }

    fn finalize(&self, _: &mut Context<'_>, state: Option<(Vec<f64>, f64)>) -> rusqlite::Result<Option<f64>> {
        let Some((mut values, share)) = state else {
            return Ok(None);
        };
        values.sort_by(f64::total_cmp);
        Ok(percentile(&values, share, self.discrete))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "a place in a list, held within it"
)]
fn percentile(sorted: &[f64], share: f64, discrete: bool) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    if discrete {
        let place = (share * sorted.len() as f64).ceil().max(1.0) as usize - 1;
        return sorted.get(place.min(last)).copied();
    }
    let place = share * last as f64;
    let (low, high) = (
        sorted.get(place.floor() as usize)?,
        sorted.get((place.ceil() as usize).min(last))?,
    );
    Some(low + (high - low) * (place - place.floor()))
}
