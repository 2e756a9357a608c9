//! When entries were edited on the server, as its lists say, and when they were read. By that a refresh reads again only what
//! somebody edited, and keeps the rest as it is.
//!
//! A list does not tell everything that an entry says: values that occur in a field, or the fields of a table, change without
//! an edit. So an entry is kept for a day, and read again then whatever its list says.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Catalog, CatalogNotes, Entry, EntryKind};

/// How entries are read from what a server says. Raised when that changes: what was read in another way is read again.
const READER: u32 = 1;

/// An entry that was read longer ago is read again.
const LONGEST_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// The versions of a catalog's entries. Entries whose list does not say when they were edited have none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryVersions {
    #[serde(default)]
    reader: u32,
    /// The version of the server that they were read from.
    #[serde(default)]
    server: String,
    #[serde(default)]
    entries: BTreeMap<String, EntryVersion>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct EntryVersion {
    /// What the list said: when it was edited last, and its moderation. Only compared.
    edited: String,
    read_at: Timestamp,
}

/// A catalog that was loaded before, with the versions of its entries.
#[derive(Debug, Clone, Copy)]
pub struct EarlierCatalog<'c> {
    pub catalog: &'c Catalog,
    pub versions: &'c EntryVersions,
}

impl EntryVersions {
    /// None yet, of a server of this version.
    pub(crate) fn of_server(version: &str) -> Self {
        Self {
            reader: READER,
            server: version.to_owned(),
            entries: BTreeMap::new(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Notes what the list said of an entry, and when the entry was read.
    pub(crate) fn note(&mut self, kind: EntryKind, id: u32, edited: &str, read_at: Timestamp) {
        let edited = edited.to_owned();
        let key = CatalogNotes::key(kind, id);
        self.entries.insert(key, EntryVersion { edited, read_at });
    }
}

impl<'c> EarlierCatalog<'c> {
    /// The entry as it was read then, with the time, if it need not be read again: its list says `edited` as it did then.
    pub(crate) fn unedited(
        &self,
        (kind, id): (EntryKind, u32),
        edited: &str,
        now: Timestamp,
    ) -> Option<(&'c Entry, Timestamp)> {
        let version = self.versions.entries.get(&CatalogNotes::key(kind, id))?;
        let age = Duration::try_from(now.duration_since(version.read_at)).ok()?;
        let same = version.edited == edited && age <= LONGEST_KEPT;
        let entry = same.then(|| self.catalog.entry(kind, id)).flatten()?;
        Some((entry, version.read_at))
    }

    /// This, if its entries were read from a server of that version in the way they are read now.
    pub(crate) fn of_server(self, version: &str) -> Option<Self> {
        (self.versions.reader == READER && self.versions.server == version).then_some(self)
    }
}
