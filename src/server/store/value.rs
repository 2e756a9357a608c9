//! Values as they go into a statement and come out of a row, whichever database it is.

use std::sync::Arc;

use super::error::DatabaseError;

/// A value of a statement or a row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum SqlValue {
    Null,
    Whole(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
}

impl From<&str> for SqlValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&String> for SqlValue {
    fn from(text: &String) -> Self {
        Self::Text(text.clone())
    }
}

impl From<String> for SqlValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for SqlValue {
    fn from(number: i64) -> Self {
        Self::Whole(number)
    }
}

impl From<u32> for SqlValue {
    fn from(number: u32) -> Self {
        Self::Whole(i64::from(number))
    }
}

impl From<bool> for SqlValue {
    fn from(holds: bool) -> Self {
        Self::Whole(i64::from(holds))
    }
}

impl From<f64> for SqlValue {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

impl From<&[u8]> for SqlValue {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_owned())
    }
}

impl<T: Into<SqlValue>> From<Option<T>> for SqlValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column can be read as.
pub(super) trait FromSqlValue: Sized {
    /// `None` when the value is of another kind.
    fn read(value: &SqlValue) -> Option<Self>;
}

impl FromSqlValue for String {
    fn read(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Text(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl FromSqlValue for i64 {
    fn read(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Whole(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromSqlValue for u32 {
    fn read(value: &SqlValue) -> Option<Self> {
        i64::read(value).and_then(|number| Self::try_from(number).ok())
    }
}

impl FromSqlValue for bool {
    fn read(value: &SqlValue) -> Option<Self> {
        i64::read(value).map(|number| number != 0)
    }
}

impl FromSqlValue for f64 {
    fn read(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Real(number) => Some(*number),
            _ => None,
        }
    }
}

impl FromSqlValue for Vec<u8> {
    fn read(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Bytes(bytes) => Some(bytes.clone()),
            _ => None,
        }
    }
}

impl<T: FromSqlValue> FromSqlValue for Option<T> {
    fn read(value: &SqlValue) -> Option<Self> {
        match value {
            SqlValue::Null => Some(None),
            other => T::read(other).map(Some),
        }
    }
}

/// One row of a result.
#[derive(Debug)]
pub(super) struct SqlRow {
    /// Of its columns; shared by all rows of the result.
    pub(super) names: Arc<[String]>,
    pub(super) values: Vec<SqlValue>,
}

impl SqlRow {
    /// The value of a column, counted from 0.
    pub(super) fn get<T: FromSqlValue>(&self, at: usize) -> Result<T, DatabaseError> {
        let value = self.values.get(at);
        value
            .and_then(T::read)
            .ok_or_else(|| DatabaseError::lasting(format!("column {at} of a row is not what it should be")))
    }

    /// The value of the column that the statement gives this name.
    pub(super) fn named<T: FromSqlValue>(&self, name: &str) -> Result<T, DatabaseError> {
        let at = self.names.iter().position(|known| known == name);
        let value = at.and_then(|at| self.values.get(at));
        value
            .and_then(T::read)
            .ok_or_else(|| DatabaseError::lasting(format!("column {name} of a row is not what it should be")))
    }
}
