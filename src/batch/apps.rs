//! What answers: the app of the settings, or that of a person whose own permissions hold in Metabase.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

use super::manifest::BatchManifest;
use crate::app::{App, personal_auth};
use crate::metabase::AuthSettings;
use crate::principal::Principal;
use crate::telemetry::causes;
use crate::wire::off_the_runtime;

/// Apps of persons that are kept before those that nobody uses are given up.
const MANY: usize = 64;

/// All apps of a run.
#[derive(Debug)]
pub(super) struct BatchApps {
    shared: Arc<App>,
    personal: Mutex<HashMap<String, Arc<OnceCell<Arc<App>>>>>,
    /// The catalogs that persons had before.
    manifest: Arc<Mutex<BatchManifest>>,
    path: PathBuf,
}

impl BatchApps {
    pub(super) fn new(shared: App, manifest: Arc<Mutex<BatchManifest>>, path: PathBuf) -> Self {
        Self {
            shared: Arc::new(shared),
            personal: Mutex::default(),
            manifest,
            path,
        }
    }

    /// What answers a principal's questions, or why nothing does. Where Metabase is asked with one credential for all, it
    /// is the same for all.
    pub(super) async fn of(&self, principal: Option<&str>) -> Result<Arc<App>, String> {
        let shared_auth = &self.shared.server().metabase.auth;
        let person = principal.filter(|_| matches!(shared_auth, AuthSettings::Jwt { .. }));
        let Some(person) = person else {
            return Ok(Arc::clone(&self.shared));
        };
        let cell = {
            let mut personal = lock(&self.personal);
            if personal.len() >= MANY {
                personal.retain(|_, cell| {
                    let app = cell.get().map_or(1, Arc::strong_count);
                    Arc::strong_count(cell) > 1 || app > 1
                });
            }
            Arc::clone(personal.entry(person.to_owned()).or_default())
        };
        let app = cell.get_or_try_init(|| self.open(person)).await?;
        Ok(Arc::clone(app))
    }

    async fn open(&self, person: &str) -> Result<Arc<App>, String> {
        let auth = personal_auth(&self.shared.server().metabase.auth, person).ok_or_else(|| {
            format!("{person:?} is not an e-mail address, so that Metabase knows nobody by that name")
        })?;
        let app = self
            .shared
            .for_principal(Principal(person.to_owned()), auth)
            .await
            .map_err(|error| causes(&error).join(": "))?;
        let (manifest, path) = (Arc::clone(&self.manifest), self.path.clone());
        let (person, fingerprint) = (person.to_owned(), app.catalog().catalog.fingerprint());
        let noted = off_the_runtime(move || {
            let mut manifest = lock(&manifest);
            if manifest.same_catalog(&person, &fingerprint)? {
                manifest.write(&path)?;
            }
            Ok::<(), super::BatchError>(())
        });
        match noted.await {
            Ok(Ok(())) => Ok(Arc::new(app)),
            Ok(Err(error)) => Err(causes(&error).join(": ")),
            Err(error) => Err(error.to_string()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
