//! Completions that somebody else answers in place of the network: a provider's batch API, which takes many together and
//! answers within hours. The tape above records what comes back as it records any response, so that a replay knows no
//! difference. The wait is one in our own queue, which no turn's clock counts.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tower::ServiceExt;

use super::queue::QueueTime;
use super::service::{LayerResult, LayerService};
use super::{Purpose, ServedBy, WireError, WireRequest, WireResponse};

/// The header that an answer of a provider's batch API carries: which batch it came from. It costs less, and whoever reads
/// a tape has to know that.
pub(crate) const PROVIDER_BATCH: HeaderName = HeaderName::from_static("x-cardinal-provider-batch");

/// Something that answers the completions of one session.
pub trait CompletionRelay: Send + Sync + fmt::Debug {
    /// Answers a request with this path and body, however long that takes. Dropping it gives up the answer.
    fn relay(&self, path: String, body: Bytes) -> BoxFuture<'static, RelayedCompletion>;
}

/// What became of a completion that was handed on.
#[derive(Debug)]
pub enum RelayedCompletion {
    Answered {
        status: StatusCode,
        body: Bytes,
        /// The provider batch it came from.
        batch: String,
    },
    /// It is to be sent over the network after all.
    SendNow(Bytes),
}

/// Hands completions on where there is somebody to hand them to.
pub(super) async fn relayed(
    below: LayerService,
    (relay, queue): (Option<Arc<dyn CompletionRelay>>, QueueTime),
    mut request: WireRequest,
) -> LayerResult {
    let completes = request.policy.purpose == Purpose::Completion;
    let Some(relay) = relay.filter(|_| completes && request.body.is_some()) else {
        return sent(below, request).await;
    };
    let body = request.body.take().map(|body| body.bytes()).unwrap_or_default();
    let answer = {
        let _waiting = queue.wait();
        relay.relay(request.url.path().to_owned(), body).await
    };
    match answer {
        RelayedCompletion::SendNow(body) => {
            request.body = Some(body.into());
            sent(below, request).await
        }
        RelayedCompletion::Answered { status, body, batch } => {
            let (host, cap) = (request.host(), request.policy.cap);
            if body.len() > cap {
                return Err(WireError::TooLarge { host, cap });
            }
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            let batch = HeaderValue::try_from(batch);
            headers.insert(
                PROVIDER_BATCH,
                batch.unwrap_or(HeaderValue::from_static("unnamed")),
            );
            Ok(WireResponse::whole(status, headers, body, ServedBy::Live))
        }
    }
}

/// What comes over the network says nothing of batches, whatever a server writes into its headers.
async fn sent(below: LayerService, request: WireRequest) -> LayerResult {
    let mut response = below.oneshot(request).await?;
    response.headers.remove(PROVIDER_BATCH);
    Ok(response)
}

impl WireResponse {
    /// Whether it is an answer of a provider's batch API.
    pub(crate) fn is_batched(&self) -> bool {
        self.headers.contains_key(PROVIDER_BATCH)
    }
}
