use std::collections::BTreeSet;
use std::future::Future;

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::collections::Collections;
use super::kept_entries::KeptEntries;
use super::loading::CatalogLoad;
use super::select::{SelectedBy, SelectedContent, select, selects, want};
use super::{cards, metrics, tables};
use crate::catalog::{Catalog, CatalogNotes, CatalogSettings, EarlierCatalog, Entry, EntryKind};
use crate::metabase::call::Caller;
use crate::metabase::server::DetectedServer;
use crate::metabase::{FailureClass, FetchedCatalog, MetabaseError};
use crate::wire::WireError;

/// What a card is called where collections list it: a saved question, or a model.
const CARDS: [&str; 2] = ["card", "dataset"];
const METRICS: [&str; 1] = ["metric"];

/// An entry as read, or the reason why it is left out, with further warnings about it.
#[derive(Debug)]
pub(super) struct EntryRead {
    pub(super) entry: Option<Entry>,
    pub(super) warnings: Vec<String>,
    /// Whether a part of it is missing because the server failed just now.
    pub(super) outage: bool,
}

impl EntryRead {
    /// An entry that is left out.
    pub(super) fn left_out(warning: String) -> Self {
        Self {
            entry: None,
            warnings: vec![warning],
            outage: false,
        }
    }
}

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoadProgress {
    /// Entries that were read, or left out.
    pub read: usize,
    /// Entries that are known to be selected so far.
    pub selected: usize,
}

/// Is told how far a load is: after each entry, from whichever thread loads.
pub(crate) type OnProgress<'p> = &'p (dyn Fn(LoadProgress) + Sync);

/// Loads everything the rules select, with a bounded number of requests in flight. What was loaded `before` and not edited
/// since is kept.
pub(in crate::metabase) async fn load(
    caller: &Caller,
    detected: &DetectedServer,
    rules: &CatalogSettings,
    (before, now): (Option<EarlierCatalog<'_>>, Timestamp),
    on_progress: OnProgress<'_>,
) -> Result<FetchedCatalog, MetabaseError> {
    let mut gathered = CollectedEntries {
        on_progress,
        progress: LoadProgress { read: 0, selected: 0 },
        kept: KeptEntries::new(before, now, &detected.info.reading()),
        entries: Vec::new(),
        warnings: Vec::new(),
        limits: Vec::new(),
        outage: None,
        incomplete: false,
    };
    let caller = &caller.paced();
    let collections = if selects(&rules.cards) || selects(&rules.metrics) {
        Collections::read(caller).await?
    } else {
        Collections::default()
    };
    let mut loading = CatalogLoad::new(caller, detected, collections);
    want(&mut loading, &rules.cards, &CARDS);
    want(&mut loading, &rules.metrics, &METRICS);
    let loading = &loading;
    let mut notes = rules.notes.clone();
    if selects(&rules.cards) {
        let selected = select(loading, &rules.cards, |id| id.0, &CARDS).await?;
        let read = |(id, selected)| cards::read(loading, id, selected);
        gathered.all(loading, EntryKind::Card, selected, read).await?;
    }
    // What is left where no query can be asked, and why.
    let only_as_saved = detected.why_none().filter(|_| !detected.info.dataset_route);
    if selects(&rules.metrics) {
        let selected = select(loading, &rules.metrics, |id| id.0, &METRICS).await;
        match (selected, only_as_saved) {
            (Ok(selected), reason) => {
                if selected.no_metrics {
                    gathered.no_metrics(&detected.info.version);
                }
                let read = |(id, _)| metrics::read(loading, id);
                gathered.all(loading, EntryKind::Metric, selected, read).await?;
                if let Some(reason) = reason {
                    let entries = gathered.entries.iter();
                    let metrics = entries.filter(|entry| matches!(entry, Entry::Metric(_)));
                    gathered.restricted("metric", metrics.count(), reason);
                }
            }
            (Err(_), Some(reason)) => gathered.left_out("metric", None, reason),
            (Err(error), None) => return Err(error),
        }
    }
    let mut listed = None;
    if !rules.tables.ids.is_empty() || rules.tables.name_prefix.is_some() {
        let by_name = rules.tables.name_prefix.is_some();
        if let Some(reason) = only_as_saved {
            let count = if by_name {
                let databases = tables::Databases::read(caller, true).await.ok();
                databases.map(|databases| databases.select(&rules.tables).ids.len())
            } else {
                Some(rules.tables.ids.len())
            };
            gathered.left_out("table", count, reason);
        } else {
            let databases = tables::Databases::read(caller, by_name).await?;
            // Lists do not say when the fields of a table changed.
            let selected = databases.select(&rules.tables);
            let read = |(id, _)| tables::read(loading, &databases, id);
            gathered.all(loading, EntryKind::Table, selected, read).await?;
            listed = Some(databases);
        }
    }
    if listed.is_none() && !gathered.entries.is_empty() {
        // What they hold is good to know, and no more: whoever may not list databases has a catalog all the same.
        listed = tables::Databases::read(caller, false).await.ok();
    }
    notes.databases = listed
        .map(|databases| databases.descriptions())
        .unwrap_or_default();
    let path = |entry: &Entry| entry.collection().join(" / ");
    let places: BTreeSet<String> = gathered.entries.iter().map(path).collect();
    notes.collections = loading.collections.descriptions(&places);
    gathered.finish(notes)
}

struct CollectedEntries<'p> {
    on_progress: OnProgress<'p>,
    progress: LoadProgress,
    kept: KeptEntries<'p>,
    entries: Vec<Entry>,
    warnings: Vec<String>,
    limits: Vec<String>,
    /// The first failure that says more about the server than about one entry.
    outage: Option<MetabaseError>,
    /// Whether anything is missing because the server failed just now.
    incomplete: bool,
}

