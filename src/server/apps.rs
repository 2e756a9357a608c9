//! What answers questions: one app for everybody, or one for each principal whose own permissions hold in Metabase.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::OnceCell;

use super::store::SessionStoreError;
use crate::app::{App, Error, personal_auth};
use crate::config::CredentialPolicy;
use crate::principal::Principal;
use crate::telemetry::causes;

/// Apps of principals that are kept before those that nobody uses are given up.
const MANY: usize = 256;
/// Shortest time between two loads of a catalog.
const SHORTEST: Duration = Duration::from_secs(10);

/// Why there is no app for a principal.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoApp {
    /// No token can be made for it.
    #[error("{0:?} is not an e-mail address, so that Metabase knows nobody by that name")]
    NotAPerson(String),
    /// Metabase did not let it in, or shows it nothing.
    #[error("{}", causes(.0).join(": "))]
    App(#[from] Error),
    /// What is needed to answer could not be read.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
}

/// Loaded once, by whoever asks first; a load that failed is tried again.
type PersonalApp = Arc<OnceCell<RwLock<Arc<App>>>>;

/// All apps of the server.
#[derive(Debug)]
pub(super) struct Apps {
    shared: RwLock<Arc<App>>,
    personal: Option<Mutex<HashMap<String, PersonalApp>>>,
}

impl Apps {
    pub(super) fn new(shared: App, policy: CredentialPolicy) -> Self {
        Self {
            shared: RwLock::new(Arc::new(shared)),
            personal: (policy == CredentialPolicy::Person).then(Mutex::default),
        }
    }

    /// The app of the settings' own credential.
    pub(super) fn shared(&self) -> Arc<App> {
        read(&self.shared)
    }

    /// The app that answers a principal.
    pub(super) async fn of(&self, principal: &str) -> Result<Arc<App>, NoApp> {
        // Everybody on this machine is nobody in particular.
        let Some(personal) = self.personal.as_ref().filter(|_| principal != "local") else {
            return Ok(self.shared());
        };
        let cell = {
            let mut personal = lock(personal);
            if personal.len() >= MANY {
                personal.retain(|_, cell| Arc::strong_count(cell) > 1 || is_used(cell));
            }
            Arc::clone(personal.entry(principal.to_owned()).or_default())
        };
        let shared = self.shared();
        let app = cell
            .get_or_try_init(|| async {
                let auth = personal_auth(&shared.server().metabase.auth, principal)
                    .ok_or_else(|| NoApp::NotAPerson(principal.to_owned()))?;
                let app = shared
                    .for_principal(Principal(principal.to_owned()), auth)
                    .await?;
                Ok::<_, NoApp>(RwLock::new(Arc::new(app)))
            })
            .await?;
        Ok(read(app))
    }

    /// Lets every app forget what it read of the data that a run of dbt made anew.
    pub(super) async fn forget_run(&self, run: Option<u64>) {
        // All apps keep rows in one place.
        self.shared().forget_run(run).await;
        let cells: Vec<PersonalApp> = self
            .personal
            .as_ref()
            .map(|personal| lock(personal).values().cloned().collect())
            .unwrap_or_default();
        for app in cells.iter().filter_map(|cell| cell.get()) {
            read(app).forget_verdicts();
        }
    }

    /// Loads catalogs again and again, each between turns: a turn keeps the one it began with. A catalog that cannot be
    /// loaded, or is the same, changes nothing.
    pub(super) async fn refresh(&self) {
        let shared = self.shared();
        if shared.server().is_demo() {
            return;
        }
        let pause = shared.server().rules.max_age.max(SHORTEST);
        drop(shared);
        loop {
            tokio::time::sleep(pause).await;
            reload(&self.shared).await;
            let cells: Vec<PersonalApp> = self
                .personal
                .as_ref()
                .map(|personal| lock(personal).values().cloned().collect())
                .unwrap_or_default();
            for cell in cells {
                if let Some(app) = cell.get() {
                    reload(app).await;
                }
            }
        }
    }
}

async fn reload(place: &RwLock<Arc<App>>) {
    let before = read(place);
    match before.reloaded().await {
        Ok(app) => {
            let (entries, unedited) = (app.catalog().catalog.entries().len(), app.catalog().unedited);
            tracing::debug!(
                entries,
                read = entries.saturating_sub(unedited),
                "the catalog was refreshed"
            );
            let fingerprint = |app: &App| app.catalog().catalog.fingerprint();
            if fingerprint(&app) != fingerprint(&before) {
                tracing::info!(
                    entries,
                    read = entries.saturating_sub(unedited),
                    "the catalog changed"
                );
                *place.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(app);
            }
        }
        Err(error) => {
            tracing::warn!(reason = %causes(&error).join(": "), "the catalog could not be loaded again; the one before stays");
        }
    }
}

fn read(place: &RwLock<Arc<App>>) -> Arc<App> {
    Arc::clone(&place.read().unwrap_or_else(PoisonError::into_inner))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether sessions hold on to it.
fn is_used(cell: &PersonalApp) -> bool {
    let app = cell
        .get()
        .map(|place| Arc::strong_count(&place.read().unwrap_or_else(PoisonError::into_inner)));
    app.is_some_and(|holders| holders > 1)
}
