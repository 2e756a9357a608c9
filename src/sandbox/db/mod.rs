//! The SQLite database under the sandbox: opening it, reading what is in it, filling it from files.

mod introspect;
mod names;
mod store;
mod types;

pub(crate) use introspect::introspect;
pub(crate) use names::humanize;
pub(crate) use store::{Store, quote};
