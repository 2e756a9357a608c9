//! Cardinal answers business questions over Metabase with a language model that can only touch what an analyst
//! curated. Every call is checked before it is sent, nothing is cut or ended silently, and every number in an
//! answer points at where it came from.
//!
//! # Layout
//!
//! Arrows run downwards only.
//!
//! - [`cli`]: the commands.
//! - [`app`]: everything one process needs, assembled from the settings.
//! - [`tapes`]: whole turns recorded, and replayed without a key or a socket.
//! - [`agent`]: the loop, its guard and budgets, outcomes, answers and events.
//! - [`eval`]: cases, suites and graders.
//! - [`conversation`]: conversations, each with its history.
//! - [`ledger`]: what a principal used today, shared by all processes.
//! - [`tools`]: what the model may call, and the gate before it.
//! - [`prompt`]: what the model reads first, byte-stable and hashed.
//! - [`model`]: language models, and the planner that needs none.
//! - [`metabase`]: the Metabase client.
//! - [`catalog`]: the curated set; the permission.
//! - [`result`]: tables, shaping, totals.
//! - [`grounding`]: numbers in prose.
//! - [`wire`]: the one seam all HTTP crosses.
//! - [`config`]: file, environment and flags, validated once.
//! - [`telemetry`]: where log lines go.
//! - [`principal`]: who asks.
//! - [`text`]: text from outside made safe to show.
//!
//! The [`sandbox`] is apart: a Metabase stand-in that shares no type with the client.

pub use cardinal_sandbox as sandbox;

pub use agent::{Answer, Event, Outcome, StopReason};
pub use app::{App, Error, OpenOptions, Question, Recording, Session, SessionOptions};
pub use catalog::Catalog;
pub use config::Settings;
pub use model::Model;

pub mod agent;
pub mod app;
pub mod catalog;
pub mod cli;
pub mod config;
pub mod conversation;
pub mod eval;
pub mod grounding;
pub mod ledger;
pub mod metabase;
pub mod model;
pub mod principal;
pub mod prompt;
pub mod result;
pub mod tapes;
pub mod telemetry;
pub mod text;
pub mod tools;
pub mod wire;
