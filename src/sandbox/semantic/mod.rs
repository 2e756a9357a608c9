//! What the sandbox knows about its database: tables, collections, cards, segments, measures and who may see them.

mod access;
mod card;
mod database;
mod model;

pub use access::{Access, ApiKey, Group, Scope, User};
pub use card::{Card, CardKind, Collection, Measure, Segment};
pub use database::{Database, Field, Table};
pub use model::SemanticModel;
