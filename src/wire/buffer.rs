use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use tower::ServiceExt;

use super::service::{LayerResult, LayerService};
use super::{BodyStream, Purpose, ServedBy, WireError, WireRequest, WireResponse};

/// One attempt: reads the whole body where the policy says so, so that the layers above can send the request
/// again or keep the response. The body of an error is always read whole: whether a retry makes sense may stand
/// in it.
pub(super) async fn buffered(below: LayerService, first_byte: Duration, request: WireRequest) -> LayerResult {
    let (host, cap) = (request.host(), request.policy.cap);
    let holds = request.policy.holds_body();
    let patient = matches!(request.policy.purpose, Purpose::DataQuery | Purpose::Completion);
    let response = if patient {
        below.oneshot(request).await?
    } else {
        tokio::time::timeout(first_byte, below.oneshot(request))
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
