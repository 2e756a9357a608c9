//! An embedded server that speaks Metabase's wire over SQLite, so that anyone can develop, test and demo without a
//! Metabase. It shares no type with the client, so that a bug cannot agree with itself.
//!
//! [`World`] is the inside: a database, its semantic model, and everything that runs queries. [`serve`] puts HTTP
//! around it.

mod app;
mod auth;
mod data;
mod db;
mod error;
pub mod faults;
mod json;
mod native;
pub mod query;
mod requests;
mod routes;
pub mod semantic;
mod serve;
mod stream;
mod world;

pub use app::Generation;
pub use requests::LoggedRequest;
pub use serve::{Running, ServeError, ServeOptions, serve};
pub use world::{DEMO_ROWS, World, WorldError, demo_fingerprint};
