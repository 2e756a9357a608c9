//! What answers questions: one app for everybody, or one for each principal whose own permissions hold in Metabase. Such a
//! principal is asked for with a token that is made for them, or with the session of Metabase that they lend.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::access::LOCAL;
use super::store::SessionStoreError;
use crate::app::{App, Error, personal_auth};
use crate::config::CredentialPolicy;
use crate::metabase::{AuthSettings, FailureClass, LentSession};
use crate::principal::Principal;
use crate::telemetry::causes;

/// Apps of principals that are kept before those that nobody uses are given up.
const MANY: usize = 256;
/// How long a session that was lent is kept for the questions that follow.
const SOON: Duration = Duration::from_secs(60);
/// Shortest time between two loads of a catalog.
const SHORTEST: Duration = Duration::from_secs(10);

/// Why there is no app for a principal.
#[derive(Debug, thiserror::Error)]
pub(super) enum AppUnavailable {
    /// No token can be made for it.
    #[error("{0:?} is not an e-mail address, so that Metabase knows nobody by that name")]
    NotAPerson(String),
    /// Their session of Metabase is not here.
    #[error(
        "Metabase is asked with the session of whoever asks, and theirs is not here: send it as X-Metabase-Session"
    )]
    NoSession,
    /// Metabase did not let it in, or shows it nothing.
    #[error("{}", causes(.0).join(": "))]
    App(#[from] Error),
    /// What is needed to answer could not be read.
    #[error(transparent)]
    Store(#[from] SessionStoreError),
}

/// The app of one principal.
#[derive(Debug, Default)]
struct PersonalApp {
    /// Loaded once, by whoever asks first; a load that failed is tried again.
    app: OnceCell<RwLock<Arc<App>>>,
    /// The session that the principal lends, and when it was lent last.
    lent: Mutex<Option<(LentSession, Instant)>>,
}

/// All apps of the server.
#[derive(Debug)]
pub(super) struct Apps {
    shared: RwLock<Arc<App>>,
    /// Why the shared catalog could not be loaded the last time that was tried.
    trouble: Mutex<Option<&'static str>>,
    policy: CredentialPolicy,
    personal: Mutex<HashMap<String, Arc<PersonalApp>>>,
}

impl Apps {
    pub(super) fn new(shared: App, policy: CredentialPolicy) -> Self {
        Self {
            shared: RwLock::new(Arc::new(shared)),
            trouble: Mutex::default(),
            policy,
            personal: Mutex::default(),
        }
    }

    /// The app of the settings' own credential.
    pub(super) fn shared(&self) -> Arc<App> {
        read(&self.shared)
    }

    /// What there is to say of the shared catalog: why it could not be loaded again, so that the one before serves.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        *lock(&self.trouble)
    }

    /// Takes the session that a principal lends: their questions are asked with it from now on.
    pub(super) fn lend(&self, principal: &str, session: &SecretString) {
        let place = self.place_of(principal);
        let mut lent = lock(&place.lent);
        let (holder, at) = lent.get_or_insert_with(|| (LentSession::new(session.clone()), Instant::now()));
        holder.replace(session.clone());
        *at = Instant::now();
    }

    /// Whether Metabase refused this session in a turn since the principal lent it.
    pub(super) fn was_refused(&self, principal: &str, session: &SecretString) -> bool {
        let place = self.place_of(principal);
        let lent = lock(&place.lent);
        lent.as_ref().is_some_and(|(lent, _)| lent.has_refused(session))
    }

    /// Whether there is a credential for the questions of a principal, as far as that is known without asking Metabase.
    pub(super) fn can_ask_for(&self, principal: &str) -> bool {
        let is_good = |(lent, _): &(LentSession, Instant)| !lent.is_refused();
        self.policy != CredentialPolicy::Session
            || lock(&self.place_of(principal).lent).as_ref().is_some_and(is_good)
    }

    /// The app that answers a principal.
    pub(super) async fn of(&self, principal: &str) -> Result<Arc<App>, AppUnavailable> {
        let shared = self.shared();
        let place = match self.policy {
            CredentialPolicy::Shared => return Ok(shared),
            // Everybody on this machine is nobody in particular.
            CredentialPolicy::Person if principal == LOCAL => return Ok(shared),
            CredentialPolicy::Person | CredentialPolicy::Session => self.place_of(principal),
        };
        let app = place
            .app
            .get_or_try_init(|| async {
                let auth = match self.policy {
                    CredentialPolicy::Session => {
                        let lent = lock(&place.lent).as_ref().map(|(lent, _)| lent.clone());
                        AuthSettings::Lent(lent.ok_or(AppUnavailable::NoSession)?)
                    }
                    _ => personal_auth(&shared.server().metabase.auth, principal)
                        .ok_or_else(|| AppUnavailable::NotAPerson(principal.to_owned()))?,
                };
                let app = shared
                    .for_principal(Principal(principal.to_owned()), auth)
                    .await?;
                Ok::<_, AppUnavailable>(RwLock::new(Arc::new(app)))
            })
            .await?;
        Ok(read(app))
    }

    fn place_of(&self, principal: &str) -> Arc<PersonalApp> {
        let mut personal = lock(&self.personal);
        if personal.len() >= MANY {
            personal.retain(|_, place| Arc::strong_count(place) > 1 || place.is_needed());
        }
        Arc::clone(personal.entry(principal.to_owned()).or_default())
    }

    /// The apps of principals that were loaded.
    fn loaded(&self) -> Vec<(String, Arc<PersonalApp>)> {
        let personal = lock(&self.personal);
        let loaded = personal.iter().filter(|(_, place)| place.app.initialized());
        loaded
            .map(|(principal, place)| (principal.clone(), Arc::clone(place)))
            .collect()
    }

    /// Lets every app forget what it read of the data that a run of dbt made anew.
    pub(super) async fn forget_run(&self, run: Option<u64>) {
        // All apps keep rows in one place.
        self.shared().forget_run(run).await;
        for (_, place) in self.loaded() {
            if let Some(app) = place.app.get() {
                read(app).forget_verdicts();
            }
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
            let trouble = match reload(&self.shared).await {
                CatalogReload::LetIn => None,
                CatalogReload::Refused => Some("Metabase no longer takes the credential"),
                CatalogReload::Failed(why) => Some(why),
            };
            *lock(&self.trouble) = trouble;
            for (principal, place) in self.loaded() {
                let Some(app) = place.app.get() else { continue };
                let ended = reload(app).await == CatalogReload::Refused;
                // A session that ended is of no use any more, nor is what was read with it.
                if ended && self.policy == CredentialPolicy::Session {
                    lock(&self.personal).remove(&principal);
                }
            }
        }
    }
}

