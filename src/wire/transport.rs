use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;

use super::{ServedBy, WireError, WireRequest, WireResponse};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The innermost layer: the only place in the crate that opens a connection.
#[derive(Debug, Clone)]
pub(super) struct Transport {
    client: reqwest::Client,
}

impl Transport {
    pub(super) fn new() -> Result<Self, WireError> {
        // Fails only when a provider is already installed, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .build()
            .map_err(|error| WireError::Invalid {
                reason: error.to_string(),
            })?;
        Ok(Self { client })
    }
}

impl tower::Service<WireRequest> for Transport {
    type Response = WireResponse;
    type Error = WireError;
    type Future = BoxFuture<'static, Result<WireResponse, WireError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WireError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: WireRequest) -> Self::Future {
        let client = self.client.clone();
        Box::pin(send(client, request))
    }
}

async fn send(client: reqwest::Client, request: WireRequest) -> Result<WireResponse, WireError> {
    let host = request.url.authority().to_owned();
    let policy = request.policy;
    let mut outgoing = reqwest::Request::new(request.method, request.url);
    *outgoing.headers_mut() = request.headers;
    *outgoing.body_mut() = request.body.map(Into::into);

    #[expect(clippy::disallowed_methods, reason = "the one place that may")]
    let sent = tokio::time::timeout(policy.timeout, client.execute(outgoing)).await;
    let response = match sent {
        Err(_) => {
            return Err(WireError::Timeout {
                host,
                after: policy.timeout,
            });
        }
        Ok(Err(error)) => return Err(failure(&host, &error)),
        Ok(Ok(response)) => response,
    };
    let (status, headers) = (response.status(), response.headers().clone());
    let body = async_stream::stream! {
        let mut chunks = response.bytes_stream();
        let mut taken = 0_usize;
        loop {
            match tokio::time::timeout(policy.timeout, chunks.next()).await {
                Err(_) => { yield Err(WireError::Timeout { host, after: policy.timeout }); return; }
                Ok(None) => return,
                Ok(Some(Err(error))) => {
                    yield Err(WireError::Broken { host, reason: root_cause(&error) });
                    return;
                }
                Ok(Some(Ok(chunk))) => {
                    taken = taken.saturating_add(chunk.len());
                    if taken > policy.cap {
                        yield Err(WireError::TooLarge { host, cap: policy.cap });
                        return;
                    }
                    yield Ok(chunk);
                }
            }
        }
    };
    Ok(WireResponse {
        status,
        headers,
        body: body.boxed(),
        served_by: ServedBy::Live,
    })
}

fn failure(host: &str, error: &reqwest::Error) -> WireError {
    let (host, reason) = (host.to_owned(), root_cause(error));
    if error.is_connect() {
        WireError::Connect { host, reason }
    } else {
        WireError::Broken { host, reason }
    }
}

/// The innermost cause: reqwest's own text repeats the address, which may not be shown.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
