//! The SQLite database under the sandbox: opening it, reading what is in it, filling it from files.

mod csv_folder;
mod introspect;
mod names;
mod store;
mod told_keys;
mod types;

pub(crate) use csv_folder::{Descriptions, load_csv_folder};
pub(crate) use introspect::introspect;
pub(crate) use names::humanize;
pub(crate) use store::{Store, quote};
pub(crate) use types::base_type;
