use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::search::CatalogIndex;
use super::{
    AllowedCard, AllowedDbtMetric, AllowedMetric, AllowedTable, CardId, CatalogNotes, Entry, EntryKind,
    MetricId, TableId,
};

/// The loaded, curated set. Immutable: a refresh makes a new one, between sessions and never inside one.
///
/// It is the permission to use what is in it, so nobody can make one from JSON: only a load from a server does, and the
/// crate's own files, whose fingerprints are checked.
///
/// ```compile_fail
/// let forged: cardinal::catalog::Catalog = serde_json::from_str(r#"{"entries": []}"#).unwrap();
/// ```
#[derive(Debug, Clone, Default, Serialize)]
pub struct Catalog {
    entries: Vec<Entry>,
    #[serde(skip_serializing_if = "CatalogNotes::is_empty")]
    notes: CatalogNotes,
    /// Worked out when it is first asked for.
    #[serde(skip)]
    fingerprint: OnceLock<String>,
    /// Made when something is first looked for.
    #[serde(skip)]
    index: OnceLock<Arc<CatalogIndex>>,
}

impl PartialEq for Catalog {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries && self.notes == other.notes
    }
}

/// A catalog as one of our files holds it: nothing says that it is still sorted and free of doubles.
#[derive(Deserialize)]
pub(crate) struct StoredCatalog {
    entries: Vec<Entry>,
    #[serde(default)]
    notes: CatalogNotes,
}

impl From<StoredCatalog> for Catalog {
    fn from(stored: StoredCatalog) -> Self {
        Self::new(stored.entries).with_notes(stored.notes)
    }
}

impl Catalog {
    /// A catalog of `entries`, sorted by kind and id; of two entries with the same kind and id the first stays.
    pub(crate) fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_by_key(|entry| (entry.kind(), entry.id()));
        entries.dedup_by_key(|entry| (entry.kind(), entry.id()));
        Self {
            entries,
            notes: CatalogNotes::default(),
            fingerprint: OnceLock::new(),
            index: OnceLock::new(),
        }
    }

    /// The same catalog with notes; those on entries that it does not have are left out.
    #[must_use]
    pub(crate) fn with_notes(mut self, mut notes: CatalogNotes) -> Self {
        let known: BTreeSet<String> = self
            .entries
            .iter()
            .map(|entry| CatalogNotes::key(entry.kind(), entry.id()))
            .collect();
        notes.entries.retain(|key, _| known.contains(key));
        self.notes = notes;
        self.fingerprint = OnceLock::new();
        self.index = OnceLock::new();
        self
    }

    /// The same catalog with further entries, and with the notes on them.
    #[must_use]
    pub(crate) fn joined(self, more: Vec<Entry>, notes: &CatalogNotes) -> Self {
        let mut told = self.notes;
        told.glossary.extend(notes.glossary.clone());
        told.entries.extend(notes.entries.clone());
        let mut entries = self.entries;
        entries.extend(more);
        Self::new(entries).with_notes(told)
    }

    /// The same for tests of what stands above it.
    #[doc(hidden)]
    #[must_use]
    pub fn noted_for_tests(self, notes: CatalogNotes) -> Self {
        self.with_notes(notes)
    }

    /// What curators say beside the entries.
    pub fn notes(&self) -> &CatalogNotes {
        &self.notes
    }

    /// A catalog of made-up entries, for tests of what stands above it.
    #[doc(hidden)]
    pub fn for_tests(entries: Vec<Entry>) -> Self {
        Self::new(entries)
    }

    /// All entries, sorted by kind and id.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Hash over everything in it, hex: two catalogs with the same fingerprint are the same.
    pub fn fingerprint(&self) -> String {
        let hash = || {
            let mut bytes = serde_json::to_vec(&self.entries).unwrap_or_default();
            if !self.notes.is_empty() {
                bytes.extend(serde_json::to_vec(&self.notes).unwrap_or_default());
            }
            blake3::hash(&bytes).to_hex().chars().take(32).collect()
        };
        self.fingerprint.get_or_init(hash).clone()
    }

    /// Words of all entries. Made once; that takes some ten milliseconds for ten thousand entries.
    pub(super) fn index(&self) -> &CatalogIndex {
        self.index
            .get_or_init(|| Arc::new(CatalogIndex::of(&self.entries, &self.notes)))
    }

    /// The entry of that kind and id, if it is curated.
    pub fn entry(&self, kind: EntryKind, id: u32) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.kind() == kind && entry.id() == id)
    }

    /// The permission to run a card, if it is curated.
    pub fn allow_card(&self, id: CardId) -> Option<AllowedCard> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Card(card) if card.id == id => Some(AllowedCard::new(Arc::clone(card))),
            _ => None,
        })
    }

    /// The permission to query a metric of Metabase, if it is curated.
    pub fn allow_metric(&self, id: MetricId) -> Option<AllowedMetric> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Metric(metric) if metric.id == id && metric.dbt.is_none() => {
                Some(AllowedMetric::new(Arc::clone(metric)))
            }
            _ => None,
        })
    }

    /// The permission to query a metric of dbt, if it is curated.
    pub fn allow_dbt_metric(&self, id: MetricId) -> Option<AllowedDbtMetric> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Metric(metric) if metric.id == id => {
                let definition = metric.dbt.as_ref()?;
                Some(AllowedDbtMetric::new(Arc::clone(metric), Arc::clone(definition)))
            }
            _ => None,
        })
    }

    /// The permission to query a table, if it is curated.
    pub fn allow_table(&self, id: TableId) -> Option<AllowedTable> {
        self.entries.iter().find_map(|entry| match entry {
            Entry::Table(table) if table.id == id => Some(AllowedTable::new(Arc::clone(table))),
            _ => None,
        })
    }
}
