use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::ServiceExt;

use super::queue::{QueueTime, RunningRequest};
use super::service::{LayerResult, LayerService};
use super::settings::LimitSettings;
use super::{BodyStream, Purpose, WireError, WireRequest};

/// Which ceiling a request counts under.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Ceiling {
    Model,
    Dbt,
    Metabase,
}

impl Ceiling {
    fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Completion => Self::Model,
            Purpose::Dbt => Self::Dbt,
            Purpose::Auth | Purpose::Metadata | Purpose::DataQuery => Self::Metabase,
        }
    }

    /// The setting that raises it.
    fn setting(self) -> &'static str {
        match self {
            Self::Model => "model.max_concurrency",
            Self::Dbt => "dbt.max_concurrency",
            Self::Metabase => "metabase.max_concurrency",
        }
    }
}

/// The setting of this name that raises a ceiling, as a tape has it.
pub(super) fn setting_named(name: &str) -> &'static str {
    [Ceiling::Model, Ceiling::Dbt]
        .into_iter()
        .map(Ceiling::setting)
        .find(|setting| *setting == name)
        .unwrap_or(Ceiling::Metabase.setting())
}

/// Free places by kind of request and host.
type FreePlaces = BTreeMap<(Ceiling, String), Arc<Semaphore>>;

/// The ceilings of a process, one for each host and kind of request.
#[derive(Debug, Clone)]
pub(super) struct HostCeilings {
    settings: LimitSettings,
    hosts: Arc<Mutex<FreePlaces>>,
}

impl HostCeilings {
    pub(super) fn new(settings: LimitSettings) -> Self {
        Self {
            settings,
            hosts: Arc::default(),
        }
    }

    fn most(&self, ceiling: Ceiling) -> usize {
        let most = match ceiling {
            Ceiling::Model => self.settings.model,
            Ceiling::Dbt => self.settings.dbt,
            Ceiling::Metabase => self.settings.metabase,
        };
        most.clamp(1, Semaphore::MAX_PERMITS)
    }

    fn of(&self, request: &WireRequest) -> Arc<Semaphore> {
        let ceiling = Ceiling::of(request.policy.purpose);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .entry((ceiling, request.url.origin().ascii_serialization()))
            .or_insert_with(|| Arc::new(Semaphore::new(self.most(ceiling))))
            .clone()
    }
}

/// What one session may have in flight, and how long it waited for that.
#[derive(Debug, Clone)]
pub(super) struct SessionLimits {
    pub(super) ceilings: HostCeilings,
    /// One data query at a time.
    pub(super) query: Arc<Semaphore>,
    pub(super) queue: QueueTime,
}

impl SessionLimits {
    pub(super) fn new(ceilings: HostCeilings) -> Self {
        Self {
            ceilings,
            query: Arc::new(Semaphore::new(1)),
            queue: QueueTime::default(),
        }
    }

    /// A place below the ceiling, after a wait in our own queue.
    async fn place(&self, request: &WireRequest) -> Result<OwnedSemaphorePermit, WireError> {
        let host = self.ceilings.of(request);
        if let Ok(place) = Arc::clone(&host).try_acquire_owned() {
            return Ok(place);
        }
        let _waiting = self.queue.wait();
        let after = self.ceilings.settings.longest_wait;
        match tokio::time::timeout(after, permit(host)).await {
            Ok(place) => place,
            Err(_) => Err(self.busy(request, after)),
        }
    }

    fn busy(&self, request: &WireRequest, after: Duration) -> WireError {
        let ceiling = Ceiling::of(request.policy.purpose);
        WireError::Busy {
            host: request.host(),
            most: self.ceilings.most(ceiling),
            setting: ceiling.setting(),
            after,
        }
    }
}

/// Everything a request holds while it is in flight.
struct HeldPermits {
    _query: Option<OwnedSemaphorePermit>,
    _host: OwnedSemaphorePermit,
    _running: RunningRequest,
}

/// One data query at a time per session, and a ceiling per host. A place is held until the body is complete or dropped; a
/// request that is dropped while it waits or runs gives its places back.
pub(super) async fn limited(below: LayerService, limits: SessionLimits, request: WireRequest) -> LayerResult {
    // The session's first: a session that waits for its own query takes no place at the host.
    let query = match request.policy.purpose {
        Purpose::DataQuery => Some(permit(Arc::clone(&limits.query)).await?),
        Purpose::Auth | Purpose::Metadata | Purpose::Completion | Purpose::Dbt => None,
    };
    let places = HeldPermits {
        _query: query,
        _host: limits.place(&request).await?,
        _running: limits.queue.run(),
    };
    let mut response = below.oneshot(request).await?;
    if response.held.is_none() {
        response.body = holding(response.body, places);
    }
    Ok(response)
}

async fn permit(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, WireError> {
    semaphore.acquire_owned().await.map_err(|_| WireError::Invalid {
        reason: "the stack was closed".into(),
    })
}

fn holding(mut body: BodyStream, places: HeldPermits) -> BodyStream {
    async_stream::stream! {
        while let Some(chunk) = body.next().await {
            let last = chunk.is_err();
            yield chunk;
            if last {
                break;
            }
        }
        drop(body);
        drop(places);
    }
    .boxed()
}
