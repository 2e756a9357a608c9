use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use async_openai::middleware::HttpRequestFactory;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use tower::BoxError;

use crate::model::ModelError;
use crate::model::endpoint::Endpoint;
use crate::model::lines::whole_lines;
use crate::wire::{BodyStream, Wire, WireError, WireRequest};

/// What the client library does not pass on about one call.
#[derive(Debug, Default)]
pub(super) struct CallState {
    done: AtomicBool,
    failure: OnceLock<WireError>,
}

impl CallState {
    /// Whether the stream's own end mark, `[DONE]`, was seen.
    pub(super) fn is_done(&self) -> bool {
        self.done.load(Ordering::Acquire)
    }

    /// Why the body broke, if it did.
    pub(super) fn failure(&self) -> Option<WireError> {
        self.failure.get().cloned()
    }
}

/// The client library's transport: the wire. Nothing the library sends bypasses it.
#[derive(Debug, Clone)]
pub(super) struct WireService {
    pub(super) wire: Wire,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) call: Arc<CallState>,
}

impl tower::Service<HttpRequestFactory> for WireService {
    type Response = reqwest::Response;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<reqwest::Response, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, factory: HttpRequestFactory) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.send(factory).await?) })
    }
}

impl WireService {
    async fn send(self, factory: HttpRequestFactory) -> Result<reqwest::Response, ModelError> {
        let endpoint = &self.endpoint;
        let built = factory
            .build()
            .await
            .map_err(|error| endpoint.unreadable(error))?;
        let request = WireRequest {
            method: built.method().clone(),
            url: built.url().clone(),
            headers: built.headers().clone(),
            body: built
                .body()
                .and_then(reqwest::Body::as_bytes)
                .map(Bytes::copy_from_slice),
            policy: endpoint.policy(),
        };
        let sent = self.wire.send(request).await;
        let response = sent.map_err(|error| endpoint.wire_error(error))?;
        if !response.status.is_success() {
            return Err(endpoint.refusal(response).await);
        }
        let kind = response
            .headers
            .get(http::header::CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok());
        if let Some(error) = endpoint.web_page(kind) {
            return Err(error);
        }
        let body = if kind.is_some_and(|kind| kind.contains("json")) {
            let whole = response
                .bytes()
                .await
                .map_err(|error| endpoint.wire_error(error))?;
            self.call.done.store(true, Ordering::Release);
            reqwest::Body::from(as_event(&whole).map_err(|error| endpoint.unreadable(error))?)
        } else {
            reqwest::Body::wrap_stream(watched(response.body, self.call))
        };
        Ok(http::Response::new(body).into())
    }
}

/// A whole completion from a server that does not stream, framed as the only event of a stream.
fn as_event(body: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let whole: serde_json::Value = serde_json::from_slice(body)?;
    Ok(format!("data: {whole}\n\n").into_bytes())
}

/// The body as it is, with notes on how it ended. At its proper end the last event is closed, for servers that leave
/// out the last empty line.
fn watched(body: BodyStream, call: Arc<CallState>) -> impl Stream<Item = Result<Bytes, WireError>> + Send {
    async_stream::stream! {
        let mut end_mark = EndMark::default();
        let mut lines = pin!(whole_lines(body));
        while let Some(piece) = lines.next().await {
            match piece {
                Ok(bytes) => {
                    if end_mark.is_in(&bytes) {
                        call.done.store(true, Ordering::Release);
                    }
                    yield Ok(bytes);
                }
                Err(error) => {
                    // Only one failure can end a body, so the slot is free.
                    let _ = call.failure.set(error.clone());
                    yield Err(error);
                    return;
                }
            }
        }
        if end_mark.is_in(b"\n") {
            call.done.store(true, Ordering::Release);
        }
        yield Ok(Bytes::from_static(b"\n\n"));
    }
}

/// Finds the line `data: [DONE]` over the borders of pieces.
#[derive(Debug, Default)]
struct EndMark {
    line: Vec<u8>,
}

impl EndMark {
    const LONGEST: usize = b"data: [DONE]".len() + 1;

    fn is_in(&mut self, piece: &[u8]) -> bool {
        let mut found = false;
        for byte in piece {
            if matches!(byte, b'\n' | b'\r') {
                found |= matches!(self.line.as_slice(), b"data: [DONE]" | b"data:[DONE]");
                self.line.clear();
            } else if self.line.len() < Self::LONGEST {
                self.line.push(*byte);
            }
        }
        found
    }
}
