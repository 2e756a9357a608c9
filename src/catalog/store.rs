use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;

use super::{Catalog, EntryVersions, StoredCatalog};
use crate::atomic_file::{self, FileAccess};
use crate::catalog::{CatalogSettings, ContentRule};
use crate::principal::Principal;

/// Version of the file format. A file of any other version is not read.
const VERSION: u32 = 1;

/// A file longer than this is not one of ours.
const MAX_FILE_BYTES: u64 = 128 * 1024 * 1024;

/// What a kept catalog is kept under: the same server, rules and principal. Another principal may see other things.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreKey {
    /// The server's address, without credentials, query or fragment.
    source: String,
    /// Hash of source, rules and principal, hex.
    hash: String,
}

impl StoreKey {
    /// The key for a server, what is selected from it, and who looks.
    pub fn new(source: &Url, settings: &CatalogSettings, principal: &Principal) -> Self {
        let source = public_address(source);
        let mut rules = json!({
            "cards": rule(&settings.cards),
            "metrics": rule(&settings.metrics),
            "tables": {"ids": sorted(&settings.tables.ids), "name_prefix": settings.tables.name_prefix},
            "source": source,
            "principal": principal.0,
        });
        if let (Some(rules), false) = (rules.as_object_mut(), settings.notes.is_empty()) {
            rules.insert("notes".to_owned(), json!(settings.notes));
        }
        if let (Some(rules), true) = (rules.as_object_mut(), settings.dbt_metrics.selects()) {
            rules.insert("dbt_metrics".to_owned(), json!(settings.dbt_metrics));
        }
        Self {
            source,
            hash: short_hash(&rules.to_string()),
        }
    }

    /// The same key with metrics that come from this Semantic Layer, told apart from others by `layer`.
    #[must_use]
    pub(crate) fn with_semantic_layer(self, layer: &str) -> Self {
        Self {
            hash: short_hash(&format!("{} {layer}", self.hash)),
            ..self
        }
    }

    /// The same, for a catalog that is read on terms of its own: other routes or grants bring other entries.
    #[must_use]
    pub(crate) fn on_terms(self, terms: &[String]) -> Self {
        if terms.is_empty() {
            return self;
        }
        Self {
            hash: short_hash(&json!([self.hash, terms]).to_string()),
            ..self
        }
    }
}

fn short_hash(text: &str) -> String {
    let hash = blake3::hash(text.as_bytes());
    hash.to_hex().chars().take(32).collect()
}

fn public_address(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fails only for addresses that cannot have credentials.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    url.into()
}

fn rule<Id: Copy + Ord + Serialize>(rule: &ContentRule<Id>) -> serde_json::Value {
    let mut hashed = json!({
        "collections": sorted(&rule.collections),
        "root_collection": rule.root_collection,
        "recursive": rule.recursive,
        "ids": sorted(&rule.ids),
        "name_prefix": rule.name_prefix,
        "verified_only": rule.verified_only,
    });
    if let (Some(hashed), false) = (hashed.as_object_mut(), rule.named_collections.is_empty()) {
        hashed.insert("named_collections".to_owned(), json!(rule.named_collections));
    }
    hashed
}

fn sorted<Id: Copy + Ord>(ids: &[Id]) -> Vec<Id> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    ids
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KeptCatalog {
    version: u32,
    /// Hash of server, rules and principal.
    key: String,
    pub source: String,
    pub loaded_at: Timestamp,
    pub fingerprint: String,
    /// What could not be loaded then, in words.
    pub warnings: Vec<String>,
    /// What the server could not do with it, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<String>,
    /// Whether something was missing because the server failed then. Such a catalog is never fresh: what is missing is read the next
    /// time, and what was read is not read again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub incomplete: bool,
    /// What its entries are refreshed by.
    #[serde(skip_serializing_if = "EntryVersions::is_empty")]
    pub versions: EntryVersions,
    pub catalog: Catalog,
}

/// What there was to say when a catalog was loaded, in words.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoadRemarks<'r> {
    /// Entries that were selected and could not be read.
    pub warnings: &'r [String],
    /// What the server cannot do with the entries.
    pub limits: &'r [String],
    /// Whether something is missing because the server failed just now.
    pub incomplete: bool,
}

/// The file that [`KeptCatalog`] is written to, as it is read.
#[derive(Deserialize)]
struct KeptFile {
    version: u32,
    key: String,
    source: String,
    loaded_at: Timestamp,
    fingerprint: String,
    warnings: Vec<String>,
    #[serde(default)]
    limits: Vec<String>,
    #[serde(default)]
    incomplete: bool,
    #[serde(default)]
    versions: EntryVersions,
    catalog: StoredCatalog,
}

impl From<KeptFile> for KeptCatalog {
    fn from(file: KeptFile) -> Self {
        Self {
            version: file.version,
            key: file.key,
            source: file.source,
            loaded_at: file.loaded_at,
            fingerprint: file.fingerprint,
            warnings: file.warnings,
            limits: file.limits,
            incomplete: file.incomplete,
            versions: file.versions,
            catalog: file.catalog.into(),
        }
    }
}

/// The one field that every version of the format has.
#[derive(Deserialize)]
struct FileVersion {
    version: Option<u64>,
}

