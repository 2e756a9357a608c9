//! The 202 answer of a query: rows first, then everything known about them, in the documented order of keys, in chunks.

use std::io;
use std::time::Instant;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::error::JSON;
use super::ordered_json::push_members;
use super::query::QueryResult;

/// Bytes collected before a chunk is written.
const CHUNK: usize = 16 * 1024;

/// What was asked, of what, when.
#[derive(Debug, Clone)]
pub(super) struct QueryRun {
    /// `agent`, `question` or `ad-hoc`.
    pub(super) context: &'static str,
    /// The query as the server ran it.
    pub(super) json_query: Value,
    pub(super) database_id: i64,
    pub(super) started_at: Timestamp,
    clock: Instant,
}

impl QueryRun {
    /// A run that starts now.
    pub(super) fn start(context: &'static str, json_query: Value, database_id: i64) -> Self {
        Self {
            context,
            json_query,
            database_id,
            started_at: Timestamp::now(),
            clock: Instant::now(),
        }
    }

    /// Milliseconds since the start.
    pub(super) fn running_time(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Whether the answer has a `continuation_token` key, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ContinuationToken {
    /// The route does not page: no such key.
    Absent,
    /// The route pages: a token, or null on the last page.
    Paged(Option<String>),
}

pub(super) fn completed(run: &QueryRun, result: QueryResult, continuation: ContinuationToken) -> Response {
    let tail = tail(run, &result, continuation);
    let body = Body::from_stream(stream! {
        let mut chunk = String::from(r#"{"data":{"rows":["#);
        for (position, row) in result.rows.into_iter().enumerate() {
            if position > 0 {
                chunk.push(',');
            }
            chunk.push_str(&Value::Array(row).to_string());
            if chunk.len() >= CHUNK {
                yield Ok::<Bytes, io::Error>(Bytes::from(std::mem::take(&mut chunk)));
            }
        }
        chunk.push_str(&tail);
        yield Ok(Bytes::from(chunk));
    });
    let headers = [
        (header::CONTENT_TYPE, JSON),
        (header::CONNECTION, HeaderValue::from_static("close")),
    ];
    (StatusCode::ACCEPTED, headers, body).into_response()
}

/// Everything after the last row.
fn tail(run: &QueryRun, result: &QueryResult, continuation: ContinuationToken) -> String {
    let params = match result.native_params.as_slice() {
        [] => Value::Null,
        params => json!(params),
    };
    let mut data = vec![
        ("cols", json!(result.cols)),
        (
            "native_form",
            json!({ "query": result.native_sql, "params": params }),
        ),
        ("results_timezone", json!(result.results_timezone)),
        ("results_metadata", json!({ "columns": result.cols })),
        ("insights", Value::Null),
    ];
    if let Some(limit) = result.rows_truncated {
        data.push(("rows_truncated", json!(limit)));
    }
    let mut outer = vec![
        ("database_id", json!(run.database_id)),
        ("started_at", json!(run.started_at.to_string())),
        ("json_query", run.json_query.clone()),
        ("average_execution_time", Value::Null),
        ("context", json!(run.context)),
        ("running_time", json!(run.running_time())),
        ("cached", Value::Null),
        ("status", json!("completed")),
        ("row_count", json!(result.rows.len())),
    ];
    if let ContinuationToken::Paged(token) = continuation {
        outer.push(("continuation_token", json!(token)));
    }
    let mut text = String::from("],");
    push_members(&mut text, &data);
    text.push_str("},");
    push_members(&mut text, &outer);
    text.push('}');
    text
}
