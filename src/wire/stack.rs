use std::sync::Arc;

use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::cache::{Cache, Store};
use super::grants::Granted;
use super::hold::Hold;
use super::limit::{Hosts, Limit};
use super::retry::Retrying;
use super::service::WireService;
use super::tape::{Tape, TapeMode, TapeSlot, Taping};
use super::transport::Transport;
use super::{Grants, WireError, WireRequest, WireResponse, WireSettings};

/// The whole stack, ready to send. Cheap to clone; clones share connections, cache and limits.
#[derive(Debug, Clone)]
pub struct Wire {
    settings: WireSettings,
    transport: Transport,
    store: Store,
    hosts: Hosts,
    session: Arc<Semaphore>,
    slot: TapeSlot,
    service: WireService,
}

impl Wire {
    /// A stack that goes to the network, for one session.
    pub fn new(settings: WireSettings) -> Result<Self, WireError> {
        let transport = Transport::new(&settings)?;
        let store = Store::new(settings.cache);
        let hosts = Hosts::new(settings.limit);
        let session = new_session();
        let slot = TapeSlot::default();
        let service = assemble(&settings, &transport, &store, &hosts, &session, &slot);
        Ok(Self {
            settings,
            transport,
            store,
            hosts,
            session,
            slot,
            service,
        })
    }

    /// A stack with the default settings that may send anything anywhere. For tests and experiments: what runs for
    /// people names its endpoints, see [`Wire::new`].
    pub fn live() -> Result<Self, WireError> {
        Self::new(WireSettings::new(Grants::everything()))
    }

    /// The same stack for another session: it runs its own data query at a time, and shares connections, cache and
    /// the ceiling per host. Its tape slot is its own, and empty.
    #[must_use]
    pub fn for_session(&self) -> Self {
        let mut wire = self.clone();
        wire.session = new_session();
        wire.slot = TapeSlot::default();
        wire.reassembled()
    }

    /// The same stack, same session, with every exchange recorded on `tape`.
    #[must_use]
    pub fn recording(&self, tape: Tape) -> Self {
        let mut wire = self.clone();
        wire.slot = TapeSlot::default();
        wire.slot.put(TapeMode::Record(tape));
        wire.reassembled()
    }

    /// Where a turn of this session puts its tape.
    pub fn tape_slot(&self) -> &TapeSlot {
        &self.slot
    }

    /// The same stack, same session, with the jitter of its retries drawn from `seed`.
    #[must_use]
    pub fn seeded(&self, seed: u64) -> Self {
        let mut wire = self.clone();
        wire.settings.retry.seed = seed;
        wire.reassembled()
    }

    /// The seed of the jitter of retries.
    pub fn seed(&self) -> u64 {
        self.settings.retry.seed
    }

    /// Sends one request through every layer.
    pub async fn send(&self, request: WireRequest) -> Result<WireResponse, WireError> {
        self.service.clone().oneshot(request).await
    }

    fn reassembled(mut self) -> Self {
        self.service = assemble(
            &self.settings,
            &self.transport,
            &self.store,
            &self.hosts,
            &self.session,
            &self.slot,
        );
        self
    }
}

fn new_session() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(1))
}

fn assemble(
    settings: &WireSettings,
    transport: &Transport,
    store: &Store,
    hosts: &Hosts,
    session: &Arc<Semaphore>,
    slot: &TapeSlot,
) -> WireService {
    let transport = WireService::new(transport.clone());
    let whole = WireService::new(Hold::new(transport, settings.retry.first_byte));
    let retry = WireService::new(Retrying::new(whole, settings.retry));
    let limit = WireService::new(Limit::new(retry, session.clone(), hosts.clone()));
    let cache = WireService::new(Cache::new(limit, store.clone()));
    let grants = WireService::new(Granted::new(cache, settings.grants.clone()));
    WireService::new(Taping::new(grants, slot.clone()))
}
