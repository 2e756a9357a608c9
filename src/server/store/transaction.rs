//! What statements are run in: a transaction of SQLite or of PostgreSQL. Both understand the statements of this store;
//! where they differ, it is said here.

use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::error::DatabaseError;
#[cfg(feature = "postgres")]
use super::postgres::PostgresTransaction;
use super::value::{SqlRow, SqlValue};

/// Makes the values of a statement: `values![id, principal]`.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::server::store::value::SqlValue::from($value)),*] };
}
pub(super) use values;

/// One transaction. Parameters are written `?1`, `?2`, …
pub(super) enum StoreTransaction<'a> {
    Sqlite(&'a Connection),
    #[cfg(feature = "postgres")]
    Postgres(&'a PostgresTransaction<'a>),
}

impl StoreTransaction<'_> {
    /// Runs a statement. Returns how many rows it changed.
    pub(super) fn execute(&self, sql: &str, values: &[SqlValue]) -> Result<u64, DatabaseError> {
        match self {
            Self::Sqlite(connection) => {
                let changed = connection
                    .prepare_cached(sql)?
                    .execute(params_from_iter(values))?;
                Ok(u64::try_from(changed).unwrap_or_default())
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => transaction.execute(sql, values),
        }
    }

    /// All rows of a query.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        values: &[SqlValue],
        read: impl Fn(&SqlRow) -> Result<T, DatabaseError>,
    ) -> Result<Vec<T>, DatabaseError> {
        match self {
            Self::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                let names: Arc<[String]> = statement.column_names().map(str::to_owned).collect();
                let mut rows = statement.query(params_from_iter(values))?;
                let mut all = Vec::new();
                while let Some(row) = rows.next()? {
                    let row: Result<Vec<SqlValue>, rusqlite::Error> = (0..names.len())
                        .map(|at| row.get_ref(at).map(of_sqlite))
                        .collect();
                    let (names, values) = (Arc::clone(&names), row?);
                    all.push(read(&SqlRow { names, values })?);
                }
                Ok(all)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(transaction) => transaction.rows(sql, values)?.iter().map(read).collect(),
        }
    }

    /// The first row of a query.
    pub(super) fn first<T>(
        &self,
        sql: &str,
        values: &[SqlValue],
        read: impl Fn(&SqlRow) -> Result<T, DatabaseError>,
    ) -> Result<Option<T>, DatabaseError> {
        Ok(self.rows(sql, values, read)?.into_iter().next())
    }

    /// Whether tapes stand in this database, and not in files beside it.
    pub(super) fn has_tapes(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => true,
        }
    }

    /// The time of the database in milliseconds since 1970, as an expression. Leases of many machines are held against
    /// this one clock.
    pub(super) fn clock(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "CAST(unixepoch('subsec') * 1000 AS INTEGER)",
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)",
        }
    }
}

impl ToSql for SqlValue {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Whole(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Real(number) => ToSqlOutput::Owned(Value::Real(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

fn of_sqlite(value: ValueRef<'_>) -> SqlValue {
    match value {
        ValueRef::Null => SqlValue::Null,
        ValueRef::Integer(number) => SqlValue::Whole(number),
        ValueRef::Real(number) => SqlValue::Real(number),
        ValueRef::Text(text) => SqlValue::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => SqlValue::Bytes(bytes.to_owned()),
    }
}
