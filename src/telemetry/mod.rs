//! Logging and traces: where log lines go, and what all share who log or make spans. It knows nothing of the rest of the
//! crate. The lines and spans themselves stand with those who write them (`wire/log.rs`, `agent/log.rs`, `wire/span.rs`,
//! `agent/spans.rs`), with their fields chosen one by one: no header, no query string, no body. What sends traces away is
//! `src/traces`.
//!
//! ```
//! // Warnings and Cardinal's own infos, as text on stderr.
//! cardinal::telemetry::init(1, false);
//! tracing::info!("ready");
//! ```

mod causes;
mod content;
mod parent;
mod setup;
mod spans;

pub(crate) use causes::causes;
pub(crate) use content::logs_content;
pub use content::show_content;
#[cfg(feature = "otel")]
pub(crate) use parent::planned_trace;
pub(crate) use parent::{TraceParent, untraced};
pub use setup::init;
#[cfg(feature = "otel")]
pub(crate) use setup::{SpanLayer, init_with};
pub(crate) use spans::SPANS;
pub(crate) use spans::{count, failed, is_traced, set_texts, shows_content};
