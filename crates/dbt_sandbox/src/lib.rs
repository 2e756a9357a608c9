//! A stand-in for dbt's three APIs, so that a client of dbt can be developed, tested and shown without an account.
//!
//! It serves the Administrative API (versions 2 and 3), the Discovery API and the Semantic Layer on one port: a small
//! account with projects, jobs and runs, over a real dbt project (`project/`) whose artifacts are committed. Runs that are
//! triggered go on by themselves, webhooks are signed and sent, and metrics are computed over the demo's tables in SQLite.
//! It shares no type with Cardinal's client of dbt. What one of them gets wrong, the other does not get wrong in the same
//! way.
//!
//! ```no_run
//! # async fn example(address: String) -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//!
//! use cardinal_dbt_sandbox::{DbtServeOptions, serve};
//!
//! // `address` is the SQLite address of the tables that the project's sources are read from.
//! let sandbox = serve(DbtServeOptions::new(Arc::new(move || Ok(address.clone())))).await?;
//! println!("{}", sandbox.announcement());
//! # Ok(())
//! # }
//! ```

mod access;
mod account;
mod admin;
mod artifacts;
mod clock;
mod discovery;
mod envelope;
mod faults;
mod graphql;
mod nearest;
mod paging;
mod project;
mod request_log;
mod runs;
mod semantic;
mod serve;
mod state;
mod throttle;
mod webhooks;

pub use access::DbtToken;
pub use faults::{DbtFaultSyntaxError, DbtFaults};
pub use project::{DbtProject, DbtProjectError};
pub use request_log::ReceivedRequest;
pub use runs::{RunEnding, RunPhase};
pub use semantic::DataAddress;
pub use serve::{DbtServeError, DbtServeOptions, RunningDbtSandbox, serve};
