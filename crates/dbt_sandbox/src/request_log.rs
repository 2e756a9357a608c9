//! What a running sandbox was asked, for tests that compare clients or assert that nothing was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::faults::refused;

/// Largest request body that is read.
const BODY_CAP: usize = 16 * 1024 * 1024;
/// Requests that are remembered; older ones are forgotten.
const REMEMBERED: usize = 4096;

/// One request, as it arrived. Its token is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedRequest {
    /// E.g. `GET`.
    pub method: String,
    /// Path without its query.
    pub path: String,
    /// Query string without the `?`; empty when there is none.
    pub query: String,
    /// Body.
    pub body: Bytes,
}

#[derive(Debug, Clone, Default)]
pub(super) struct DbtRequestLog {
    requests: Arc<Mutex<VecDeque<ReceivedRequest>>>,
}

impl DbtRequestLog {
    pub(super) fn snapshot(&self) -> Vec<ReceivedRequest> {
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.iter().cloned().collect()
    }

    fn push(&self, request: ReceivedRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() == REMEMBERED {
            requests.pop_front();
        }
        requests.push_back(request);
    }
}

/// Middleware: remembers a request before anything else looks at it.
pub(super) async fn remember(State(log): State<DbtRequestLog>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, BODY_CAP).await else {
        return refused(413, None).into_response();
    };
    log.push(ReceivedRequest {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        body: bytes.clone(),
    });
    next.run(Request::from_parts(parts, Body::from(bytes))).await
}
