//! A dbt project in a folder, read from the artifacts that dbt leaves in its `target`. Nothing is sent anywhere, and dbt itself
//! is not run.
//!
//! The idea: an artifact is read once from end to end, and of each node only the few fields that decide anything are kept, so
//! that a manifest of many megabytes costs little memory. Fields that are not known are passed over. What an artifact says is
//! data, like everything that comes from outside.

mod kept;
mod metrics;
mod project;

pub use metrics::{LocalDimension, LocalMetric};
pub use project::LocalProject;
