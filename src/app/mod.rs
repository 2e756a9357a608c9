//! Everything one process needs to answer questions, assembled once from the [`Settings`](crate::config::Settings):
//! wire, Metabase client, catalog, prompt, model, tools, agent. Surfaces (command line, later a server) start here.

mod day;
mod error;
mod network;
mod open;
mod place;
mod shelf;

pub use day::book as day_book;
pub use error::AppError;
pub use network::wire;
pub use open::{App, OpenOptions, price};
pub use place::Place;
pub use shelf::{Freshness, Shelf, Shelved};
