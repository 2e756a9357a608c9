use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use super::service::{WireFuture, WireService};
use super::settings::LimitSettings;
use super::{BodyStream, Purpose, WireError, WireRequest, WireResponse};

/// The ceilings, one per host.
#[derive(Debug, Clone)]
pub(super) struct Hosts {
    per_host: usize,
    known: Arc<Mutex<BTreeMap<String, Arc<Semaphore>>>>,
}

impl Hosts {
    pub(super) fn new(settings: LimitSettings) -> Self {
        Self {
            per_host: settings.per_host.clamp(1, Semaphore::MAX_PERMITS),
            known: Arc::default(),
        }
    }

    fn of(&self, request: &WireRequest) -> Arc<Semaphore> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(request.url.origin().ascii_serialization())
            .or_insert_with(|| Arc::new(Semaphore::new(self.per_host)))
            .clone()
    }
}

/// One data query at a time per session, and a ceiling per host. A permit is held until the body is complete or
/// dropped; a request that is dropped while it waits or runs gives its permits back.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    next: WireService,
    session: Arc<Semaphore>,
    hosts: Hosts,
}

impl Limit {
    pub(super) fn new(next: WireService, session: Arc<Semaphore>, hosts: Hosts) -> Self {
        Self { next, session, hosts }
    }
}

/// Both permits of one request.
struct Permits {
    _session: Option<OwnedSemaphorePermit>,
    _host: OwnedSemaphorePermit,
}

impl tower::Service<WireRequest> for Limit {
    type Response = WireResponse;
    type Error = WireError;
    type Future = WireFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), WireError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: WireRequest) -> Self::Future {
        let Self { next, session, hosts } = self.clone();
        Box::pin(async move {
            let host = hosts.of(&request);
            // The session's first: a session that waits for its own query takes no place at the host.
            let permits = Permits {
                _session: match request.policy.purpose {
                    Purpose::DataQuery => Some(permit(session).await?),
                    Purpose::Auth | Purpose::Metadata | Purpose::Completion => None,
                },
                _host: permit(host).await?,
            };
            let mut response = next.oneshot(request).await?;
            if response.held.is_none() {
                response.body = holding(response.body, permits);
            }
            Ok(response)
        })
    }
}

async fn permit(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, WireError> {
    semaphore.acquire_owned().await.map_err(|_| WireError::Invalid {
        reason: "the stack was closed".into(),
    })
}

fn holding(mut body: BodyStream, permits: Permits) -> BodyStream {
    async_stream::stream! {
        while let Some(chunk) = body.next().await {
            let last = chunk.is_err();
            yield chunk;
            if last {
                break;
            }
        }
        drop(body);
        drop(permits);
    }
    .boxed()
}
