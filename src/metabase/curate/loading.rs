//! What one load of a catalog reads once though several entries need it: collections and what lies in them, names of
//! tables, values of fields.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use super::collections::{CollectionPlace, Collections};
use super::field_values::{FieldSample, FieldSource};
use super::select::Listing;
use super::tables::TableNames;
use crate::metabase::call::Caller;
use crate::metabase::{FetchedValues, MetabaseError};

/// One load under way.
#[derive(Debug)]
pub(super) struct Loading<'c> {
    pub(super) caller: &'c Caller,
    pub(super) collections: Collections,
    /// Kinds of content that any rule wants of each place, so that one listing serves all of them.
    pub(super) wanted: BTreeMap<CollectionPlace, BTreeSet<&'static str>>,
    pub(super) listings: ReadOnce<CollectionPlace, Listing>,
    pub(super) tables: ReadOnce<u32, Result<TableNames, String>>,
    pub(super) samples: ReadOnce<(FieldSource, String), FieldSample>,
    /// Values of parameters that filter a field, by the field's id and whether the parameter takes ids: those have other
    /// values than the texts of the same field.
    pub(super) parameters: ReadOnce<(u64, bool), FetchedValues>,
}

impl<'c> Loading<'c> {
    pub(super) fn new(caller: &'c Caller, collections: Collections) -> Self {
        Self {
            caller,
            collections,
            wanted: BTreeMap::new(),
            listings: ReadOnce::default(),
            tables: ReadOnce::default(),
            samples: ReadOnce::default(),
            parameters: ReadOnce::default(),
        }
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
