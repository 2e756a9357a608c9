use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, params_from_iter};
use serde_json::Value;

use super::inferred_keys::{key_place, pointed_at};
use super::pool::quote;
use super::types::base_type;
use crate::query::unique_name;

/// What columns are, by table and column in lower case: SQLite's names have no case.
pub(crate) type ColumnDescriptions = BTreeMap<(String, String), String>;

/// What a folder says beside its rows.
#[derive(Debug, Default)]
pub(crate) struct LoadedCsv {
    pub(crate) descriptions: ColumnDescriptions,
    /// What was changed while reading, each a sentence for people.
    pub(crate) notices: Vec<String>,
}

/// The file and what is wrong with it.
type CsvFailure = (PathBuf, String);

/// Fills a database with a folder's CSV files, one table each, in order of name. A header line is required, an empty
/// cell is NULL, `true` and `false` are booleans. `schema.sqlite.sql` gives the tables' types and keys when it is
/// there, else types are inferred from the cells and keys from names: an `id` or a `product_id` of `products` without repeats
/// is a key, and a `product_id` elsewhere points at it.
pub(crate) fn load_csv_folder(connection: &Connection, folder: &Path) -> Result<LoadedCsv, CsvFailure> {
    let at_folder = |error: &dyn std::fmt::Display| (folder.to_owned(), error.to_string());
    let entries = std::fs::read_dir(folder).map_err(|error| at_folder(&error))?;
    let paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>();
    let mut paths = paths.map_err(|error| at_folder(&error))?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("csv"))
    });
    paths.sort();
    if paths.is_empty() {
        return Err(at_folder(&"there are no .csv files in it"));
    }
    let schema = folder.join("schema.sqlite.sql");
    connection
        .execute_batch("PRAGMA foreign_keys = OFF; BEGIN")
        .map_err(|error| at_folder(&error))?;
    let mut keys = BTreeMap::new();
    if schema.exists() {
        let text = std::fs::read_to_string(&schema).map_err(|error| (schema.clone(), error.to_string()))?;
        connection
            .execute_batch(&text)
            .map_err(|error| (schema.clone(), error.to_string()))?;
    } else {
        for path in &paths {
            let failed = |reason| (path.clone(), reason);
            let table = table_name(path);
            if let Some(at) = key_place(path, &table).map_err(failed)? {
                let name = headers(path, &table, &mut LoadedCsv::default()).map_err(failed)?;
                keys.extend(name.into_iter().nth(at).map(|key| (table, key)));
            }
        }
    }
    let mut loaded = LoadedCsv::default();
    for path in &paths {
        load_file(connection, path, &keys, &mut loaded).map_err(|reason| (path.clone(), reason))?;
    }
    connection
        .execute_batch("COMMIT")
        .map_err(|error| at_folder(&error))?;
    let metadata = folder.join("metadata.json");
    if metadata.exists() {
        let described = descriptions(&metadata).map_err(|reason| (metadata, reason))?;
        loaded.descriptions.extend(described);
    }
    Ok(loaded)
}

fn table_name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn load_file(
    connection: &Connection,
    path: &Path,
    keys: &BTreeMap<String, String>,
    loaded: &mut LoadedCsv,
) -> Result<(), String> {
    let said = |error: rusqlite::Error| error.to_string();
    let table = table_name(path);
    let mut reader = csv::ReaderBuilder::new()
        .from_path(path)
        .map_err(|error| error.to_string())?;
    let headers = headers(path, &table, loaded)?;
    // Reading all of a file first lets undeclared columns be typed by everything in them.
    let records = reader
        .records()
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| error.to_string())?;
    let mut declared = declared_types(connection, &table).map_err(said)?;
    if declared.is_empty() {
        let types = headers.iter().enumerate().map(|(at, name)| {
            let cells = records
                .iter()
                .filter_map(|record| record.get(at))
                .filter(|cell| !cell.is_empty());
            (name.clone(), inferred_type(cells).to_owned())
        });
        declared = types.collect();
        let columns: Vec<String> = headers
            .iter()
            .map(|name| {
                let kind = declared.get(name).map_or("", |kind| kind);
                let key = match pointed_at(name, keys) {
                    _ if keys.get(&table) == Some(name) => " PRIMARY KEY".to_owned(),
                    Some((target, key)) => format!(" REFERENCES {} ({})", quote(target), quote(key)),
                    None => String::new(),
                };
                format!("{} {kind}{key}", quote(name))
            })
            .collect();
        let create = format!("CREATE TABLE {} ({})", quote(&table), columns.join(", "));
        connection.execute_batch(&create).map_err(said)?;
    }
    let types: Vec<Option<&'static str>> = headers
        .iter()
        .map(|name| declared.get(name).and_then(|kind| base_type(kind)))
        .collect();
    let names: Vec<String> = headers.iter().map(|name| quote(name)).collect();
    let marks = vec!["?"; headers.len()].join(", ");
    let insert = format!(
        "INSERT INTO {} ({}) VALUES ({marks})",
        quote(&table),
        names.join(", ")
    );
    let mut insert = connection.prepare(&insert).map_err(said)?;
    for record in &records {
        let cells = record.iter().zip(&types).map(|(cell, kind)| typed(cell, *kind));
        let line = record.position().map_or(0, csv::Position::line);
        insert
            .execute(params_from_iter(cells))
            .map_err(|error| format!("line {line}: {error}"))?;
    }
    Ok(())
}

