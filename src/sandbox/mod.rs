//! An embedded server that speaks Metabase's wire over SQLite, so that anyone can develop, test and demo without a
//! Metabase. It shares no type with the client, so that a bug cannot agree with itself.
//!
//! [`World`] is the inside: a database, its semantic model, and everything that runs queries. What HTTP needs is on it.

mod db;
pub mod query;
pub mod semantic;
mod world;

pub use world::{World, WorldError};
