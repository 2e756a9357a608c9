//! Turns what the rules select on a server into catalog entries. Names and descriptions stay as the server has them:
//! they are data, and whoever shows them cleans them.

mod cards;
mod collections;
mod definition;
mod dimensions;
mod field_values;
mod kept_entries;
mod load;
mod loading;
mod metrics;
mod native;
mod parameters;
mod saved_metrics;
mod select;
mod tables;
mod words;

pub(super) use definition::of_card;
pub use load::LoadProgress;
pub(crate) use load::OnProgress;
pub(super) use load::load;
