//! What a program starts with. [`App`] assembles everything from the [`Settings`](crate::config::Settings) once for a process
//! and one credential: it reaches the Metabase (or starts the demo), loads the catalog, renders the prompt. [`Session`] is one
//! conversation in it. Sessions share connections, cache, limits, catalog and prompt, so that a new one costs next to nothing.
//!
//! ```no_run
//! use cardinal::{App, Settings};
//!
//! # async fn run() -> Result<(), cardinal::Error> {
//! let app = App::open(Settings::demo(), Default::default()).await?;
//! let mut session = app.session(Default::default())?;
//! let answer = session.ask("How many orders were placed in 2025?").await?;
//! println!("{}", answer.text);
//! # Ok(())
//! # }
//! ```
//!
//! Start reading at [`App::open`].

mod answer_health;
mod catalog_cache;
mod day;
mod dbt;
mod ended_run;
mod error;
mod identity;
mod network;
mod open;
mod personal;
mod reach;
mod recording;
mod semantic_layer;
mod server;
mod session;
mod shared_catalogs;

pub(crate) use catalog_cache::{CatalogCache, CatalogClients};
pub use catalog_cache::{Freshness, OpenedCatalog};
pub use day::book as day_book;
pub(crate) use dbt::health_connection;
pub use error::Error;
pub use identity::AppIdentity;
pub use network::{ReachedSystems, wire};
pub(crate) use network::{limits_of_many, model_wire, request_limits};
pub use open::{App, OpenOptions, SessionOptions, price};
pub(crate) use personal::personal_auth;
pub use recording::Recording;
pub use semantic_layer::semantic_layer;
pub use server::{Server, dbt_beside, dbt_settings};
pub use session::{Question, Session};
