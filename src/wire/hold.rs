use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tower::ServiceExt;

use super::service::{WireFuture, WireService};
use super::{BodyStream, Purpose, ServedBy, WireError, WireRequest, WireResponse};

/// One attempt: reads the whole body where the policy says so, so that the layers above can send the request
/// again or keep the response. The body of an error is always read whole: whether a retry makes sense may stand
/// in it.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    next: WireService,
    first_byte: Duration,
}

impl Hold {
    pub(super) fn new(next: WireService, first_byte: Duration) -> Self {
        Self { next, first_byte }
    }
}

impl tower::Service<WireRequest> for Hold {
    type Response = WireResponse;
    type Error = WireError;
    type Future = WireFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WireError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: WireRequest) -> Self::Future {
        let (next, first_byte) = (self.next.clone(), self.first_byte);
        Box::pin(async move {
            let (host, cap) = (request.host(), request.policy.cap);
            let holds = request.policy.holds_body();
            let patient = matches!(request.policy.purpose, Purpose::DataQuery | Purpose::Completion);
            let response = if patient {
                next.oneshot(request).await?
            } else {
                tokio::time::timeout(first_byte, next.oneshot(request))
                    .await
                    .map_err(|_| WireError::Timeout {
                        host,
                        after: first_byte,
                    })??
            };
            if !holds && response.status.is_success() {
                return Ok(response);
            }
            let body = gather(response.body, cap).await?;
            Ok(WireResponse::whole(
                response.status,
                response.headers,
                body,
                ServedBy::Live,
            ))
        })
    }
}

/// The whole body in one piece, in a buffer that never grows beyond the cap and keeps no room it does not need.
async fn gather(mut body: BodyStream, cap: usize) -> Result<Bytes, WireError> {
    let mut whole = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk?;
        let needed = whole.len().saturating_add(chunk.len());
        if needed > whole.capacity() {
            let roomy = needed.saturating_mul(2).min(cap).max(needed);
            whole.reserve_exact(roomy.saturating_sub(whole.len()));
        }
        whole.extend_from_slice(&chunk);
    }
    whole.shrink_to_fit();
    Ok(whole.into())
}
