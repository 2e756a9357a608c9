//! The SQLite database under the sandbox: opening it, reading what is in it, filling it from files.

mod csv_folder;
mod inferred_keys;
mod introspect;
mod names;
mod pool;
mod types;

pub(crate) use csv_folder::{ColumnDescriptions, load_csv_folder};
pub(crate) use introspect::introspect;
pub(crate) use names::humanize;
pub(crate) use pool::{SqlitePool, quote};
pub(crate) use types::base_type;
