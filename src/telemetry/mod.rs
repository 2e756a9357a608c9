//! Logging: where log lines go, and what all who log share. It knows nothing of the rest of the crate. The lines
//! themselves stand with those who log them (`wire/log.rs`, `agent/log.rs`), each with its fields chosen one by one: no
//! header, no query string, no body.
//!
//! ```
//! // Warnings and Cardinal's own infos, as text on stderr.
//! cardinal::telemetry::init(1, false);
//! tracing::info!("ready");
//! ```

mod causes;
mod setup;

pub use causes::causes;
pub use setup::init;
