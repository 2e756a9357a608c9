use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

use super::{Error, Server};
use crate::catalog::{
    Catalog, CatalogStore, Drift, EarlierCatalog, EntryVersions, KeptCatalog, LoadRemarks, StoreKey,
    StoreLookup,
};
use crate::dbt::{DbtCloudSettings, SemanticLayerClient};
use crate::metabase::{
    AuthSettings, DatasetRoute, FetchedCatalog, GenerationSetting, MetabaseClient, OnProgress,
};
use crate::principal::Principal;

/// Whether a catalog that was kept on disk may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Freshness {
    /// Yes, if it is young enough. Of an older one, what was edited since is read again.
    #[default]
    Cached,
    /// What was edited since it was kept is read again, however young it is.
    Changed,
    /// No: all of it is loaded from the server.
    Reload,
}

/// A catalog, and what there is to say about how it was had.
#[derive(Debug, Clone)]
pub struct OpenedCatalog {
    pub catalog: Arc<Catalog>,
    /// When it was loaded from the server.
    pub loaded_at: Timestamp,
    /// Entries that were selected but could not be read, in words.
    pub unreadable: Vec<String>,
    /// What the server cannot do with the entries, in words.
    pub limits: Vec<String>,
    /// Whether something is missing because the server failed just now. The next start reads what is missing.
    pub incomplete: bool,
    /// What changed since the one that was kept before; `None` when none was kept, or the kept one was used.
    pub drift: Option<Drift>,
    /// Entries that were not read now, because nobody edited them since they were; 0 when the kept catalog was used.
    pub unedited: usize,
    /// What the next refresh knows them by.
    versions: EntryVersions,
    /// Kept catalogs that could not be used or replaced, in words.
    pub notes: Vec<String>,
}

/// Who is asked for a catalog.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CatalogClients<'a> {
    /// Asked only where there is a Metabase.
    pub metabase: &'a MetabaseClient,
    /// `None` where no metric of dbt is selected.
    pub semantic_layer: Option<&'a SemanticLayerClient>,
}

/// Where catalogs are kept between runs, for one server, its rules and one principal.
#[derive(Debug)]
pub(crate) struct CatalogCache {
    store: Option<CatalogStore>,
    key: StoreKey,
}

impl CatalogCache {
    /// The cache of a server and of the dbt beside it. Without a cache folder nothing is kept.
    pub(crate) fn of(server: &Server, principal: &Principal) -> Self {
        let holder = credential_holder(principal, &server.metabase.auth);
        let key = StoreKey::new(server.source(), &server.rules, &holder);
        Self {
            store: server.rules.cache_dir.as_ref().map(CatalogStore::new),
            key: match &server.dbt {
                Some(dbt) => key.with_semantic_layer(&semantic_layer_key(dbt)),
                None => key,
            }
            .on_terms(&terms(server)),
        }
    }

    /// What is kept, of whatever age, and why it cannot be used if it cannot.
    pub(crate) async fn kept(&self, server: &Server) -> (Option<Box<KeptCatalog>>, bool, Option<String>) {
        let Some(store) = &self.store else {
            return (None, false, None);
        };
        let read = store.read(&self.key, Timestamp::now(), server.rules.max_age);
        match read.await {
            StoreLookup::Fresh(kept) => (Some(kept), true, None),
            StoreLookup::Stale(kept) => (Some(kept), false, None),
            StoreLookup::Missing => (None, false, None),
            StoreLookup::Unusable(why) => (None, false, Some(why.to_string())),
        }
    }

    /// The catalog: the kept one if it may be used, else loaded now and kept; `on_progress` is told how far that is.
    pub(crate) async fn load(
        &self,
        server: &Server,
        clients: CatalogClients<'_>,
        freshness: Freshness,
        on_progress: OnProgress<'_>,
    ) -> Result<OpenedCatalog, Error> {
        let (kept, fresh, note) = self.kept(server).await;
        let notes: Vec<String> = note.into_iter().collect();
        match kept {
            Some(kept) if fresh && freshness == Freshness::Cached => Ok(OpenedCatalog {
                catalog: Arc::new(kept.catalog),
                loaded_at: kept.loaded_at,
                unreadable: kept.warnings,
                limits: kept.limits,
                incomplete: false,
                drift: None,
                unedited: 0,
                versions: kept.versions,
                notes,
            }),
            before => {
                let before = before.as_deref();
                let known = before.filter(|_| freshness != Freshness::Reload);
                let known = known.map(|kept| EarlierCatalog {
                    catalog: &kept.catalog,
                    versions: &kept.versions,
                });
                let mut opened = fetch(server, clients, (before, known), notes, on_progress).await?;
                self.keep(&mut opened).await;
                Ok(opened)
            }
        }
    }

