//! Trouble on demand, in the form that the Metabase sandbox takes too: `METHOD PATH=KIND[,OPTION...]`, several separated
//! by `;`. METHOD may be `*`; in PATH `*` stands for one segment, a last `**` for the rest.
//!
//! ```text
//! kind   = STATUS | latency:500ms | cut:64kb
//! option = count=N | skip=N | retry-after=SECONDS     STATUS:N is short for count=N
//! ```
//!
//! Example: `POST /graphql=429:1,retry-after=2; GET /api/v2/**=latency:200ms`.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_stream::stream;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde_json::json;

/// A rule for faults that could not be read.
#[derive(Debug, thiserror::Error)]
#[error("fault rule `{rule}`: {reason}; write METHOD PATH=KIND, e.g. POST /graphql=429:1,retry-after=2")]
pub struct DbtFaultSyntaxError {
    /// The rule as given.
    pub rule: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The faults of a running sandbox; clones share them.
#[derive(Debug, Clone, Default)]
pub struct DbtFaults {
    rules: Arc<Mutex<Vec<DbtFaultRule>>>,
}

#[derive(Debug, Clone)]
struct DbtFaultRule {
    method: Option<String>,
    segments: Vec<String>,
    kind: DbtFaultKind,
    skip: u64,
    left: Option<u64>,
}

#[derive(Debug, Clone, Copy)]
enum DbtFaultKind {
    Status(u16, Option<u64>),
    Latency(Duration),
    Cut(usize),
}

impl DbtFaults {
    /// Replaces all rules by those in `text`; empty text has none.
    pub fn set(&self, text: &str) -> Result<(), DbtFaultSyntaxError> {
        let rules = text
            .split(';')
            .map(str::trim)
            .filter(|rule| !rule.is_empty())
            .map(|rule| {
                parse(rule).map_err(|reason| DbtFaultSyntaxError {
                    rule: rule.to_owned(),
                    reason,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        *self.rules.lock().unwrap_or_else(PoisonError::into_inner) = rules;
        Ok(())
    }

    fn due(&self, method: &str, path: &str) -> Vec<DbtFaultKind> {
        let mut rules = self.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut due = Vec::new();
        for rule in rules.iter_mut().filter(|rule| rule.matches(method, path)) {
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            match &mut rule.left {
                Some(0) => continue,
                Some(left) => *left -= 1,
                None => {}
            }
            due.push(rule.kind);
        }
        due
    }
}

impl DbtFaultRule {
    fn matches(&self, method: &str, path: &str) -> bool {
        if self.method.as_deref().is_some_and(|wanted| wanted != method) {
            return false;
        }
        let mut actual = path.split('/').filter(|segment| !segment.is_empty());
        for wanted in &self.segments {
            if wanted == "**" {
                return true;
            }
            match actual.next() {
                Some(segment) if wanted == "*" || wanted == segment => {}
                _ => return false,
            }
        }
        actual.next().is_none()
    }
}

fn parse(rule: &str) -> Result<DbtFaultRule, String> {
    let (route, effect) = rule.split_once('=').ok_or("it has no `=`")?;
    let (method, path) = route
        .trim()
        .split_once(char::is_whitespace)
        .ok_or("it has no method before the path")?;
    let path = path.trim();
    if !path.starts_with('/') {
        return Err(format!("the path `{path}` does not start with `/`"));
    }
    let mut parts = effect.split(',').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let (name, value) = kind.split_once(':').unwrap_or((kind, ""));
    let mut left = None;
    let mut kind = match name {
        "latency" => DbtFaultKind::Latency(duration(value)?),
        "cut" => DbtFaultKind::Cut(size(value)?),
        status => {
            let status = status.parse().ok().filter(|status| (400..=599).contains(status));
            left = if value.is_empty() {
                None
            } else {
                Some(count(value)?)
            };
            DbtFaultKind::Status(status.ok_or_else(|| format!("there is no kind `{name}`"))?, None)
        }
    };
    let mut skip = 0;
    for option in parts {
        match option.split_once('=') {
            Some(("count", value)) => left = Some(count(value)?),
            Some(("skip", value)) => skip = count(value)?,
            Some(("retry-after", value)) => match &mut kind {
                DbtFaultKind::Status(_, after) => *after = Some(count(value)?),
                _ => return Err("only a status has retry-after".to_owned()),
            },
            _ => return Err(format!("there is no option `{option}`")),
        }
    }
    Ok(DbtFaultRule {
        method: (method != "*").then(|| method.to_ascii_uppercase()),
        segments: path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(str::to_owned)
            .collect(),
        kind,
        skip,
        left,
    })
}

fn count(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    match (count(number)?, unit) {
        (number, "ms") => Ok(Duration::from_millis(number)),
        (number, "s") => Ok(Duration::from_secs(number)),
        _ => Err(format!("`{text}` is not a time such as 250ms or 2s")),
    }
}

fn size(text: &str) -> Result<usize, String> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let number = usize::try_from(count(number)?).map_err(|error| error.to_string())?;
    match unit {
        "" | "b" => Ok(number),
        "kb" => Ok(number * 1000),
        "mb" => Ok(number * 1_000_000),
        _ => Err(format!("`{text}` is not a size such as 512 or 64kb")),
    }
}

/// Middleware: does what the rules say for a request.
pub(crate) async fn trouble(State(faults): State<DbtFaults>, request: Request, next: Next) -> Response {
    let mut cut_after = None;
    for kind in faults.due(request.method().as_str(), request.uri().path()) {
        match kind {
            DbtFaultKind::Latency(time) => tokio::time::sleep(time).await,
            DbtFaultKind::Cut(after) => cut_after = Some(after),
            DbtFaultKind::Status(status, retry_after) => return refused(status, retry_after),
        }
    }
    let response = next.run(request).await;
    match cut_after {
        Some(after) => cut(response, after),
        None => response,
    }
}

/// A status with dbt's envelope, and the header that says when to come again.
pub(crate) fn refused(status: u16, retry_after: Option<u64>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let message = match status {
        StatusCode::TOO_MANY_REQUESTS => "Request was throttled.",
        StatusCode::UNAUTHORIZED => "Invalid token.",
        _ => status.canonical_reason().unwrap_or("Error"),
    };
    let body = json!({
        "data": null,
        "status": { "code": status.as_u16(), "is_success": false, "user_message": message, "developer_message": null },
    });
    let mut response = (status, Json(body)).into_response();
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        response
            .headers_mut()
            .insert("x-rate-limit-retry-after-seconds", HeaderValue::from(seconds));
    }
    response
}

fn cut(response: Response, after: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let body = Body::from_stream(stream! {
        let mut left = after;
        let mut chunks = body.into_data_stream();
        while left > 0 && let Some(Ok(mut chunk)) = chunks.next().await {
            chunk.truncate(left);
            left -= chunk.len();
            yield Ok::<Bytes, io::Error>(chunk);
            // What was sent so far must leave before the connection breaks.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        yield Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut by a fault rule"));
    });
    Response::from_parts(parts, body)
}
