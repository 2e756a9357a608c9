//! What the sandbox knows about its database: tables, collections, cards, segments, measures and who may see them.
//! All of it comes from a small YAML file over the introspected tables; `demo.yaml` is one.

mod access;
mod card;
mod cards;
mod database;
mod file;
mod ids;
mod model;
mod names;
mod people;
mod resolve;

pub use access::{Access, ApiKey, Group, Scope, User};
pub use card::{Card, CardKind, Collection, Measure, Segment};
pub use database::{Database, Field, Table};
pub use model::SemanticModel;

pub(crate) use database::is_temporal;
pub(crate) use resolve::load;
