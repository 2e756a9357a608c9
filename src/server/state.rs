//! What all requests share.

use std::sync::Arc;

use super::access::AccessRules;
use super::address_filter::AddressFilter;
use super::apps::{AppUnavailable, Apps};
use super::metrics::Metrics;
use super::store::SessionStore;
use super::turns::Turns;
use crate::app::App;
use crate::config::ServerSettings;
use crate::dbt::EventMemory;

#[derive(Debug)]
pub(super) struct ServerState {
    pub(super) apps: Apps,
    pub(super) store: SessionStore,
    pub(super) settings: ServerSettings,
    pub(super) turns: Turns,
    pub(super) access: AccessRules,
    pub(super) metrics: Metrics,
    /// Keeps addresses of other servers from people who ask.
    pub(super) addresses: AddressFilter,
    /// Events of dbt that came.
    pub(super) events: EventMemory,
}

pub(super) type SharedState = Arc<ServerState>;

impl ServerState {
    pub(super) fn new(
        app: App,
        store: SessionStore,
        settings: ServerSettings,
        access: AccessRules,
    ) -> SharedState {
        Arc::new(Self {
            addresses: AddressFilter::new(&app),
            apps: Apps::new(app, settings.credential),
            turns: Turns::new(settings.max_turns, settings.max_turns_per_principal),
            store,
            settings,
            access,
            metrics: Metrics::new(),
            events: EventMemory::default(),
        })
    }

    /// The app of the settings' own credential: for what is the same for everybody.
    pub(super) fn app(&self) -> Arc<App> {
        self.apps.shared()
    }

    /// The app that answers a principal. A turn keeps the one it began with.
    pub(super) async fn app_of(&self, principal: &str) -> Result<Arc<App>, AppUnavailable> {
        self.apps.of(principal).await
    }
}
