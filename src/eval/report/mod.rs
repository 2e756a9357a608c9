//! Reports of a run, for people and for CI: all computed from its records and summary.

mod error;
mod html;
mod junit;
mod markdown;
mod transcript;

pub use error::ReportError;
pub use html::html;
pub use junit::junit;
pub use markdown::markdown;
pub(crate) use markdown::{effect, figures};
pub use transcript::transcript;
