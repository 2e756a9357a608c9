//! The checks that a call passes before anything is sent: arguments that can be read, closed keys, ids that are in the
//! catalog, names of that very entry, values that fit.
//!
//! A check turns what the model wrote into something typed, or into a [`Rejection`] that says how to do it right. Each
//! check also gives the canonical form of what it read, so that two calls that mean the same have the same bytes.
//!
//! Only the structure of the catalog decides (ids, names, types, declared values). Descriptions and everything else
//! that Metabase says are data and change nothing here. A check knows no tool; [`query_tool`] names the tool for a kind
//! of entry, where a rejection has to point at one.
//!
//! Start with [`rejection`], then read `entry` (ids), `names` (everything else that has a name) and `filter`.

mod aggregation;
mod card_value;
mod dates;
mod entry;
mod filter;
mod grouping;
mod held_operations;
mod held_result;
mod json;
mod named_entry;
mod names;
mod operations;
mod rejection;
mod scalar;
pub(super) mod short_forms;
mod sql;
mod words;

pub(super) use aggregation::{FUNCTIONS, aggregations};
pub(super) use card_value::{ParameterForm, card_value, takes_list};
pub(super) use entry::{CuratedMetric, card, entry_kind, metric, table};
pub(super) use filter::filters;
pub(super) use grouping::{dimension, group_by, group_example, limit};
pub(super) use held_operations::{
    HELD_FUNCTIONS, held_aggregate, held_aggregates, held_columns, held_filters, held_groups, held_sort,
};
pub(super) use held_result::{column as held_column, held};
pub(super) use json::{decode, list, object};
pub use named_entry::NamedEntry;
pub(super) use names::{nearest, resolve, unknown};
pub(super) use rejection::Rejection;
pub use rejection::{Refusal, RefusalClass};
pub(super) use scalar::{number_value, person_text};
pub(super) use words::{entry_title, kind_word, listing, query_tool, quote};
