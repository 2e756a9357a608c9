use std::collections::BTreeMap;

use rusqlite::params_from_iter;
use rusqlite::types::{Value as SqlValue, ValueRef};
use serde_json::{Value, json};

use super::cell::cell;
use super::column::{ColumnOrigin, QueryColumn, describe, unique_name};
use super::expression::computed;
use super::fragment::SqlFragment;
use super::outcome::QueryFailure;
use crate::db::{SqlitePool, base_type};
use crate::semantic::CardColumn;

/// Runs compiled SQL and turns its cells into the wire's, by the type of their columns.
pub(crate) fn rows(
    pool: &SqlitePool,
    sql: &SqlFragment,
    columns: &[QueryColumn],
    max: u64,
) -> Result<Vec<Vec<Value>>, QueryFailure> {
    let (_, raw) = raw_rows(pool, sql, max)?;
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
    pool: &SqlitePool,
    sql: &SqlFragment,
    said: &BTreeMap<String, CardColumn>,
    max: u64,
) -> Result<(Vec<QueryColumn>, Vec<Vec<Value>>), QueryFailure> {
    let (headers, raw) = raw_rows(pool, sql, max)?;
    let mut columns = described(headers, &raw);
    describe(&mut columns, said);
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
pub(crate) fn native_columns(pool: &SqlitePool, sql: &SqlFragment) -> Result<Vec<QueryColumn>, QueryFailure> {
    let (headers, raw) = raw_rows(pool, sql, 50)?;
    Ok(described(headers, &raw))
}

/// A column's name and declared type.
type ColumnHeader = (String, Option<String>);

fn raw_rows(
    pool: &SqlitePool,
    sql: &SqlFragment,
    max: u64,
) -> Result<(Vec<ColumnHeader>, Vec<Vec<SqlValue>>), QueryFailure> {
    let max = usize::try_from(max).unwrap_or(usize::MAX);
    pool.with(|connection| {
        let mut statement = connection.prepare(&sql.sql)?;
        let headers: Vec<ColumnHeader> = statement
            .columns()
            .map(|column| (column.name().to_owned(), column.decl_type().map(str::to_owned)))
            .collect();
        let mut cursor = statement.query(params_from_iter(&sql.params))?;
        let mut rows = Vec::new();
        while rows.len() < max
            && let Some(row) = cursor.next()?
        {
            let cells = (0..headers.len()).map(|at| row.get_ref(at).map(owned));
            rows.push(cells.collect::<rusqlite::Result<Vec<SqlValue>>>()?);
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

fn described(headers: Vec<ColumnHeader>, rows: &[Vec<SqlValue>]) -> Vec<QueryColumn> {
    let mut columns: Vec<QueryColumn> = Vec::with_capacity(headers.len());
    for (at, (header, declared)) in headers.into_iter().enumerate() {
        let base_type = declared
            .as_deref()
            .and_then(base_type)
            .filter(|known| *known != "type/*");
        let base_type = base_type.unwrap_or_else(|| seen_type(rows.iter().filter_map(|row| row.get(at))));
        let name = unique_name(&header, |name| columns.iter().any(|other| other.name == name));
        columns.push(native_column(&name, base_type));
    }
    columns
}

/// A column of SQL that a person wrote.
pub(crate) fn native_column(name: &str, base_type: &str) -> QueryColumn {
    let mut column = computed(name, name, base_type);
    column.field_ref = json!(["field", name, {"base-type": base_type}]);
    column.origin = ColumnOrigin::Native;
    column
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
