use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tower::ServiceExt;

use super::ceiling::{HostCeiling, HostPlace};
use super::loading::LoadingModels;
use super::queue::QueueTime;
use super::service::{LayerResult, LayerService};
use super::settings::LimitSettings;
use super::{BodyStream, Purpose, WireError, WireRequest, WireResponse};

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

/// Ceilings by kind of request and host.
type CeilingsOfHosts = BTreeMap<(Ceiling, String), Arc<HostCeiling>>;

/// What all wires that share it may have in flight together, by host and kind of request. Clones are the same.
#[derive(Debug, Clone)]
pub struct RequestLimits {
    settings: LimitSettings,
    hosts: Arc<Mutex<CeilingsOfHosts>>,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self::new(LimitSettings::default())
    }
}

impl RequestLimits {
    /// Nothing is in flight yet.
    pub fn new(settings: LimitSettings) -> Self {
        Self {
            settings,
            hosts: Arc::default(),
        }
    }

    pub(super) fn settings(&self) -> LimitSettings {
        self.settings
    }

    fn most(&self, ceiling: Ceiling) -> usize {
        let most = match ceiling {
            Ceiling::Model => self.settings.model,
            Ceiling::Dbt => self.settings.dbt,
            Ceiling::Metabase => self.settings.metabase,
        };
        most.max(1)
    }

    /// How long the host of a request is still left alone.
    pub(super) fn left_alone(&self, request: &WireRequest) -> Duration {
        self.of(request).left_alone()
    }

    fn of(&self, request: &WireRequest) -> Arc<HostCeiling> {
        let ceiling = Ceiling::of(request.policy.purpose);
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts
            .entry((ceiling, request.url.origin().ascii_serialization()))
            .or_insert_with(|| Arc::new(HostCeiling::new(self.most(ceiling))))
            .clone()
    }
}

/// What one session may have in flight, and how long it waited for that.
#[derive(Debug, Clone)]
pub(super) struct SessionLimits {
    pub(super) ceilings: RequestLimits,
    /// One data query at a time.
    pub(super) query: Arc<Semaphore>,
    pub(super) queue: QueueTime,
    pub(super) loading: LoadingModels,
}

impl SessionLimits {
    pub(super) fn new(ceilings: RequestLimits) -> Self {
        Self {
            ceilings,
            query: Arc::new(Semaphore::new(1)),
            queue: QueueTime::default(),
            loading: LoadingModels::default(),
        }
    }

    /// A place below the ceiling of its host for one attempt, after a wait in our own queue, which counts in `own` too.
    pub(super) async fn place(&self, request: &WireRequest, own: &QueueTime) -> Result<HostPlace, WireError> {
        let host = self.ceilings.of(request);
        if let Some(place) = HostCeiling::try_enter(&host) {
            return Ok(place);
        }
        self.tell_of(request, host.left_alone());
        let _waiting = (self.queue.wait(), own.wait());
        let after = self.ceilings.settings.longest_wait;
        let too_long = host.left_alone_so_that(|wait| !self.has_time(request, wait));
        tokio::select! {
            biased;
            wait = too_long => Err(left_alone(request, wait)),
            place = tokio::time::timeout(after, HostCeiling::enter(&host)) => {
                place.map_err(|_| self.busy(request, after))
            }
        }
    }

    /// Tells of a cool-down that a completion waits for, where it is long enough to be noticed.
    fn tell_of(&self, request: &WireRequest, wait: Duration) {
        /// Nobody needs to be told of less.
        const NOTICED: Duration = Duration::from_secs(2);
        let completes = request.policy.purpose == Purpose::Completion;
        if completes && wait >= NOTICED && self.has_time(request, wait) {
            self.loading.tell(Some(wait));
        }
    }

    /// Whether the session has time for its completion to leave the host alone for so long.
    pub(super) fn has_time(&self, request: &WireRequest, wait: Duration) -> bool {
        let completes = request.policy.purpose == Purpose::Completion;
        let until = self.loading.until().filter(|_| completes && !wait.is_zero());
        let next = Instant::now().checked_add(wait);
        until.is_none_or(|end| next.is_some_and(|next| next < end))
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

/// The host said before how long it wants to be left alone.
fn left_alone(request: &WireRequest, wait: Duration) -> WireError {
    let seconds = wait.as_millis().div_ceil(1000);
    WireError::Invalid {
        reason: format!(
            "{} turned requests away and wants to be left alone for another {seconds} seconds, which is longer than the \
             question has; ask again after that",
            request.host()
        ),
    }
}

/// One data query at a time per session. The session's place is held until the body is complete or dropped; a request that
/// is dropped while it waits or runs gives it back.
pub(super) async fn limited(below: LayerService, limits: SessionLimits, request: WireRequest) -> LayerResult {
    match request.policy.purpose {
        Purpose::DataQuery => {
            let query = permit(Arc::clone(&limits.query)).await?;
            Ok(below.oneshot(request).await?.holding(query))
        }
        Purpose::Auth | Purpose::Metadata | Purpose::Completion | Purpose::Dbt => {
            below.oneshot(request).await
        }
    }
}

async fn permit(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, WireError> {
    semaphore.acquire_owned().await.map_err(|_| WireError::Invalid {
        reason: "the stack was closed".into(),
    })
}

impl WireResponse {
    /// The same response, which keeps something as long as its body is on its way.
    pub(super) fn holding(mut self, held: impl Send + 'static) -> Self {
        if self.held.is_none() {
            self.body = holding(self.body, held);
        }
        self
    }
}

fn holding(mut body: BodyStream, held: impl Send + 'static) -> BodyStream {
    async_stream::stream! {
        while let Some(chunk) = body.next().await {
            let last = chunk.is_err();
            yield chunk;
            if last {
                break;
            }
        }
        drop(body);
        drop(held);
    }
    .boxed()
}
