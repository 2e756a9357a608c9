//! The curated set of things the model may use. A card, metric or table that is not in a [`Catalog`] cannot
//! be named in a type that the Metabase client accepts: [`AllowedCard`], [`AllowedMetric`] and
//! [`AllowedTable`] are handed out only by a lookup in a loaded catalog.
//!
//! This folder knows nothing of HTTP: `metabase` turns a server into entries, this folder keeps them.

mod allowed;
mod entry;
mod ids;
mod set;

pub use allowed::{AllowedCard, AllowedMetric, AllowedTable};
pub use entry::{
    AllowedValues, CardEntry, Dimension, Entry, EntryKind, Measure, MetricEntry, Parameter, ParameterTarget,
    Segment, TableEntry,
};
pub use ids::{CardId, CollectionId, MeasureId, MetricId, SegmentId, TableId};
pub use set::Catalog;
