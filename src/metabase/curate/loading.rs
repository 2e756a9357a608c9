//! What one load of a catalog reads once though several entries need it: collections and what lies in them, names of
//! tables, values of fields.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::collections::{CollectionPlace, Collections};
use super::field_values::{FieldSample, FieldSource};
use super::select::Listing;
use crate::metabase::call::Caller;
use crate::metabase::classic::ClassicTable;
use crate::metabase::server::DetectedServer;
use crate::metabase::sources::{ForeignTables, QueriedRows, readable};
use crate::metabase::wire_card::WireCard;
use crate::metabase::{FailureClass, FetchedValues, MetabaseError};

#[derive(Debug)]
pub(super) struct CatalogLoad<'c> {
    pub(super) caller: &'c Caller,
    pub(super) detected: &'c DetectedServer,
    pub(super) collections: Collections,
    /// Kinds of content that any rule wants of each place, so that one listing serves all of them.
    pub(super) wanted: BTreeMap<CollectionPlace, BTreeSet<&'static str>>,
    pub(super) listings: ReadOnce<CollectionPlace, Listing>,
    tables: ReadOnce<u32, Result<Arc<ClassicTable>, UnreadTable>>,
    pub(super) samples: ReadOnce<(FieldSource, String), FieldSample>,
    /// Values of parameters that filter a field, by the field's id and whether the parameter takes ids: those have other
    /// values than the texts of the same field.
    pub(super) parameters: ReadOnce<(u64, bool), FetchedValues>,
}

impl<'c> CatalogLoad<'c> {
    pub(super) fn new(caller: &'c Caller, detected: &'c DetectedServer, collections: Collections) -> Self {
        Self {
            caller,
            detected,
            collections,
            wanted: BTreeMap::new(),
            listings: ReadOnce::default(),
            tables: ReadOnce::default(),
            samples: ReadOnce::default(),
            parameters: ReadOnce::default(),
        }
    }
}

/// Why a table could not be read.
#[derive(Debug)]
struct UnreadTable {
    action: String,
    message: String,
    class: FailureClass,
    status: Option<u16>,
}

impl From<&MetabaseError> for UnreadTable {
    fn from(error: &MetabaseError) -> Self {
        Self {
            action: error.action.clone(),
            message: error.message.clone(),
            class: error.class,
            status: error.status,
        }
    }
}

impl UnreadTable {
    fn error(&self) -> MetabaseError {
        MetabaseError {
            action: self.action.clone(),
            message: self.message.clone(),
            class: self.class,
            status: self.status,
            source: None,
        }
    }
}

impl CatalogLoad<'_> {
    /// Names of the collections that a card lies in.
    pub(super) fn path(&self, card: &WireCard) -> Vec<String> {
        let (id, name) = card.place();
        self.collections.path(id, name)
    }

    /// A table as the classic API describes it. One that cannot be read is not asked for twice.
    pub(super) async fn table(&self, id: u32) -> Result<Arc<ClassicTable>, MetabaseError> {
        let read = || async {
            match ClassicTable::read(self.caller, id, false).await {
                Ok(table) => Ok(Ok(Arc::new(table))),
                Err(error) if error.class == FailureClass::Unauthorized => Err(error),
                Err(error) => Ok(Err(UnreadTable::from(&error))),
            }
        };
        match self.tables.get(id, read).await?.as_ref() {
            Ok(table) => Ok(Arc::clone(table)),
            Err(unread) => Err(unread.error()),
        }
    }

    /// The same, for names in words: none with a warning when the credential may not read them.
    pub(super) async fn table_names(
        &self,
        id: u32,
        warnings: &mut Vec<String>,
    ) -> Result<Option<Arc<ClassicTable>>, MetabaseError> {
        match self.table(id).await {
            Ok(table) => Ok(Some(table)),
            Err(error) if error.class == FailureClass::Unauthorized => Err(error),
            Err(error) => {
                warnings.push(format!("{error}; definitions that use it are not known in words"));
                Ok(None)
            }
        }
    }

    /// A table with the tables that its foreign keys lead to, as queries name them.
    pub(super) async fn source_of_table(
        &self,
        owner: String,
        id: u32,
    ) -> Result<(Arc<ClassicTable>, QueriedRows), MetabaseError> {
        let table = self.table(id).await?;
        let mut foreign = ForeignTables::new();
        for id in table.foreign_tables() {
            if let Some(other) = readable(self.table(id).await)? {
                foreign.insert(id, other);
            }
        }
        let source = QueriedRows::of_table(owner, id, &table, &foreign);
        Ok((table, source))
    }
}

/// Things that are each read once, however many want one at the same time. What failed is read again.
#[derive(Debug)]
pub(super) struct ReadOnce<K, V> {
    known: Mutex<HashMap<K, Arc<OnceCell<Arc<V>>>>>,
}

impl<K, V> Default for ReadOnce<K, V> {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
        }
    }
}

impl<K: Eq + Hash, V> ReadOnce<K, V> {
    /// The thing of that key, read by `read` if nobody has.
    pub(super) async fn get<F, R>(&self, key: K, read: F) -> Result<Arc<V>, MetabaseError>
    where
        F: FnOnce() -> R,
        R: Future<Output = Result<V, MetabaseError>>,
    {
        let once = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(known.entry(key).or_default())
        };
        let found = once.get_or_try_init(|| async { read().await.map(Arc::new) });
        found.await.cloned()
    }
}
