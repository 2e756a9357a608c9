use serde_json::{Map, Value};

/// Most rows of one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowLimits {
    /// For queries with an aggregation in their last stage.
    pub max_rows: u64,
    /// For queries without one, SQL among them.
    pub(crate) max_bare_rows: u64,
}

impl RowLimits {
    /// What cards and ad-hoc questions get.
    pub const USERLAND: Self = Self {
        max_rows: 10_000,
        max_bare_rows: 2_000,
    };
    /// What the Agent API's queries get.
    pub const AGENT: Self = Self {
        max_rows: 200,
        max_bare_rows: 200,
    };
    /// What exports get.
    pub const EXPORT: Self = Self {
        max_rows: 1_048_575,
        max_bare_rows: 1_048_575,
    };
}

/// Rows and what is known about them, as the wire carries them.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryResult {
    /// One object per column with the wire's keys: `name, display_name, base_type, effective_type, source,
    /// field_ref, database_type, semantic_type, id?, table_id?, description?, fk_target_field_id?, unit?, ...`.
    pub cols: Vec<Value>,
    /// Scalars aligned with `cols`; integers beyond 2^53 are strings, temporal values carry `Z`.
    pub rows: Vec<Vec<Value>>,
    /// The SQL that ran, with `?` for bound values.
    pub native_sql: String,
    /// The values bound in `native_sql`, in order.
    pub native_params: Vec<Value>,
    /// The limit, whenever the number of rows equals the constraint.
    pub rows_truncated: Option<u64>,
    /// Always `UTC`.
    pub results_timezone: &'static str,
}

/// A query that failed inside the query processor; the wire's failed envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct QueryFailure {
    /// The message.
    pub error: String,
    /// As the wire writes it, e.g. `class org.sqlite.SQLiteException`.
    pub class: String,
    /// The SQL state; SQLite has none.
    pub state: Option<String>,
    /// E.g. `invalid-query`, `missing-required-parameter`.
    pub error_type: Option<&'static str>,
    /// The HTTP status of servers that fail before the first byte; older ones answer 202.
    pub status: u16,
}

impl QueryFailure {
    /// The database refused the SQL.
    pub fn sql(message: &str) -> Self {
        Self {
            error: format!("[SQLITE_ERROR] SQL error or missing database ({message})"),
            class: "class org.sqlite.SQLiteException".to_owned(),
            state: None,
            error_type: Some("invalid-query"),
            status: 400,
        }
    }

    /// The query itself is wrong.
    pub(crate) fn invalid(error: impl Into<String>) -> Self {
        Self::typed("invalid-query", error)
    }

    /// A failure that the client caused, with its machine-readable type.
    pub(crate) fn typed(error_type: &'static str, error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            class: "class clojure.lang.ExceptionInfo".to_owned(),
            state: None,
            error_type: Some(error_type),
            status: 400,
        }
    }
}

impl From<rusqlite::Error> for QueryFailure {
    fn from(error: rusqlite::Error) -> Self {
        match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => Self::sql(&message),
            rusqlite::Error::SqlInputError { msg, .. } => Self::sql(&msg),
            other => Self::sql(&other.to_string()),
        }
    }
}

/// Why a card did not run.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CardFailure {
    /// The wire's failed envelope.
    #[error(transparent)]
    Query(#[from] QueryFailure),
    /// The wire's exception body.
    #[error(transparent)]
    Exception(#[from] ParameterException),
}

/// A parameter that the card does not take: HTTP 500 with the exception body.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct ParameterException {
    /// The message.
    pub message: String,
    /// The extra keys, e.g. `invalid-parameter`, `allowed-parameters`, `error_type`.
    pub data: Map<String, Value>,
    /// The HTTP status.
    pub status: u16,
}

/// What a parameter may be set to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ParameterValues {
    /// `[value]` or `[value, label]`.
    pub values: Vec<Vec<Value>>,
    /// Whether there are more than were listed.
    pub has_more_values: bool,
}

/// Distinct values of one column and statistics over all of its rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ColumnValues {
    /// `[value]` each, in ascending order.
    pub values: Vec<Vec<Value>>,
    /// Kebab-case keys: `distinct-count`, `percent-null` (0 to 1), and by type `min`, `max`, `avg`, `q1`, `q3`, `sd`,
    /// `average-length`, `percent-email`, `earliest`, `latest`.
    pub statistics: Map<String, Value>,
    /// Whether there are more distinct values than were listed.
    pub has_more_values: bool,
}

/// A column that a query on a table or card may use: its own, or one of a table that a foreign key leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct WideField {
    /// The MBQL 5 clause that names it in a query on this source, e.g. `["field",{"source-field":11},18]`.
    pub reference: Value,
    /// The id of the table column behind it, when there is one.
    pub field_id: Option<i64>,
    /// Physical name, or the result column's name.
    pub name: String,
    /// Pretty name.
    pub display_name: String,
    /// E.g. `type/Integer`.
    pub base_type: String,
    /// The declared type in the database; `None` for computed columns.
    pub(crate) database_type: Option<String>,
    /// E.g. `type/PK`.
    pub semantic_type: Option<String>,
    /// What it holds.
    pub description: Option<String>,
    /// The column that this foreign key points at.
    pub fk_target_field_id: Option<i64>,
    /// The foreign key column that leads to it, for columns of other tables.
    pub source_field_id: Option<i64>,
    /// The name of the foreign key's path as shown, e.g. `Product`, for columns of other tables.
    pub table_reference: Option<String>,
    /// The table it belongs to, when it belongs to one.
    pub table_id: Option<i64>,
}

impl WideField {
    /// The Agent API's `type`: `boolean`, `date`, `datetime`, `time`, `number` or `string`; nothing for the rest.
    pub fn simple_type(&self) -> Option<&'static str> {
        match self.base_type.as_str() {
            "type/Boolean" => Some("boolean"),
            "type/Date" => Some("date"),
            "type/DateTime" | "type/DateTimeWithTZ" => Some("datetime"),
            "type/Time" => Some("time"),
            "type/Integer" | "type/BigInteger" | "type/Float" | "type/Decimal" | "type/Number" => {
                Some("number")
            }
            "type/Text" => Some("string"),
            _ => None,
        }
    }
}