impl CollectedEntries<'_> {
    /// Tells how many entries of a kind are left out because no query can be asked, and why.
    fn left_out(&mut self, kind: &str, count: Option<usize>, reason: &str) {
        if let Some(entries) = counted(kind, count) {
            self.limits.push(format!(
                "{entries} left out, because there is no Agent API ({reason}); `[metabase] dataset_route = \
                 \"fallback\"` lets them be asked over the classic route"
            ));
        }
    }

    /// Tells how many entries of a kind can only be had as they are saved, and why.
    fn restricted(&mut self, kind: &str, count: usize, reason: &str) {
        if let Some(entries) = counted(kind, Some(count)) {
            self.limits.push(format!(
                "{entries} only as saved, without filters and further groups, because there is no Agent API \
                 ({reason}); `[metabase] dataset_route = \"fallback\"` lifts that"
            ));
        }
    }

    /// Tells that the server has no metrics at all, so that questions about them come to nothing.
    fn no_metrics(&mut self, version: &str) {
        self.limits.push(format!(
            "no metrics, because {version} has none among its cards (they came with v0.50); only saved questions and models \
             answer there, each by the groups it has"
        ));
    }

    async fn all<F, R>(
        &mut self,
        loading: &CatalogLoad<'_>,
        kind: EntryKind,
        mut selected: SelectedContent,
        read: F,
    ) -> Result<(), MetabaseError>
    where
        F: Fn((u32, SelectedBy)) -> R,
        R: Future<Output = Result<EntryRead, MetabaseError>>,
    {
        self.warnings.append(&mut selected.warnings);
        self.progress.selected += selected.ids.len();
        let kept = self.kept.take(kind, &mut selected, &loading.collections);
        self.progress.read += kept.len();
        self.entries.extend(kept);
        (self.on_progress)(self.progress);
        // In order of ids, whichever response comes first.
        let at_once = loading.caller.settings.max_concurrency.max(1);
        let mut reads = stream::iter(selected.ids.into_iter().map(read)).buffered(at_once);
        while let Some(read) = reads.next().await {
            self.progress.read += 1;
            (self.on_progress)(self.progress);
            match read {
                Ok(read) => {
                    self.kept.note(&read, &selected.listed);
                    self.entries.extend(read.entry);
                    self.warnings.extend(read.warnings);
                    self.incomplete |= read.outage;
                }
                Err(error) if concerns_all(&error) => return Err(error),
                Err(error) => {
                    self.warnings.push(format!("{error}; left out"));
                    if is_outage(error.class) {
                        self.incomplete = true;
                        self.outage.get_or_insert(error);
                    }
                }
            }
        }
        Ok(())
    }

    /// A catalog that is empty only because the server failed is not a catalog.
    fn finish(mut self, notes: CatalogNotes) -> Result<FetchedCatalog, MetabaseError> {
        // Several entries may read one odd thing.
        let mut told = BTreeSet::new();
        self.warnings.retain(|warning| told.insert(warning.clone()));
        match self.outage {
            Some(error) if self.entries.is_empty() => Err(error),
            _ => Ok(FetchedCatalog {
                catalog: Catalog::new(self.entries).with_notes(notes),
                warnings: self.warnings,
                limits: self.limits,
                incomplete: self.incomplete,
                kept: self.kept.count,
                versions: self.kept.versions,
            }),
        }
    }
}

/// `3 metrics`; nothing where there are none.
fn counted(kind: &str, count: Option<usize>) -> Option<String> {
    match count {
        Some(0) => None,
        Some(1) => Some(format!("1 {kind}")),
        Some(count) => Some(format!("{count} {kind}s")),
        None => Some(format!("{kind}s")),
    }
}

fn concerns_all(error: &MetabaseError) -> bool {
    error.class == FailureClass::Unauthorized || matches!(error.source, Some(WireError::Connect { .. }))
}

/// Whether a failure may be over the next time.
pub(super) fn is_outage(class: FailureClass) -> bool {
    matches!(
        class,
        FailureClass::Unavailable | FailureClass::Timeout | FailureClass::Throttled
    )
}
