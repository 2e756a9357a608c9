//! Entries that a refresh does not read again, because their collection's list says that nobody edited them.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::collections::Collections;
use super::load::EntryRead;
use super::select::{ListedVersion, SelectedContent};
use crate::catalog::{EarlierCatalog, Entry, EntryKind, EntryVersions};

/// What was loaded before, and what the next load is to know.
#[derive(Debug)]
pub(super) struct KeptEntries<'c> {
    before: Option<EarlierCatalog<'c>>,
    now: Timestamp,
    pub(super) versions: EntryVersions,
    /// How many entries were kept.
    pub(super) count: usize,
}

impl<'c> KeptEntries<'c> {
    pub(super) fn new(before: Option<EarlierCatalog<'c>>, now: Timestamp, server: &str) -> Self {
        Self {
            before,
            now,
            versions: EntryVersions::of_server(server),
            count: 0,
        }
    }

    /// Takes out of a selection what need not be read, and returns it. Only where an entry lies is taken from the lists: a
    /// collection that was renamed is an edit of none of its entries.
    pub(super) fn take(
        &mut self,
        kind: EntryKind,
        selected: &mut SelectedContent,
        collections: &Collections,
    ) -> Vec<Entry> {
        let Some(before) = self.before else {
            return Vec::new();
        };
        let mut kept = Vec::new();
        for (id, listed) in &selected.listed {
            let place = collections.path_of(listed.place);
            let unedited = before.unedited((kind, *id), &listed.edited, self.now);
            if let (Some(place), Some((entry, read_at))) = (place, unedited) {
                kept.push(placed(entry, place));
                selected.ids.remove(id);
                self.versions.note(kind, *id, &listed.edited, read_at);
            }
        }
        self.count += kept.len();
        kept
    }

    /// Notes the version of an entry that was read. One that came with warnings is read again the next time, so that they
    /// are said again or are over.
    pub(super) fn note(&mut self, read: &EntryRead, listed: &BTreeMap<u32, ListedVersion>) {
        let Some(entry) = read
            .entry
            .as_ref()
            .filter(|_| read.warnings.is_empty() && !read.outage)
        else {
            return;
        };
        if let Some(version) = listed.get(&entry.id()) {
            self.versions
                .note(entry.kind(), entry.id(), &version.edited, self.now);
        }
    }
}

/// The entry in that collection.
fn placed(entry: &Entry, place: &[String]) -> Entry {
    let mut entry = entry.clone();
    if entry.collection() != place {
        match &mut entry {
            Entry::Card(card) => Arc::make_mut(card).collection = place.to_vec(),
            Entry::Metric(metric) => Arc::make_mut(metric).collection = place.to_vec(),
            Entry::Table(table) => Arc::make_mut(table).collection = place.to_vec(),
        }
    }
    entry
}
