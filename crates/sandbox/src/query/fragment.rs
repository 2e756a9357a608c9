use rusqlite::types::Value as SqlValue;
use serde_json::Value;

/// A piece of SQL with the values bound in it, in the order of their `?`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct SqlFragment {
    pub(crate) sql: String,
    pub(crate) params: Vec<SqlValue>,
}

impl SqlFragment {
    /// Text that binds nothing.
    pub(crate) fn text(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            params: Vec::new(),
        }
    }

    pub(crate) fn value(value: SqlValue) -> Self {
        Self {
            sql: "?".to_owned(),
            params: vec![value],
        }
    }

    #[must_use]
    pub(crate) fn then(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.sql.push_str(&other.sql);
        self.params.extend(other.params);
        self
    }

    /// `before` + this + `after`.
    #[must_use]
    pub(crate) fn wrap(mut self, before: &str, after: &str) -> Self {
        self.sql = format!("{before}{}{after}", self.sql);
        self
    }

    /// Pieces with text between them.
    pub(crate) fn join(pieces: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut joined = Self::default();
        for (at, piece) in pieces.into_iter().enumerate() {
            if at > 0 {
                joined.sql.push_str(between);
            }
            joined = joined.and(piece);
        }
        joined
    }
}

/// A scalar as SQLite binds it; `None` for lists and objects.
pub(crate) fn bindable(value: &Value) -> Option<SqlValue> {
    Some(match value {
        Value::Null => SqlValue::Null,
        Value::Bool(flag) => SqlValue::Integer(i64::from(*flag)),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => SqlValue::Integer(whole),
            None => SqlValue::Real(number.as_f64()?),
        },
        Value::String(text) => SqlValue::Text(text.clone()),
        Value::Array(_) | Value::Object(_) => return None,
    })
}
