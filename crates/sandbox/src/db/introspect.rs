use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;

use super::names::humanize;
use super::pool::quote;
use super::types::{base_type, sampled_type};
use crate::facts::PreparedFacts;
use crate::semantic::{FieldMetadata, TableMetadata};

/// Text columns with at most this many values are categories.
const CATEGORY_VALUES: i64 = 30;
/// Columns with at most this many values have them listed for filters.
const LISTED_VALUES: i64 = 1000;
/// How many rows of a column are looked at to tell.
const SAMPLED_ROWS: i64 = 20_000;

/// Reads tables, views, columns and declared foreign keys, in order of table name. Nothing is guessed about keys that
/// are not declared. With facts, no row is read.
pub(crate) fn introspect(
    connection: &Connection,
    database_id: i64,
    facts: Option<&PreparedFacts>,
) -> rusqlite::Result<Vec<TableMetadata>> {
    let mut tables = Vec::new();
    let mut next_field = 1;
    for (at, name) in table_names(connection)?.into_iter().enumerate() {
        let id = i64::try_from(at).unwrap_or(i64::MAX).saturating_add(1);
        let fields = fields(connection, id, &name, facts, &mut next_field)?;
        let display_name = humanize(&name);
        tables.push(TableMetadata {
            id,
            database_id,
            name,
            display_name,
            description: None,
            fields,
        });
    }
    link_foreign_keys(connection, &mut tables)?;
    Ok(tables)
}

fn table_names(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table','view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
               AND name NOT LIKE '\\_%' ESCAPE '\\' ORDER BY lower(name)";
    connection
        .prepare(sql)?
        .query_map([], |row| row.get(0))?
        .collect()
}

struct DeclaredColumn {
    name: String,
    database_type: String,
    key: bool,
}

fn declared(connection: &Connection, table: &str) -> rusqlite::Result<Vec<DeclaredColumn>> {
    let mut statement = connection.prepare(&format!("PRAGMA table_info({})", quote(table)))?;
    let rows = statement.query_map([], |row| {
        Ok(DeclaredColumn {
            name: row.get(1)?,
            database_type: row.get(2)?,
            key: row.get::<_, i64>(5)? > 0,
        })
    })?;
    rows.collect()
}

fn fields(
    connection: &Connection,
    table_id: i64,
    table: &str,
    facts: Option<&PreparedFacts>,
    next: &mut i64,
) -> rusqlite::Result<Vec<FieldMetadata>> {
    let declared = declared(connection, table)?;
    let single_key = declared.iter().filter(|column| column.key).count() == 1;
    let mut fields = Vec::with_capacity(declared.len());
    for (position, column) in declared.into_iter().enumerate() {
        let base_type = match base_type(&column.database_type) {
            Some(known) => known,
            None => sampled_type(connection, table, &column.name)?,
        };
        let is_key = column.key && single_key;
        let distinct = match facts.and_then(|facts| facts.distinct(table, &column.name)) {
            _ if is_key => LISTED_VALUES + 1,
            Some(known) => known,
            None => distinct(connection, table, &column.name)?,
        };
        fields.push(FieldMetadata {
            id: *next,
            table_id,
            position,
            display_name: humanize(&column.name),
            description: None,
            semantic_type: semantic_type(is_key, base_type, &column.name, distinct),
            has_field_values: has_field_values(base_type, distinct),
            name: column.name,
            database_type: column.database_type,
            base_type: base_type.to_owned(),
            fk_target_field_id: None,
            visibility_type: "normal".to_owned(),
        });
        *next += 1;
    }
    Ok(fields)
}

/// Counts at most [`LISTED_VALUES`] + 1 values in the first rows; enough to tell, cheap on a large file.
fn distinct(connection: &Connection, table: &str, column: &str) -> rusqlite::Result<i64> {
    let (table, column) = (quote(table), quote(column));
    let sql = format!(
        "SELECT COUNT(*) FROM (SELECT DISTINCT {column} FROM (SELECT {column} FROM {table} LIMIT {SAMPLED_ROWS}) \
         WHERE {column} IS NOT NULL LIMIT {})",
        LISTED_VALUES + 1
    );
    connection.query_row(&sql, [], |row| row.get(0))
}

fn semantic_type(is_key: bool, base_type: &str, name: &str, distinct: i64) -> Option<String> {
    let name = name.to_ascii_lowercase();
    let meaning = match base_type {
        _ if is_key => "type/PK",
        "type/DateTime" | "type/Date" if matches!(name.as_str(), "created_at" | "creation_date") => {
            "type/CreationTimestamp"
        }
        "type/Text" if name == "email" => "type/Email",
        "type/Text" if name == "city" => "type/City",
        "type/Text" if name == "state" => "type/State",
        "type/Text" if name == "country" => "type/Country",
        "type/Text" if name == "name" || name == "title" => "type/Name",
        "type/Float" | "type/Decimal" if name == "latitude" => "type/Latitude",
        "type/Float" | "type/Decimal" if name == "longitude" => "type/Longitude",
        "type/Boolean" => "type/Category",
        "type/Text" if (1..=CATEGORY_VALUES).contains(&distinct) => "type/Category",
        _ => return None,
    };
    Some(meaning.to_owned())
}

fn has_field_values(base_type: &str, distinct: i64) -> &'static str {
    match base_type {
        "type/Text" | "type/Boolean" if distinct <= LISTED_VALUES => "list",
        "type/Text" => "search",
        _ => "none",
    }
}

struct ForeignKey {
    from: String,
    to_table: String,
    /// `None` points at the primary key.
    to_column: Option<String>,
}

/// Keys of a single column only: the wire has no way to say that two columns together point somewhere.
fn foreign_keys(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ForeignKey>> {
    let mut statement = connection.prepare(&format!("PRAGMA foreign_key_list({})", quote(table)))?;
    let rows = statement.query_map([], |row| {
        let key = ForeignKey {
            to_table: row.get(2)?,
            from: row.get(3)?,
            to_column: row.get(4)?,
        };
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, key))
    })?;
    let rows = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let compound: BTreeSet<i64> = rows
        .iter()
        .filter(|(_, seq, _)| *seq > 0)
        .map(|(id, ..)| *id)
        .collect();
    Ok(rows
        .into_iter()
        .filter(|(id, ..)| !compound.contains(id))
        .map(|(.., key)| key)
        .collect())
}

fn link_foreign_keys(connection: &Connection, tables: &mut [TableMetadata]) -> rusqlite::Result<()> {
    let mut targets = BTreeMap::new();
    for table in tables.iter() {
        for key in foreign_keys(connection, &table.name)? {
            let target = tables
                .iter()
                .find(|other| other.name.eq_ignore_ascii_case(&key.to_table));
            let target = target.and_then(|other| match &key.to_column {
                Some(column) => other.field_named(column),
                None => other.primary_key(),
            });
            if let (Some(from), Some(target)) = (table.field_named(&key.from), target) {
                targets.insert(from.id, target.id);
            }
        }
    }
    for field in tables.iter_mut().flat_map(|table| &mut table.fields) {
        if let Some(target) = targets.get(&field.id) {
            field.fk_target_field_id = Some(*target);
            // A key that is both (a one-to-one link) stays a primary key, as the server keeps it.
            if field.semantic_type.as_deref() != Some("type/PK") {
                field.semantic_type = Some("type/FK".to_owned());
            }
        }
    }
    Ok(())
}
