//! The layer that puts each attempt of a request into the trace of its turn, as OpenTelemetry's conventions for HTTP have it.
//! Requests outside a turn are in no trace.

use bytes::Bytes;
use tower::ServiceExt;
use tracing::Span;
use tracing::field::Empty;

use super::service::{LayerResult, LayerService};
use super::watch::{BodyEnd, BodyWatcher, watched};
use super::{Grants, WireError, WireRequest};
use crate::telemetry::{SPANS, count, failed, is_traced};

/// Sends a request, with a span that ends with the body of its response.
pub(super) async fn traced(below: LayerService, grants: Grants, request: WireRequest) -> LayerResult {
    if !is_traced() {
        return below.oneshot(request).await;
    }
    let watch = AttemptSpan(begun(&grants, &request));
    match below.oneshot(request).await {
        Ok(mut response) => {
            let status = response.status;
            watch
                .0
                .record("http.response.status_code", i64::from(status.as_u16()));
            if status.is_client_error() || status.is_server_error() {
                failed(&watch.0, status.as_str());
            }
            if response.held.is_none() {
                response.body = watched(response.body, watch);
            }
            Ok(response)
        }
        Err(error) => {
            failed(&watch.0, kind(&error));
            Err(error)
        }
    }
}

fn begun(grants: &Grants, request: &WireRequest) -> Span {
    let method = request.method.as_str();
    let template = grants.template(request);
    let name = template.map_or_else(|| method.to_owned(), |template| format!("{method} {template}"));
    // Whatever stands behind the path may be data.
    let mut url = request.url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = (url.set_username(""), url.set_password(None));
    tracing::info_span!(
        target: SPANS,
        "http_request",
        otel.name = name,
        otel.kind = "client",
        otel.status_code = Empty,
        error.r#type = Empty,
        http.request.method = method,
        http.response.status_code = Empty,
        url.full = url.as_str(),
        url.template = template,
        server.address = request.url.host_str(),
        server.port = request.url.port_or_known_default().map(|port| count(port.into())),
    )
}

/// Holds the span until the body has ended.
struct AttemptSpan(Span);

impl BodyWatcher for AttemptSpan {
    fn chunk(&mut self, _: &Bytes) {}

    fn end(&mut self, end: BodyEnd) {
        // Whoever knows the end of a stream by its content reads no further.
        if let BodyEnd::Failed(error) = end {
            failed(&self.0, kind(&error));
        }
        self.0 = Span::none();
    }
}

/// What went wrong, in one of few words.
fn kind(error: &WireError) -> &'static str {
    match error {
        WireError::Timeout { .. } => "timeout",
        WireError::Connect { .. } => "connect",
        WireError::TooLarge { .. } => "too_large",
        WireError::Broken { .. } => "broken",
        _ => "not_sent",
    }
}
