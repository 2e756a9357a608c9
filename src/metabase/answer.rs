use serde::Deserialize;

use super::call::ApiReply;
use super::columns::{self, WireColumn};
use super::{FailureClass, MetabaseError, failure};
use crate::result::{Cell, Column, Extent, JsonRows, ResultTable};

/// A completed query, read from a response that is whole.
#[derive(Debug)]
pub(super) struct QueryResponse {
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    /// The limit the server says it stopped at. Set on an exactly full result too.
    pub(super) rows_truncated: Option<u64>,
    pub(super) continuation_token: Option<String>,
    /// Index of the last column that is an aggregation.
    aggregation: Option<usize>,
    /// How many columns are groups.
    pub(super) groups: usize,
    pub(super) bytes: u64,
}

#[derive(Deserialize)]
struct Envelope {
    status: Option<String>,
    data: Option<QueryData>,
    continuation_token: Option<String>,
}

#[derive(Deserialize)]
struct QueryData {
    #[serde(default)]
    rows: JsonRows,
    #[serde(default)]
    cols: Vec<WireColumn>,
    #[serde(default)]
    rows_truncated: Option<u64>,
}

impl QueryResponse {
    /// Success is a 2xx status, complete JSON with nothing after it, and `completed`. Nothing else is.
    pub(super) fn read(reply: &ApiReply) -> Result<Self, MetabaseError> {
        let envelope: Envelope = reply.json_of_rows()?;
        if envelope.status.as_deref() != Some("completed") {
            return Err(reply.failure());
        }
        let misshapen = |message: &str| failure::local(&reply.action, FailureClass::Unreadable, message);
        let Some(data) = envelope.data else {
            return Err(misshapen(
                "the query is said to be completed, but there is no data with it",
            ));
        };
        let mut columns = columns::columns(&data.cols, &serde_json::Value::Null);
        let width = columns.len();
        let JsonRows(mut rows) = data.rows;
        if rows.iter().any(|row| row.len() != width) {
            return Err(misshapen(
                "a row does not have as many values as there are columns",
            ));
        }
        for ((at, column), wire) in columns.iter_mut().enumerate().zip(&data.cols) {
            if wire.is_untyped() {
                column.kind = columns::kind_of_values(rows.iter().filter_map(|row| row.get(at)));
            }
        }
        columns::shorten_days(&columns, &mut rows);
        Ok(Self {
            columns,
            rows,
            rows_truncated: data.rows_truncated,
            continuation_token: envelope.continuation_token,
            aggregation: data
                .cols
                .iter()
                .rposition(|column| column.source.as_deref() == Some("aggregation")),
            groups: data
                .cols
                .iter()
                .filter(|column| column.source.as_deref() == Some("breakout"))
                .count(),
            bytes: reply.body.len() as u64,
        })
    }

    /// The column a metric's value stands in: its last aggregation, or the last column.
    pub(super) fn aggregation_column(&self) -> usize {
        self.aggregation.unwrap_or(self.columns.len().saturating_sub(1))
    }

    /// The table, with `extent` as found by the caller.
    pub(super) fn into_table(self, extent: Extent) -> ResultTable {
        ResultTable {
            columns: self.columns,
            rows: self.rows,
            extent,
            bytes_received: self.bytes,
        }
    }
}
