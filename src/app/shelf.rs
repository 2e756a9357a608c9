use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{AppError, Place};
use crate::catalog::{Catalog, CatalogStore, Drift, Kept, Lookup, StoreKey};
use crate::metabase::AuthSettings;
use crate::metabase::MetabaseClient;
use crate::principal::Principal;

/// Whether a kept catalog may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// One that is young enough.
    KeptWillDo,
    /// None: it is loaded from the server.
    LoadAnew,
}

/// A catalog, and what there is to say about how it was had.
#[derive(Debug, Clone)]
pub struct Shelved {
    /// The catalog.
    pub catalog: Arc<Catalog>,
    /// When it was loaded from the server.
    pub loaded_at: Timestamp,
    /// Entries that were selected but could not be read, in words.
    pub unreadable: Vec<String>,
    /// Whether something is missing because the server failed just now. Such a catalog is used once and not kept.
    pub incomplete: bool,
    /// What changed since the one that was kept before; `None` when none was kept, or the kept one was used.
    pub drift: Option<Drift>,
    /// Kept catalogs that could not be used or replaced, in words.
    pub notes: Vec<String>,
}

/// Where catalogs are kept between runs, for one server, its rules and one principal.
#[derive(Debug)]
pub struct Shelf {
    store: Option<CatalogStore>,
    key: StoreKey,
}

impl Shelf {
    /// The shelf for a place. Without a cache folder nothing is kept.
    pub fn of(place: &Place, principal: &Principal) -> Self {
        Self {
            store: place.rules.cache_dir.as_ref().map(CatalogStore::new),
            key: StoreKey::new(
                &place.metabase.url,
                &place.rules,
                &looker(principal, &place.metabase.auth),
            ),
        }
    }

    /// What is kept, of whatever age, and why it cannot be used if it cannot.
    pub fn kept(&self, place: &Place) -> (Option<Box<Kept>>, bool, Option<String>) {
        let Some(store) = &self.store else {
            return (None, false, None);
        };
        match store.read(&self.key, Timestamp::now(), place.rules.max_age) {
            Lookup::Fresh(kept) => (Some(kept), true, None),
            Lookup::Stale(kept) => (Some(kept), false, None),
            Lookup::Missing => (None, false, None),
            Lookup::Unusable(why) => (None, false, Some(why.to_string())),
        }
    }

    /// The catalog: the kept one if it may be used, else loaded now and kept.
    pub async fn load(
        &self,
        place: &Place,
        client: &MetabaseClient,
        freshness: Freshness,
    ) -> Result<Shelved, AppError> {
        let (kept, fresh, note) = self.kept(place);
        let notes: Vec<String> = note.into_iter().collect();
        match kept {
            Some(kept) if fresh && freshness == Freshness::KeptWillDo => Ok(Shelved {
                catalog: Arc::new(kept.catalog),
                loaded_at: kept.loaded_at,
                unreadable: kept.warnings,
                incomplete: false,
                drift: None,
                notes,
            }),
            before => {
                let mut shelved = fetch(place, client, before.as_deref(), notes).await?;
                self.keep(&mut shelved);
                Ok(shelved)
            }
        }
    }

    /// Loads from the server and compares with what is kept, which stays as it is.
    pub async fn compare(&self, place: &Place, client: &MetabaseClient) -> Result<Shelved, AppError> {
        let (kept, _, note) = self.kept(place);
        fetch(place, client, kept.as_deref(), note.into_iter().collect()).await
    }

    /// Keeps a catalog that was loaded now, unless the next one may have more. Nothing depends on it but the next
    /// start's speed, so a failure is a note.
    pub fn keep(&self, shelved: &mut Shelved) {
        let Some(store) = self.store.as_ref().filter(|_| !shelved.incomplete) else {
            return;
        };
        let written = store.write(
            &self.key,
            &shelved.catalog,
            &shelved.unreadable,
            shelved.loaded_at,
        );
        if let Err(error) = written {
            shelved.notes.push(format!("{error} ({})", error.source));
        }
    }
}

/// Who looks at the catalog: the principal by its credential, for another credential may see other things. Of a
/// secret that is long and random only a hash takes part, and that only in the hash that names the file.
pub(super) fn looker(principal: &Principal, auth: &AuthSettings) -> Principal {
    let (way, who) = match auth {
        AuthSettings::ApiKey(secret) => ("api_key", hash_of(secret)),
        AuthSettings::Session(secret) => ("session", hash_of(secret)),
        AuthSettings::Password { username, .. } => ("password", username.clone()),
        AuthSettings::Jwt { email, .. } => ("jwt", email.clone()),
    };
    Principal(format!("{} {way} {who}", principal.0))
}

fn hash_of(secret: &SecretString) -> String {
    let secret = secret.expose_secret().as_bytes();
    let hash = blake3::derive_key("cardinal 2026 catalog shelf: whose catalog", secret);
    blake3::Hash::from(hash).to_hex().to_string()
}

async fn fetch(
    place: &Place,
    client: &MetabaseClient,
    before: Option<&Kept>,
    notes: Vec<String>,
) -> Result<Shelved, AppError> {
    let url = || place.metabase.url.to_string();
    let loaded = client
        .load_catalog(&place.rules)
        .await
        .map_err(|source| AppError::Metabase {
            url: url(),
            source: Box::new(source),
        })?;
    if loaded.catalog.entries().is_empty() {
        return Err(AppError::EmptyCatalog { url: url() });
    }
    Ok(Shelved {
        drift: before.map(|kept| Drift::between(&kept.catalog, &loaded.catalog)),
        catalog: Arc::new(loaded.catalog),
        loaded_at: Timestamp::now(),
        unreadable: loaded.warnings,
        incomplete: loaded.incomplete,
        notes,
    })
}
