//! The curated set of things the model may use. A card, metric or table that is not in a [`Catalog`] cannot
//! be named in a type that the Metabase client accepts: [`AllowedCard`], [`AllowedMetric`] and
//! [`AllowedTable`] are handed out only by a lookup in a loaded catalog.
//!
//! This folder knows nothing of HTTP: `metabase` turns a server into entries, this folder keeps them.

mod allowed;
mod compare;
mod drift;
mod entry;
mod ids;
mod nearest;
mod set;
mod settings;
mod store;
mod view;

pub use crate::result::EntryKind;
pub use allowed::{AllowedCard, AllowedMetric, AllowedTable};
pub use drift::{Change, Drift, Part, PartChange, What};
pub use entry::{
    AllowedValues, CardEntry, Dimension, Entry, Measure, MetricEntry, Parameter, ParameterTarget, Segment,
    TableEntry,
};
pub use ids::{CardId, CollectionId, MeasureId, MetricId, SegmentId, TableId};
pub use nearest::nearest;
pub use set::Catalog;
pub use settings::{CatalogSettings, ContentRule, TableRule};
pub use store::{CatalogStore, Kept, Lookup, StoreError, StoreKey, Unusable};
pub use view::{ListRow, NoSuchEntry, find, list_rows};
