//! A stand-in for a Metabase server, so that a client of Metabase can be developed, tested and shown without one.
//!
//! It speaks Metabase's wire over SQLite: sessions, API keys and signed tokens, collections, saved questions with
//! parameters, metrics, dashboards, permissions, the Agent API of each generation ([`ServedGeneration`]), and each way in
//! which a server fails ([`faults`]). It shares no type with Cardinal's client. What one of them gets wrong, the other does not get wrong in
//! the same way.
//!
//! A [`World`] is a database with its *semantic model*: what its tables mean, which questions are saved, and who may read
//! them. A world never changes, so it can be shared between threads and is worked out once. [`serve`] puts HTTP around
//! one; each of its [`RunningSandbox`]es has sessions, faults and a log of requests of its own.
//!
//! ```
//! use std::sync::Arc;
//!
//! use cardinal_sandbox::{ServeOptions, World, serve};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
//! # runtime.block_on(async {
//! let world = tokio::task::spawn_blocking(World::demo).await??;
//! // Port 0, which `new` takes, is any free one.
//! let sandbox = serve(ServeOptions::new(Arc::new(world))).await?;
//! assert!(sandbox.url.starts_with("http://127.0.0.1:"));
//! // Ask it with the key in `sandbox.api_key`, then see what it was asked.
//! assert!(sandbox.requests().is_empty());
//! sandbox.shutdown().await;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```
//!
//! To read the code, begin with `world.rs`; `routes` has a file for each group of routes, `query` turns MBQL into SQL,
//! `native` fills the template tags of SQL cards, and `semantic` reads the model file that `docs/sandbox-model.md`
//! describes.

mod auth;
mod check;
mod data;
mod db;
mod draft;
mod error;
mod facts;
pub mod faults;
mod generation;
mod native;
mod ordered_json;
pub mod query;
mod query_stream;
mod request_log;
mod routes;
pub mod semantic;
mod serve;
mod state;
mod world;

pub use generation::{ServedEdition, ServedGeneration, UnknownGeneration};
pub use request_log::LoggedRequest;
pub use semantic::{ModelFault, model_schema};
pub use serve::{RunningSandbox, ServeError, ServeOptions, serve};
pub use world::{DEMO_ROWS, World, WorldError, demo_fingerprint};
