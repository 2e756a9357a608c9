//! What all requests share.

use std::sync::{Arc, PoisonError, RwLock};

use super::access::AccessRules;
use super::store::SessionStore;
use super::turns::Turns;
use crate::app::App;
use crate::config::ServerSettings;

/// What all requests share.
#[derive(Debug)]
pub(super) struct ServerState {
    app: RwLock<Arc<App>>,
    pub(super) store: SessionStore,
    pub(super) settings: ServerSettings,
    pub(super) turns: Turns,
    pub(super) access: AccessRules,
}

/// The same for everybody.
pub(super) type SharedState = Arc<ServerState>;

impl ServerState {
    pub(super) fn new(
        app: App,
        store: SessionStore,
        settings: ServerSettings,
        access: AccessRules,
    ) -> SharedState {
        Arc::new(Self {
            app: RwLock::new(Arc::new(app)),
            turns: Turns::new(settings.max_turns, settings.max_turns_per_principal),
            store,
            settings,
            access,
        })
    }

    /// What answers questions now. A turn keeps the one it began with.
    pub(super) fn app(&self) -> Arc<App> {
        Arc::clone(&self.app.read().unwrap_or_else(PoisonError::into_inner))
    }
}
