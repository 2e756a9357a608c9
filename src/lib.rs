//! Cardinal answers business questions over Metabase with a language model that can only touch what an analyst curated.
//! Every call is checked before it is sent, nothing is cut or ended silently, and every figure in an answer points at the
//! cell it came from.
//!
//! Most people run the program (`cardinal ask`, `cardinal chat`, `cardinal eval`). This library is what it consists of. A
//! program of yours needs three things of it: [`Settings`], an [`App`] for each credential, and a [`Session`] for each
//! conversation.
//!
//! ```
//! use cardinal::{App, OpenOptions, SessionOptions, Settings};
//!
//! # #[tokio::main(flavor = "multi_thread")]
//! # async fn main() -> Result<(), cardinal::Error> {
//! // The embedded demo, asked through the keyword planner: no key, no network.
//! // `Settings::from_environment()` asks your Metabase through your model.
//! let app = App::open(Settings::demo(), OpenOptions::default()).await?;
//! let mut session = app.session(SessionOptions::default())?;
//!
//! let answer = session.ask("How many orders were placed in 2025?").await?;
//! assert_eq!(answer.outcome, cardinal::Outcome::Answered);
//! println!("{}", answer.text);
//! # Ok(())
//! # }
//! ```
//!
//! An [`Answer`] always has an [`Outcome`], the evidence that it rests on, and for each figure of its text the cell, total or
//! calculation it comes from. A question that could not be answered is an answer too: only what keeps a turn from beginning
//! is an [`Error`]. With a [`Recording`] each turn is kept on a tape, from which it can be replayed without a key.
//!
//! # Where to start reading
//!
//! `ARCHITECTURE.md` has the map: which folder rests on which, what the words mean, what must never be true. In the code,
//! begin with `app/session.rs`, then `agent/step.rs` (the loop), `tools` (what a model can do), `catalog/allowed.rs` (the
//! permission) and `wire/stack.rs` (the layers under every request).
//!
//! # What is stable
//!
//! What this page lists. The folders are reachable by their names so that the tests beside the library can look inside, but
//! they are left out of this documentation and change without notice.

pub use cardinal_dbt_sandbox as dbt_sandbox;
pub use cardinal_sandbox as sandbox;

pub use agent::{
    Agent, AgentParts, Answer, BudgetSettings, CallRecord, CallStatus, CellSource, Citation, CitedFigure,
    CitedResult, Event, Evidence, EvidenceRows, GroundingSettings, GuardSettings, OnUnmatched, Outcome,
    StopReason, Timings, TurnSettings, UsageReport,
};
pub use app::{App, Error, Freshness, OpenOptions, Question, Recording, Server, Session, SessionOptions};
pub use catalog::{Catalog, CatalogSettings, ContentRule, Entry, TableRule};
pub use config::{ConfigError, Settings};
pub use ledger::{Allowance, DaySettings};
pub use metabase::{AuthSettings, MetabaseSettings};
pub use model::{Model, ModelId, ModelSettings};
pub use result::{ConversationSettings, ShapingSettings};
pub use tapes::{TapeFolder, TapeSettings};

#[doc(hidden)]
pub mod agent;
#[doc(hidden)]
pub mod app;
#[doc(hidden)]
pub mod approvals;
mod atomic_file;
#[doc(hidden)]
pub mod batch;
#[doc(hidden)]
pub mod call_log;
#[doc(hidden)]
pub mod catalog;
#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod config;
#[doc(hidden)]
pub mod conversation;
#[doc(hidden)]
pub mod dbt;
#[doc(hidden)]
pub mod eval;
mod file_lock;
mod file_stamp;
#[doc(hidden)]
pub mod grants;
#[doc(hidden)]
pub mod grounding;
#[doc(hidden)]
pub mod ledger;
#[doc(hidden)]
pub mod metabase;
#[doc(hidden)]
pub mod model;
#[doc(hidden)]
pub mod operations;
#[doc(hidden)]
pub mod planner;
#[doc(hidden)]
pub mod principal;
#[doc(hidden)]
pub mod prompt;
#[doc(hidden)]
pub mod references;
#[doc(hidden)]
pub mod result;
#[doc(hidden)]
pub mod server;
#[doc(hidden)]
pub mod tapes;
#[doc(hidden)]
pub mod telemetry;
#[doc(hidden)]
pub mod text;
#[doc(hidden)]
pub mod tools;
#[cfg(feature = "otel")]
#[doc(hidden)]
pub mod traces;
#[doc(hidden)]
pub mod wire;