/// What was found on disk.
#[derive(Debug, Clone, PartialEq)]
pub enum StoreLookup {
    /// A catalog young enough to be used, of which nothing is missing.
    Fresh(Box<KeptCatalog>),
    /// A catalog that should be loaded again; good for comparing.
    Stale(Box<KeptCatalog>),
    Missing,
    /// A file that cannot be used: say so and load again.
    Unusable(UnusableReason),
}

/// Why a kept file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnusableReason {
    /// It is of another version of the format.
    #[error("the kept catalog {} has format version {found}, this program reads {VERSION}; it is loaded again", path.display())]
    Version { path: PathBuf, found: u64 },
    /// It was kept for another server, other rules or another principal.
    #[error("the kept catalog {} belongs to another server, rule or principal; it is loaded again", path.display())]
    Foreign { path: PathBuf },
    /// It cannot be read or is damaged.
    #[error("the kept catalog {} cannot be used ({reason}); it is loaded again", path.display())]
    Damaged {
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// A catalog could not be kept. Nothing depends on it but the next start's speed.
#[derive(Debug, thiserror::Error)]
#[error("failed to keep the catalog in {}; check that the folder is writable or set another cache_dir", path.display())]
pub struct StoreError {
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

/// Loaded catalogs in a folder, one file per server, rules and principal. The files hold names, descriptions and sampled
/// values, never a credential; on Unix only their owner can read them.
#[derive(Debug, Clone)]
pub struct CatalogStore {
    dir: PathBuf,
}

impl CatalogStore {
    /// The store in `dir`, which is made when something is first kept.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The file a key's catalog is kept in.
    pub fn path(&self, key: &StoreKey) -> PathBuf {
        self.dir.join(format!("catalog-{}.json", key.hash))
    }

    /// What is kept for `key`. Fresh means: not older than `max_age` at `now`, and not from the future.
    pub async fn read(&self, key: &StoreKey, now: Timestamp, max_age: Duration) -> StoreLookup {
        let (store, wanted) = (self.clone(), key.clone());
        let read = tokio::task::spawn_blocking(move || store.read_now(&wanted, now, max_age));
        read.await.unwrap_or_else(|error| damaged(self.path(key), &error))
    }

    fn read_now(&self, key: &StoreKey, now: Timestamp, max_age: Duration) -> StoreLookup {
        let path = self.path(key);
        let bytes = match read_capped(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return StoreLookup::Missing,
            Err(error) => return damaged(path, &error),
        };
        match serde_json::from_slice(&bytes) {
            Ok(FileVersion { version: Some(found) }) if found == u64::from(VERSION) => {}
            Ok(FileVersion { version: Some(found) }) => {
                return StoreLookup::Unusable(UnusableReason::Version { path, found });
            }
            Ok(FileVersion { version: None }) => return damaged(path, &"it has no version"),
            Err(error) => return damaged(path, &error),
        }
        let kept: KeptCatalog = match serde_json::from_slice::<KeptFile>(&bytes) {
            Ok(file) => file.into(),
            Err(error) => return damaged(path, &error),
        };
        if kept.key != key.hash || kept.source != key.source {
            return StoreLookup::Unusable(UnusableReason::Foreign { path });
        }
        if kept.fingerprint != kept.catalog.fingerprint() {
            return damaged(path, &"its fingerprint does not fit its content");
        }
        let age = now.duration_since(kept.loaded_at);
        if !kept.incomplete && Duration::try_from(age).is_ok_and(|age| age <= max_age) {
            StoreLookup::Fresh(Box::new(kept))
        } else {
            StoreLookup::Stale(Box::new(kept))
        }
    }

    /// Keeps `catalog` as loaded at `now`, replacing what was kept for `key` in one step. Returns the file.
    pub async fn write(
        &self,
        key: &StoreKey,
        catalog: &Arc<Catalog>,
        remarks: LoadRemarks<'_>,
        versions: &EntryVersions,
        now: Timestamp,
    ) -> Result<PathBuf, StoreError> {
        let (store, kept_for) = (self.clone(), key.clone());
        let kept = KeptCatalog {
            version: VERSION,
            key: key.hash.clone(),
            source: key.source.clone(),
            loaded_at: now,
            fingerprint: String::new(),
            warnings: remarks.warnings.to_vec(),
            limits: remarks.limits.to_vec(),
            incomplete: remarks.incomplete,
            versions: versions.clone(),
            catalog: Catalog::clone(catalog),
        };
        let written = tokio::task::spawn_blocking(move || store.write_now(&kept_for, kept));
        written.await.unwrap_or_else(|error| {
            Err(StoreError {
                path: self.path(key),
                source: io::Error::other(error),
            })
        })
    }

    fn write_now(&self, key: &StoreKey, mut kept: KeptCatalog) -> Result<PathBuf, StoreError> {
        let path = self.path(key);
        let fail = |source| StoreError {
            path: path.clone(),
            source,
        };
        kept.fingerprint = kept.catalog.fingerprint();
        let bytes = serde_json::to_vec(&kept).map_err(|error| fail(error.into()))?;
        fs::create_dir_all(&self.dir).map_err(fail)?;
        atomic_file::replace(&path, &bytes, FileAccess::OwnerOnly).map_err(fail)?;
        Ok(path)
    }
}

fn damaged(path: PathBuf, reason: &impl ToString) -> StoreLookup {
    StoreLookup::Unusable(UnusableReason::Damaged {
        path,
        reason: reason.to_string(),
    })
}

fn read_capped(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MAX_FILE_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too long"));
    }
    Ok(bytes)
}
