//! What a running sandbox was asked, for tests that assert that nothing was.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;

/// Largest request body that is read.
const BODY_CAP: usize = 16 * 1024 * 1024;
/// Requests that are remembered; older ones are forgotten.
const REMEMBERED: usize = 4096;

/// One request, as it arrived, before faults and authentication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedRequest {
    /// E.g. `GET`.
    pub method: String,
    /// Path without its query.
    pub path: String,
    /// Query string without the `?`; empty when there is none.
    pub query: String,
    /// Body. Of requests that carry credentials (signing in) it is left out.
    pub body: Bytes,
}

/// The requests of one sandbox, oldest first.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestLog {
    requests: Arc<Mutex<VecDeque<LoggedRequest>>>,
}

impl RequestLog {
    /// A copy of what is remembered.
    pub(super) fn snapshot(&self) -> Vec<LoggedRequest> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        self.requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    fn push(&self, request: LoggedRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(request);
    }
}

/// Middleware: remembers a request before anything else looks at it.
pub(super) async fn remember(State(log): State<RequestLog>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_CAP).await else {
        return ApiError::text(StatusCode::PAYLOAD_TOO_LARGE, "Request entity too large").into_response();
    };
    let path = parts.uri.path();
    let secret = path.starts_with("/auth/") || path == "/api/session";
    log.push(LoggedRequest {
        method: parts.method.to_string(),
        path: path.to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: if secret { Bytes::new() } else { bytes.clone() },
    });
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}
