use rusqlite::params_from_iter;
use rusqlite::types::{Value as SqlValue, ValueRef};
use serde_json::{Value, json};

use super::cell::cell;
use super::column::{Column, Origin, unique_name};
use super::expression::computed;
use super::fragment::Fragment;
use super::outcome::QueryFailure;
use crate::db::{Store, base_type};

/// Runs compiled SQL and turns its cells into the wire's, by the type of their columns.
pub(crate) fn rows(
    store: &Store,
    sql: &Fragment,
    columns: &[Column],
    max: u64,
) -> Result<Vec<Vec<Value>>, QueryFailure> {
    let (_, raw) = raw_rows(store, sql, max)?;
    let convert = |row: Vec<SqlValue>| {
        row.into_iter()
            .zip(columns)
            .map(|(value, column)| cell(value, &column.base_type))
            .collect()
    };
    Ok(raw.into_iter().map(convert).collect())
}

/// Runs SQL that a person wrote: its columns' types come from their declarations or else from the rows.
pub(crate) fn native_rows(
    store: &Store,
    sql: &Fragment,
    max: u64,
) -> Result<(Vec<Column>, Vec<Vec<Value>>), QueryFailure> {
    let (headers, raw) = raw_rows(store, sql, max)?;
    let columns = described(headers, &raw);
    let rows = raw.into_iter().map(|row| {
        row.into_iter()
            .zip(&columns)
            .map(|(value, column)| cell(value, &column.base_type))
            .collect::<Vec<Value>>()
    });
    let rows = rows.collect();
    Ok((columns, rows))
}

/// The columns of SQL that a person wrote, typed by their first rows.
pub(crate) fn native_columns(store: &Store, sql: &Fragment) -> Result<Vec<Column>, QueryFailure> {
    let (headers, raw) = raw_rows(store, sql, 50)?;
    Ok(described(headers, &raw))
}

/// A column's name and declared type.
type Header = (String, Option<String>);

fn raw_rows(
    store: &Store,
    sql: &Fragment,
    max: u64,
) -> Result<(Vec<Header>, Vec<Vec<SqlValue>>), QueryFailure> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    store.with(|connection| {
        let fail = |error: rusqlite::Error| QueryFailure::sql(&said(&error));
        let mut statement = connection.prepare(&sql.sql).map_err(fail)?;
        let headers: Vec<Header> = statement
            .columns()
            .map(|column| (column.name().to_owned(), column.decl_type().map(str::to_owned)))
            .collect();
        let mut cursor = statement.query(params_from_iter(&sql.params)).map_err(fail)?;
        let mut rows = Vec::new();
        while rows.len() < max
            && let Some(row) = cursor.next().map_err(fail)?
        {
            let cells = (0..headers.len()).map(|at| row.get_ref(at).map(owned));
            rows.push(cells.collect::<rusqlite::Result<Vec<SqlValue>>>().map_err(fail)?);
        }
        Ok((headers, rows))
    })
}

/// Text that is not UTF-8 is kept as far as it can be read.
fn owned(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(whole) => SqlValue::Integer(whole),
        ValueRef::Real(real) => SqlValue::Real(real),
        ValueRef::Text(bytes) => SqlValue::Text(String::from_utf8_lossy(bytes).into_owned()),
        ValueRef::Blob(bytes) => SqlValue::Blob(bytes.to_vec()),
    }
}

/// What SQLite said, without the library's wrapping.
pub(crate) fn said(error: &rusqlite::Error) -> String {
    match error {
        rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn described(headers: Vec<Header>, rows: &[Vec<SqlValue>]) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::with_capacity(headers.len());
    for (at, (header, declared)) in headers.into_iter().enumerate() {
        let base_type = declared
            .as_deref()
            .and_then(base_type)
            .filter(|known| *known != "type/*");
        let base_type = base_type.unwrap_or_else(|| seen_type(rows.iter().filter_map(|row| row.get(at))));
        let name = unique_name(&header, |name| columns.iter().any(|other| other.name == name));
        let mut column = computed(&name, &name, base_type);
        column.field_ref = json!(["field", name, {"base-type": base_type}]);
        column.origin = Origin::Native;
        columns.push(column);
    }
    columns
}

fn seen_type<'a>(values: impl Iterator<Item = &'a SqlValue>) -> &'static str {
    let mut seen = "type/*";
    for value in values {
        seen = match (seen, value) {
            (seen, SqlValue::Null) => seen,
            ("type/*" | "type/Integer", SqlValue::Integer(_)) => "type/Integer",
            ("type/*" | "type/Integer" | "type/Float", SqlValue::Real(_))
            | ("type/Float", SqlValue::Integer(_)) => "type/Float",
            (_, SqlValue::Blob(_)) => return "type/*",
            _ => return "type/Text",
        };
    }
    seen
}