/// What came of loading a catalog again.
#[derive(Debug, PartialEq, Eq)]
enum CatalogReload {
    LetIn,
    /// It did not let the credential in.
    Refused,
    /// Nothing is known, for a reason that anybody may be told.
    Failed(&'static str),
}

impl PersonalApp {
    /// Whether sessions hold on to the app, or somebody is about to ask for it.
    fn is_needed(&self) -> bool {
        let holders = self
            .app
            .get()
            .map(|place| Arc::strong_count(&place.read().unwrap_or_else(PoisonError::into_inner)));
        let soon = || {
            lock(&self.lent)
                .as_ref()
                .is_some_and(|(_, at)| at.elapsed() < SOON)
        };
        holders.is_some_and(|holders| holders > 1) || soon()
    }
}

async fn reload(place: &RwLock<Arc<App>>) -> CatalogReload {
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
            CatalogReload::LetIn
        }
        Err(Error::Metabase { source, .. }) if source.class == FailureClass::Unauthorized => {
            tracing::info!(
                "Metabase no longer takes a credential; what was read with it stays for turns that run"
            );
            CatalogReload::Refused
        }
        Err(error) => {
            tracing::warn!(reason = %causes(&error).join(": "), "the catalog could not be loaded again; the one before stays");
            CatalogReload::Failed(in_public(&error))
        }
    }
}

/// Why a catalog could not be loaded, in words that name no address and quote nobody: probes need no credential. The log says
/// more.
pub(super) fn in_public(error: &Error) -> &'static str {
    let class = match error {
        Error::Metabase { source, .. } => source.class,
        Error::SemanticLayer { .. } => return "dbt's Semantic Layer could not be asked",
        Error::EmptyCatalog { .. } => return "its rules select nothing that the credential can read",
        _ => return "the server's log says why",
    };
    match class {
        FailureClass::Unauthorized | FailureClass::Forbidden => "Metabase does not let the credential in",
        FailureClass::Throttled => "Metabase asks to slow down",
        FailureClass::Timeout => "Metabase took too long",
        FailureClass::Unavailable => "Metabase failed or could not be reached",
        _ => "what Metabase answers cannot be read",
    }
}

fn read(place: &RwLock<Arc<App>>) -> Arc<App> {
    Arc::clone(&place.read().unwrap_or_else(PoisonError::into_inner))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
