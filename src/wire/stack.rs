use std::sync::Arc;

use tower::ServiceExt;

use super::buffer::buffered;
use super::cache::{ResponseCache, cached};
use super::echo::without_echo;
use super::governed::{CallControl, governed};
use super::limit::{RequestLimits, SessionLimits, limited};
use super::queue::QueueTime;
use super::retry::retried;
use super::service::{LayerService, layer};
use super::tape::{Tape, TapeMode, TapeSlot, taped};
use super::transport::Transport;
use super::{Grants, WireError, WireRequest, WireResponse, WireSettings};
use crate::grants::CallMeter;

/// The whole stack, ready to send, for one session. Cheap to clone; clones are the same session.
#[derive(Debug, Clone)]
pub struct Wire {
    shared: Arc<SharedWire>,
    limits: SessionLimits,
    meter: CallMeter,
    slot: TapeSlot,
    seed: u64,
    service: LayerService,
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
        let limits = SessionLimits::new(limits);
        let seed = settings.retry.seed;
        let shared = Arc::new(SharedWire {
            transport: Transport::new(&settings)?,
            cache: ResponseCache::new(settings.cache),
            settings,
        });
        Ok(Self::assembled(shared, limits, meter, TapeSlot::default(), seed))
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
        let limits = SessionLimits::new(self.limits.ceilings.clone());
        let (shared, meter) = (Arc::clone(&self.shared), self.meter.for_session());
        Self::assembled(shared, limits, meter, TapeSlot::default(), self.seed)
    }

    /// The same stack for another session that shares nothing with this one but the ceilings per host: it has connections and
    /// a cache of its own.
    pub fn apart(&self) -> Result<Self, WireError> {
        let limits = self.limits.ceilings.clone();
        Self::counted(self.shared.settings.clone(), limits, self.meter.for_session())
    }

    /// The same stack, same session, with every exchange recorded on `tape`.
    #[must_use]
    pub fn recording(&self, tape: Tape) -> Self {
        let slot = TapeSlot::fixed(TapeMode::Record(tape));
        let (shared, meter) = (Arc::clone(&self.shared), self.meter.clone());
        Self::assembled(shared, self.limits.clone(), meter, slot, self.seed)
    }

    /// The same stack, same session, with the jitter of its retries drawn from `seed`.
    #[must_use]
    pub fn seeded(&self, seed: u64) -> Self {
        Self::assembled(
            Arc::clone(&self.shared),
            self.limits.clone(),
            self.meter.clone(),
            self.slot.clone(),
            seed,
        )
    }

    /// Where a turn of this session puts its tape.
    pub fn tape_slot(&self) -> &TapeSlot {
        &self.slot
    }

    /// How long the session has waited in our own queue. A turn's clock leaves that out.
    pub fn queue_time(&self) -> &QueueTime {
        &self.limits.queue
    }

    /// Tells the call log what a thing is called, so that its records say `job 5 (Daily build)`. `parameter` is the one that
    /// stands for its id in paths: `job_id`.
    pub fn remember_name(&self, parameter: &str, id: &str, name: &str) {
        if let Some(log) = &self.shared.settings.call_log {
            log.remember(parameter, id, name);
        }
    }

    /// The seed of the jitter of retries.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sends one request through every layer.
    pub async fn send(&self, request: WireRequest) -> Result<WireResponse, WireError> {
        self.service.clone().oneshot(request).await
    }

    /// The order of the layers, from the innermost.
    fn assembled(
        shared: Arc<SharedWire>,
        limits: SessionLimits,
        meter: CallMeter,
        slot: TapeSlot,
        seed: u64,
    ) -> Self {
        let settings = &shared.settings;
        let mut retry = settings.retry;
        retry.seed = seed;
        let service = shared.transport.service();
        let service = layer(service, (), |below, (), request| without_echo(below, request));
        let service = layer(service, retry.first_byte, buffered);
        let service = layer(service, (retry, limits.clone()), retried);
        let service = layer(service, limits.clone(), limited);
        let service = layer(service, shared.cache.clone(), cached);
        let control = CallControl {
            grants: settings.grants.clone(),
            meter: meter.clone(),
            log: settings.call_log.clone(),
            slot: slot.clone(),
        };
        let service = layer(service, control, governed);
        let service = layer(service, slot.clone(), taped);
        Self {
            shared,
            limits,
            meter,
            slot,
            seed,
            service,
        }
    }
}