    /// Loads all of it from the server and compares with what is kept, which stays as it is.
    pub(crate) async fn compare(
        &self,
        server: &Server,
        clients: CatalogClients<'_>,
        on_progress: OnProgress<'_>,
    ) -> Result<OpenedCatalog, Error> {
        let (kept, _, note) = self.kept(server).await;
        let notes = note.into_iter().collect();
        fetch(server, clients, (kept.as_deref(), None), notes, on_progress).await
    }

    /// Keeps a catalog that was loaded now. One in which something is missing is only begun with the next time, and not used as it
    /// is. Nothing depends on it but the next start's speed, so a failure is a note.
    pub(crate) async fn keep(&self, opened: &mut OpenedCatalog) {
        let Some(store) = self.store.as_ref() else {
            return;
        };
        let remarks = LoadRemarks {
            warnings: &opened.unreadable,
            limits: &opened.limits,
            incomplete: opened.incomplete,
        };
        let (catalog, versions) = (&opened.catalog, &opened.versions);
        let written = store.write(&self.key, catalog, remarks, versions, opened.loaded_at);
        if let Err(error) = written.await {
            opened.notes.push(format!("{error} ({})", error.source));
        }
    }
}

/// What decides, beside the rules, what can be read: the generation and the route that the settings say, and the grants.
fn terms(server: &Server) -> Vec<String> {
    let (generation, route) = (server.metabase.generation, server.metabase.dataset_route);
    let mut terms = server.grants.metabase_terms(Timestamp::now());
    if generation != GenerationSetting::default() {
        terms.push(format!("{generation:?}"));
    }
    if route != DatasetRoute::default() {
        terms.push(format!("{route:?}"));
    }
    terms
}

/// Who looks at the catalog: the principal by its credential, for another credential may see other things. Of a
/// secret that is long and random only a hash takes part, and that only in the hash that names the file.
pub(super) fn credential_holder(principal: &Principal, auth: &AuthSettings) -> Principal {
    let (way, who) = match auth {
        AuthSettings::ApiKey(secret) => ("api_key", hash_of(secret)),
        AuthSettings::Session(secret) => ("session", hash_of(secret)),
        // Whichever session they lend, what they may see is the same.
        AuthSettings::Lent(_) => ("lent", String::new()),
        AuthSettings::Password { username, .. } => ("password", username.clone()),
        AuthSettings::Jwt { email, .. } => ("jwt", email.clone()),
    };
    Principal(format!("{} {way} {who}", principal.0))
}

/// What tells one Semantic Layer from another.
fn semantic_layer_key(dbt: &DbtCloudSettings) -> String {
    let environment = dbt.environment_id.unwrap_or_default();
    let (url, token) = (&dbt.addresses.semantic_layer, hash_of(&dbt.token));
    format!("{url} {environment} {token}")
}

fn hash_of(secret: &SecretString) -> String {
    let secret = secret.expose_secret().as_bytes();
    let hash = blake3::derive_key("cardinal 2026 catalog shelf: whose catalog", secret);
    blake3::Hash::from(hash).to_hex().to_string()
}

async fn fetch(
    server: &Server,
    clients: CatalogClients<'_>,
    (before, known): (Option<&KeptCatalog>, Option<EarlierCatalog<'_>>),
    notes: Vec<String>,
    on_progress: OnProgress<'_>,
) -> Result<OpenedCatalog, Error> {
    let url = || server.source().to_string();
    let mut loaded = if server.has_metabase() {
        clients
            .metabase
            .refresh_catalog(&server.rules, known, on_progress)
            .await
            .map_err(|source| Error::Metabase {
                url: url(),
                source: Box::new(source),
            })?
    } else {
        FetchedCatalog::default()
    };
    if let Some(layer) = clients.semantic_layer {
        let metrics = layer.curated(&server.rules.dbt_metrics, known.map(|known| known.catalog));
        match metrics.await {
            Ok(found) => {
                loaded.catalog = loaded.catalog.joined(found.entries, &server.rules.notes);
                loaded.warnings.extend(found.warnings);
            }
            Err(source) if !server.has_metabase() => {
                return Err(Error::SemanticLayer {
                    url: url(),
                    source: Box::new(source),
                });
            }
            // Questions about what Metabase has can still be answered.
            Err(error) => {
                loaded
                    .warnings
                    .push(format!("the metrics of dbt are missing: {error}"));
                loaded.incomplete = true;
            }
        }
    }
    if loaded.catalog.entries().is_empty() {
        loaded.warnings.append(&mut loaded.limits);
        return Err(Error::EmptyCatalog {
            url: url(),
            warnings: loaded.warnings,
        });
    }
    Ok(OpenedCatalog {
        drift: before.map(|kept| Drift::between(&kept.catalog, &loaded.catalog)),
        catalog: Arc::new(loaded.catalog),
        loaded_at: Timestamp::now(),
        unreadable: loaded.warnings,
        limits: loaded.limits,
        incomplete: loaded.incomplete,
        unedited: loaded.kept,
        versions: loaded.versions,
        notes,
    })
}
