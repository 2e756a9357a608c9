use std::io;
use std::time::Duration;

use async_stream::stream;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::live::Faults;
use super::rule::FaultKind;
use crate::auth::AuthFailure;
use crate::error::{ApiError, FailedQuery, JSON, TEXT, glued_error};
use crate::query::QueryFailure;
use crate::query_stream::QueryRun;

/// Middleware: applies the faults that are due for a request.
pub(crate) async fn inject(State(faults): State<Faults>, request: Request, next: Next) -> Response {
    let due = faults.due(request.method().as_str(), request.uri().path());
    let (mut slow, mut other) = (None, None);
    for kind in due {
        match kind {
            FaultKind::Latency(delay) => tokio::time::sleep(delay).await,
            FaultKind::SlowFirstByte(delay) => slow = Some(delay),
            kind => other = Some(kind),
        }
    }
    let response = match other {
        None => next.run(request).await,
        Some(FaultKind::Cut(after)) => reshape(next.run(request).await, |body| cut(body, after)),
        Some(FaultKind::Glue(after)) => reshape(next.run(request).await, |body| glue(body, after)),
        Some(kind) => replacement(&kind),
    };
    match slow {
        Some(delay) => reshape(response, |body| delayed(body, delay)),
        None => response,
    }
}

fn replacement(kind: &FaultKind) -> Response {
    match kind {
        FaultKind::Status { status, retry_after } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
            let reason = status.canonical_reason().unwrap_or("Error");
            let headers = [(header::CONTENT_TYPE, TEXT)];
            let mut response = (status, headers, reason.to_owned()).into_response();
            if let Some(seconds) = retry_after {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
            }
            response
        }
        FaultKind::ExpiredJwt => AuthFailure::InvalidJwt.into_response(),
        FaultKind::Huge(size) => huge(*size),
        _ => failed_in_body(),
    }
}

fn failed_in_body() -> Response {
    ApiError::Failed(Box::new(FailedQuery {
        failure: QueryFailure {
            error: "Timed out after 20.0 minutes.".to_owned(),
            class: "class clojure.lang.ExceptionInfo".to_owned(),
            state: None,
            error_type: Some("timed-out"),
            status: StatusCode::ACCEPTED.as_u16(),
        },
        run: QueryRun::start("question", Value::Null, 1),
    }))
    .into_response()
}

/// Puts another body under the same status and headers, except those that describe the old body's length.
fn reshape(response: Response, change: impl FnOnce(Body) -> Body) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, change(body))
}

fn delayed(body: Body, delay: Duration) -> Body {
    Body::from_stream(stream! {
        tokio::time::sleep(delay).await;
        let mut chunks = body.into_data_stream();
        while let Some(chunk) = chunks.next().await {
            yield chunk;
        }
    })
}

fn cut(body: Body, after: u64) -> Body {
    Body::from_stream(stream! {
        let mut left = after;
        let mut chunks = body.into_data_stream();
        while left > 0 && let Some(Ok(mut chunk)) = chunks.next().await {
            chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left = left.saturating_sub(chunk.len() as u64);
            yield Ok::<Bytes, io::Error>(chunk);
            // What was sent so far must leave before the connection breaks.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        yield Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by a fault rule"));
    })
}

fn glue(body: Body, after: u64) -> Body {
    Body::from_stream(stream! {
        let mut left = after;
        let mut chunks = body.into_data_stream();
        let mut held: Option<Bytes> = None;
        while left > 0 && let Some(Ok(mut chunk)) = chunks.next().await {
            if let Some(previous) = held.take() {
                yield Ok::<Bytes, io::Error>(previous);
            }
            chunk.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left = left.saturating_sub(chunk.len() as u64);
            held = Some(chunk);
        }
        if let Some(mut last) = held {
            // A body that is shorter than the rule's size must still end inside its JSON.
            if left > 0 {
                last.truncate(last.len().saturating_sub(1));
            }
            yield Ok(last);
        }
        yield Ok(Bytes::from(glued_error()));
    })
}

const HUGE_ROWS: usize = 512;

fn huge(size: u64) -> Response {
    let body = Body::from_stream(stream! {
        let head = r#"{"data":{"rows":["#;
        yield Ok::<Bytes, io::Error>(Bytes::from_static(head.as_bytes()));
        let (mut sent, mut row) = (head.len() as u64, 0_u64);
        while sent < size {
            let mut chunk = String::new();
            for _ in 0..HUGE_ROWS {
                if row > 0 {
                    chunk.push(',');
                }
                row += 1;
                chunk.push_str(&json!([row, format!("row number {row} of a very large result"), 12.5]).to_string());
            }
            sent += chunk.len() as u64;
            yield Ok(Bytes::from(chunk));
        }
        yield Ok(Bytes::from(huge_tail(row)));
    });
    (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, JSON)], body).into_response()
}

fn huge_tail(rows: u64) -> String {
    let cols = json!([
        { "name": "ID", "display_name": "ID", "base_type": "type/Integer", "source": "native" },
        { "name": "NAME", "display_name": "Name", "base_type": "type/Text", "source": "native" },
        { "name": "AMOUNT", "display_name": "Amount", "base_type": "type/Float", "source": "native" },
    ]);
    format!(
        r#"],"cols":{cols},"results_timezone":"UTC","results_metadata":{{"columns":{cols}}},"insights":null}},"database_id":1,"started_at":"{}","json_query":{{}},"average_execution_time":null,"context":"question","running_time":1,"cached":null,"status":"completed","row_count":{rows}}}"#,
        Timestamp::now()
    )
}
