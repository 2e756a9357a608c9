//! The curated set of things the model may use. A card, metric or table that is not in a [`Catalog`] cannot
//! be named in a type that a client accepts: [`AllowedCard`], [`AllowedMetric`], [`AllowedTable`] and [`AllowedDbtMetric`]
//! are handed out only by a lookup in a loaded catalog.
//!
//! This folder knows nothing of HTTP: `metabase` turns a server into entries; this folder keeps them on disk, compares
//! two loads of them, finds entries by words, and the nearest names to one that is not there.
//!
//! ```no_run
//! # use cardinal::catalog::{CardId, Catalog};
//! # fn look(catalog: &Catalog) {
//! match catalog.allow_card(CardId(7)) {
//!     Some(card) => println!("may run {}", card.entry().name),
//!     None => println!("card 7 is not curated"),
//! }
//! # }
//! ```
//!
//! Start with `entry.rs` for what is known of a card, metric or table, `allowed.rs` for the permission, and `store.rs` for
//! the files.

mod allowed;
mod allowed_values;
mod compare;
mod conflict;
mod dbt_metric;
mod drift;
mod entry;
mod ids;
mod nearest;
mod notes;
mod search;
mod set;
mod settings;
mod store;
mod versions;
mod view;
mod warehouse_table;

pub use crate::result::EntryKind;
pub use allowed::{AllowedCard, AllowedDbtMetric, AllowedMetric, AllowedTable};
pub use allowed_values::AllowedValues;
pub use conflict::{CardDefinition, ConflictSide, DefinitionConflict, cards_like_dbt_metrics, conflicts};
pub use dbt_metric::{DbtMetricDefinition, SqlDialect};
pub(crate) use dbt_metric::{METRIC_TIME, dbt_metric_ids};
pub use drift::{ChangeKind, Drift, EntryChange, EntryPart, PartChange};
pub use entry::{
    CardEntry, Dimension, Entry, Measure, MetricEntry, Parameter, ParameterTarget, SavedGroup, Segment,
    TableEntry,
};
pub use ids::{CardId, CollectionId, MeasureId, MetricId, SegmentId, TableId};
pub use nearest::nearest;
pub use notes::{CatalogNotes, EntryNotes};
pub use search::CatalogSearch;
pub use set::Catalog;
pub(crate) use set::StoredCatalog;
pub use settings::{CatalogSettings, ContentRule, DbtMetricRule, TableRule};
pub use store::{CatalogStore, KeptCatalog, LoadRemarks, StoreError, StoreKey, StoreLookup, UnusableReason};
pub use versions::{EarlierCatalog, EntryVersions};
pub use view::{ListRow, NoSuchEntry, find, list_rows};
pub use warehouse_table::WarehouseTable;
