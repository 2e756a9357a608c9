use std::future::Future;

use futures_util::{StreamExt, stream};

use super::collections::Collections;
use super::select::{Named, select, selects};
use super::{cards, metrics, tables};
use crate::catalog::CatalogSettings;
use crate::catalog::{Catalog, Entry};
use crate::metabase::call::Caller;
use crate::metabase::server::Detected;
use crate::metabase::{FailureClass, LoadedCatalog, MetabaseError};
use crate::wire::WireError;

/// An entry as read, or the reason why it is left out, with further warnings about it.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) entry: Option<Entry>,
    pub(super) warnings: Vec<String>,
    /// Whether a part of it is missing because the server failed just now.
    pub(super) outage: bool,
}

impl Read {
    /// An entry that is left out.
    pub(super) fn left_out(warning: String) -> Self {
        Self {
            entry: None,
            warnings: vec![warning],
            outage: false,
        }
    }
}

/// Loads everything the rules select, with a bounded number of requests in flight.
pub(in crate::metabase) async fn load(
    caller: &Caller,
    detected: &Detected,
    rules: &CatalogSettings,
) -> Result<LoadedCatalog, MetabaseError> {
    let mut gathered = Gathered::default();
    let collections = if selects(&rules.cards) || selects(&rules.metrics) {
        Collections::read(caller).await?
    } else {
        Collections::default()
    };
    if selects(&rules.cards) {
        let selected = select(
            caller,
            &collections,
            &rules.cards,
            |id| id.0,
            &["card", "dataset"],
        )
        .await?;
        gathered.warnings.extend(selected.warnings);
        let read = |(id, named)| cards::read(caller, &collections, id, named);
        gathered.all(caller, selected.ids, read).await?;
    }
    if selects(&rules.metrics) && gathered.needs_agent_api(detected, "load metrics") {
        let selected = select(caller, &collections, &rules.metrics, |id| id.0, &["metric"]).await?;
        gathered.warnings.extend(selected.warnings);
        let read = |(id, named)| metrics::read(caller, &collections, id, named);
        gathered.all(caller, selected.ids, read).await?;
    }
    let wants_tables = !rules.tables.ids.is_empty() || rules.tables.name_prefix.is_some();
    if wants_tables && gathered.needs_agent_api(detected, "load tables") {
        let databases = tables::Databases::read(caller, rules.tables.name_prefix.is_some()).await?;
        let selected = databases.select(&rules.tables);
        let read = |(id, named)| tables::read(caller, &databases, id, named);
        gathered.all(caller, selected, read).await?;
    }
    gathered.finish()
}

#[derive(Debug, Default)]
struct Gathered {
    entries: Vec<Entry>,
    warnings: Vec<String>,
    /// The first failure that says more about the server than about one entry.
    outage: Option<MetabaseError>,
    /// Whether anything is missing because the server failed just now.
    incomplete: bool,
}

impl Gathered {
    fn needs_agent_api(&mut self, detected: &Detected, action: &str) -> bool {
        match detected.generation(action) {
            Ok(_) => true,
            Err(error) => {
                self.warnings.push(error.to_string());
                false
            }
        }
    }

    async fn all<F, R>(
        &mut self,
        caller: &Caller,
        ids: impl IntoIterator<Item = (u32, Named)>,
        read: F,
    ) -> Result<(), MetabaseError>
    where
        F: Fn((u32, Named)) -> R,
        R: Future<Output = Result<Read, MetabaseError>>,
    {
        // In order of ids, whichever response comes first.
        let mut reads =
            stream::iter(ids.into_iter().map(read)).buffered(caller.settings.max_concurrency.max(1));
        while let Some(read) = reads.next().await {
            match read {
                Ok(read) => {
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

    /// A catalog that is empty only because the server failed is no catalog.
    fn finish(self) -> Result<LoadedCatalog, MetabaseError> {
        match self.outage {
            Some(error) if self.entries.is_empty() => Err(error),
            _ => Ok(LoadedCatalog {
                catalog: Catalog::new(self.entries),
                warnings: self.warnings,
                incomplete: self.incomplete,
            }),
        }
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
