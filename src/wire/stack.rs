use std::collections::BTreeSet;
use std::sync::Arc;

use tower::ServiceExt;

use super::buffer::buffered;
use super::cache::{ResponseCache, cached};
use super::echo::without_echo;
use super::governed::{CallControl, governed};
use super::limit::{RequestLimits, SessionLimits, limited};
use super::loading::LoadingModels;
use super::queue::QueueTime;
use super::relay::{CompletionRelay, relayed};
use super::retry::retried;
use super::service::{LayerService, layer};
use super::span::traced;
use super::tape::{Tape, TapeMode, TapeSlot, taped};
use super::transport::Transport;
use super::{Grants, RowsOf, WireError, WireRequest, WireResponse, WireSettings};
use crate::grants::CallMeter;

/// The whole stack, ready to send, for one session. Cheap to clone; clones are the same session.
#[derive(Debug, Clone)]
pub struct Wire {
    shared: Arc<SharedWire>,
    own: OwnParts,
    service: LayerService,
}

/// What a session has for itself.
#[derive(Debug, Clone)]
struct OwnParts {
    limits: SessionLimits,
    meter: CallMeter,
    slot: TapeSlot,
    /// What answers its completions in place of the network.
    relay: Option<Arc<dyn CompletionRelay>>,
    /// Who asks its questions, where many ask with one credential.
    asked_by: Option<String>,
    seed: u64,
}

/// What all sessions of a process have in common.
#[derive(Debug)]
struct SharedWire {
    settings: WireSettings,
    transport: Transport,
    cache: ResponseCache,
}

impl Wire {
    /// A stack that goes to the network, for one session. Further sessions are made by [`Wire::for_session`].
    pub fn new(settings: WireSettings) -> Result<Self, WireError> {
        let limits = RequestLimits::new(settings.limit);
        Self::within(settings, limits)
    }

    /// The same, whose requests count together with those of all other wires within these limits.
    pub fn within(settings: WireSettings, limits: RequestLimits) -> Result<Self, WireError> {
        Self::counted(settings, limits, CallMeter::default())
    }

    fn counted(settings: WireSettings, limits: RequestLimits, meter: CallMeter) -> Result<Self, WireError> {
        let own = OwnParts {
            limits: SessionLimits::new(limits),
            meter,
            slot: TapeSlot::default(),
            relay: None,
            asked_by: None,
            seed: settings.retry.seed,
        };
        let shared = Arc::new(SharedWire {
            transport: Transport::new(&settings)?,
            cache: ResponseCache::new(settings.cache),
            settings,
        });
        Ok(Self::assembled(shared, own))
    }

    /// A stack with the default settings that may send anything anywhere. For tests and experiments: what runs for
    /// people names its endpoints, see [`Wire::new`].
    pub fn live() -> Result<Self, WireError> {
        Self::new(WireSettings::new(Grants::everything()))
    }

    /// The same stack for another session: it shares connections, cache and the ceilings per host, and has its own data
    /// query at a time, its own tape slot, and its own counts of calls and of time in our queue. Costs microseconds.
    #[must_use]
    pub fn for_session(&self) -> Self {
        self.changed(|own| {
            own.limits = SessionLimits::new(own.limits.ceilings.clone());
            own.meter = own.meter.for_session();
            own.slot = TapeSlot::default();
        })
    }

    /// The same stack for another session that shares nothing with this one but the ceilings per host: it has connections and
    /// a cache of its own.
    pub fn apart(&self) -> Result<Self, WireError> {
        let limits = self.own.limits.ceilings.clone();
        Self::counted(self.shared.settings.clone(), limits, self.own.meter.for_session())
    }

    /// The same stack, same session, with every exchange recorded on `tape`.
    #[must_use]
    pub fn recording(&self, tape: Tape) -> Self {
        self.changed(|own| own.slot = TapeSlot::fixed(TapeMode::Record(tape)))
    }

    /// The same stack, same session, with the jitter of its retries drawn from `seed`.
    #[must_use]
    pub fn seeded(&self, seed: u64) -> Self {
        self.changed(|own| own.seed = seed)
    }

    /// The same stack, same session, whose completions are answered by `relay`.
    #[must_use]
    pub(crate) fn relaying(&self, relay: Arc<dyn CompletionRelay>) -> Self {
        self.changed(|own| own.relay = Some(relay))
    }

    /// The same stack, same session, whose questions this principal asks.
    #[must_use]
    pub fn asked_by(&self, principal: String) -> Self {
        self.changed(|own| own.asked_by = Some(principal))
    }

    fn changed(&self, change: impl FnOnce(&mut OwnParts)) -> Self {
        let mut own = self.own.clone();
        change(&mut own);
        Self::assembled(Arc::clone(&self.shared), own)
    }

    /// Where a turn of this session puts its tape.
    pub fn tape_slot(&self) -> &TapeSlot {
        &self.own.slot
    }

    /// How long the session has waited in our own queue. A turn's clock leaves that out.
    pub fn queue_time(&self) -> &QueueTime {
        &self.own.limits.queue
    }

    /// How long the session waits for models that are being loaded.
    pub(crate) fn loading(&self) -> &LoadingModels {
        &self.own.limits.loading
    }

    /// Tells the call log what a thing is called, so that its records say `job 5 (Daily build)`. `parameter` is the one that
    /// stands for its id in paths: `job_id`.
    pub fn remember_name(&self, parameter: &str, id: &str, name: &str) {
        if let Some(log) = &self.shared.settings.call_log {
            log.remember(parameter, id, name);
        }
    }

    /// The entries of which rows are kept.
    pub(crate) fn rows_kept(&self) -> BTreeSet<RowsOf> {
        self.shared.cache.rows_kept()
    }

    /// Forgets what dbt said and all rows but those of these entries, for all sessions.
    pub(crate) fn forget_rows_but(&self, of: BTreeSet<RowsOf>) {
        self.shared.cache.forget_rows_but(of);
    }

    /// The seed of the jitter of retries.
    pub fn seed(&self) -> u64 {
        self.own.seed
    }

    /// Sends one request through every layer.
    pub async fn send(&self, request: WireRequest) -> Result<WireResponse, WireError> {
        self.service.clone().oneshot(request).await
    }

    /// The order of the layers, from the innermost.
    fn assembled(shared: Arc<SharedWire>, own: OwnParts) -> Self {
        let settings = &shared.settings;
        let mut retry = settings.retry;
        retry.seed = own.seed;
        let service = shared.transport.service();
        let service = layer(service, (), |below, (), request| without_echo(below, request));
        let service = layer(service, retry.first_byte, buffered);
        let service = layer(service, settings.grants.clone(), traced);
        let service = layer(service, (retry, own.limits.clone()), retried);
        let service = layer(service, own.limits.clone(), limited);
        let service = layer(service, shared.cache.clone(), cached);
        let service = layer(service, (own.relay.clone(), own.limits.queue.clone()), relayed);
        let control = CallControl {
            grants: settings.grants.clone(),
            meter: own.meter.clone(),
            log: settings.call_log.clone(),
            approvals: settings.approvals.clone(),
            slot: own.slot.clone(),
            asked_by: own.asked_by.clone(),
        };
        let service = layer(service, control, governed);
        let service = layer(service, own.slot.clone(), taped);
        Self { shared, own, service }
    }
}