/// The names of a file's columns.
fn headers(path: &Path, table: &str, loaded: &mut LoadedCsv) -> Result<Vec<String>, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let headers = reader.headers().map_err(|error| error.to_string())?;
    Ok(column_names(headers.iter().map(header), table, loaded))
}

/// The headers as names of columns. One that is empty or there before is renamed, and its description and a notice say
/// so: two columns cannot have the same name, and neither may be dropped without a word.
fn column_names(headers: impl Iterator<Item = String>, table: &str, loaded: &mut LoadedCsv) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (header, place) in headers.zip(1_usize..) {
        let wanted = if header.is_empty() {
            format!("column_{place}")
        } else {
            header.clone()
        };
        let name = unique_name(&wanted, |name| {
            names.iter().any(|other| other.eq_ignore_ascii_case(name))
        });
        if name != header {
            let why = if header.is_empty() {
                format!("Column {place} of {table}.csv, which has no header.")
            } else {
                format!("Column {place} of {table}.csv, another one with the header \"{header}\".")
            };
            let key = (table.to_lowercase(), name.to_lowercase());
            loaded.notices.push(format!(
                "{table}.csv: column {place} (\"{header}\") is called \"{name}\" here"
            ));
            loaded.descriptions.insert(key, why);
        }
        names.push(name);
    }
    names
}

/// A byte order mark is not part of a name.
fn header(name: &str) -> String {
    name.trim_start_matches('\u{feff}').trim().to_owned()
}

fn declared_types(connection: &Connection, table: &str) -> rusqlite::Result<BTreeMap<String, String>> {
    let mut statement = connection.prepare(&format!("PRAGMA table_info({})", quote(table)))?;
    statement
        .query_map([], |row| Ok((row.get(1)?, row.get(2)?)))?
        .collect()
}

fn typed(cell: &str, kind: Option<&str>) -> SqlValue {
    let text = || SqlValue::Text(cell.to_owned());
    if cell.is_empty() {
        return SqlValue::Null;
    }
    match kind {
        Some("type/Integer" | "type/BigInteger" | "type/Boolean") => match cell {
            "true" => SqlValue::Integer(1),
            "false" => SqlValue::Integer(0),
            _ => cell.parse().map_or_else(|_| text(), SqlValue::Integer),
        },
        Some("type/Float" | "type/Decimal") => cell.parse().map_or_else(|_| text(), SqlValue::Real),
        _ => text(),
    }
}

/// The declaration that fits all cells of a column.
fn inferred_type<'a>(cells: impl Iterator<Item = &'a str>) -> &'static str {
    let mut inferred = None;
    for cell in cells {
        let this = cell_type(cell);
        inferred = match (inferred, this) {
            (None, this) => Some(this),
            (Some(inferred), this) if inferred == this => Some(inferred),
            (Some("INTEGER" | "REAL"), "INTEGER" | "REAL") => Some("REAL"),
            (Some("DATE" | "TIMESTAMP"), "DATE" | "TIMESTAMP") => Some("TIMESTAMP"),
            _ => return "TEXT",
        };
    }
    inferred.unwrap_or("TEXT")
}

fn cell_type(cell: &str) -> &'static str {
    let digits = cell.strip_prefix('-').unwrap_or(cell);
    // 007 is a code, not a number.
    let code = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
    match cell {
        "true" | "false" => "BOOLEAN",
        _ if code => "TEXT",
        _ if cell.parse::<i64>().is_ok() => "INTEGER",
        _ if digits.starts_with(|c: char| c.is_ascii_digit())
            && cell.parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            "REAL"
        }
        _ if cell.len() == 10 && cell.parse::<jiff::civil::Date>().is_ok() => "DATE",
        _ if cell.len() > 10 && cell.parse::<jiff::civil::DateTime>().is_ok() => "TIMESTAMP",
        _ => "TEXT",
    }
}

/// `{"table_metadata":{table:[{"column_name","column_description"}]}}`.
fn descriptions(path: &Path) -> Result<ColumnDescriptions, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let metadata: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    let tables = metadata.get("table_metadata").and_then(Value::as_object);
    let tables = tables.ok_or_else(|| "it has no object \"table_metadata\"".to_owned())?;
    let mut descriptions = BTreeMap::new();
    for (table, columns) in tables {
        for column in columns.as_array().into_iter().flatten() {
            let text = |key: &str| column.get(key).and_then(Value::as_str).map(str::to_owned);
            if let (Some(name), Some(description)) = (text("column_name"), text("column_description"))
                && !description.is_empty()
            {
                descriptions.insert((table.to_lowercase(), name.to_lowercase()), description);
            }
        }
    }
    Ok(descriptions)
}
