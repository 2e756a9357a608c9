use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::ColumnFormat;

/// The type of a column or dimension, in words a model and a person both know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    Integer,
    Number,
    Text,
    Boolean,
    Date,
    Datetime,
    Time,
    /// Anything else (JSON, arrays, binary).
    Other,
}

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Unique within its table.
    pub name: String,
    pub label: String,
    pub kind: ColumnKind,
    /// Temporal unit of a time bucket (`month`), when the column is one.
    pub unit: Option<String>,
    /// Its description, if Metabase has one.
    pub description: Option<String>,
    /// How its values are written for people.
    #[serde(default, skip_serializing_if = "ColumnFormat::is_plain")]
    pub format: ColumnFormat,
}

impl Column {
    /// A column of which only the name and the type are known.
    pub fn named(name: impl Into<String>, kind: ColumnKind) -> Self {
        let name = name.into();
        Self {
            label: name.clone(),
            name,
            kind,
            unit: None,
            description: None,
            format: ColumnFormat::default(),
        }
    }
}

/// One value of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Cell {
    Null,
    Bool(bool),
    /// A number, as the server wrote it as far as JSON allows.
    Number(serde_json::Number),
    /// Text; also times (ISO 8601) and whole numbers beyond 2^53. Shared, so that copying a cell copies no text.
    Text(Arc<str>),
}

impl Cell {
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::Text(text.into())
    }
}

/// How much of the full result a [`ResultTable`] is. What is cut makes an answer that rests on it partial; what the
/// call itself limited does not, as long as it is clear which rows these are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extent {
    /// Every row is here.
    Complete,
    /// The server stopped at its own row limit, or returned exactly that many rows: there may be more.
    ServerLimit {
        /// The server's limit, in rows.
        limit: u64,
    },
    /// We stopped paging at our row budget; there are more rows.
    RowBudget {
        /// Our budget, in rows.
        budget: u64,
    },
    /// A later page failed; the rows before it are here.
    PageFailed {
        /// The page that failed, counted from 1.
        page: u64,
    },
    /// The call itself asked for no more rows than these, and there are more, or may be: they are what was asked for,
    /// but what they come to together is not what all rows come to.
    AskedLimit {
        /// Most rows asked for.
        limit: u64,
        /// How many there are, where that is known.
        of: Option<u64>,
        /// Whether they are the first in an order that was set or is known, and not just any rows.
        ordered: bool,
    },
    /// It was computed over rows that are [`AskedLimit`](Self::AskedLimit): every figure in it is about these alone.
    OverAskedLimit {
        /// Most rows asked for.
        limit: u64,
        /// How many there are, where that is known.
        of: Option<u64>,
        /// Whether they are the first in an order that was set or is known, and not just any rows.
        ordered: bool,
    },
}

impl Extent {
    /// Whether rows are missing that were asked for.
    pub fn is_cut(self) -> bool {
        match self {
            Self::Complete | Self::AskedLimit { .. } | Self::OverAskedLimit { .. } => false,
            Self::ServerLimit { .. } | Self::RowBudget { .. } | Self::PageFailed { .. } => true,
        }
    }

    /// The limit that the call set, when it is by that limit that rows are not here.
    pub(crate) fn asked_limit(self) -> Option<u64> {
        match self {
            Self::AskedLimit { limit, .. } | Self::OverAskedLimit { limit, .. } => Some(limit),
            _ => None,
        }
    }

    /// The extent of what is computed over rows of this extent.
    #[must_use]
    pub fn computed_over(self) -> Self {
        match self {
            Self::AskedLimit { limit, of, ordered } => Self::OverAskedLimit { limit, of, ordered },
            other => other,
        }
    }
}

/// A table a query returned: `rows.len()` rows of `columns.len()` cells each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ResultTable {
    pub columns: Vec<Column>,
    /// The rows, in the server's order.
    pub rows: Vec<Vec<Cell>>,
    /// Whether these are all rows.
    pub extent: Extent,
    /// Bytes received from the server for it.
    pub bytes_received: u64,
}

impl From<&Cell> for serde_json::Value {
    fn from(cell: &Cell) -> Self {
        match cell {
            Cell::Null => Self::Null,
            Cell::Bool(value) => Self::Bool(*value),
            Cell::Number(number) => Self::Number(number.clone()),
            Cell::Text(text) => Self::String(text.to_string()),
        }
    }
}
