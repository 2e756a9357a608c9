//! The command line: one file per command. Commands start a flow and listen to its events; they never reach inside.

#![allow(
    clippy::result_large_err,
    reason = "an error ends the command, so that its size costs nothing"
)]

mod answer;
mod approvals;
mod args;
mod ask;
mod batch;
mod catalog;
mod chat;
mod dbt;
mod doctor;
mod error;
mod eval;
mod exit;
mod grants;
mod init;
mod interrupt;
mod lines;
mod listen;
mod log;
mod manual;
mod progress;
mod render;
mod run;
mod run_progress;
mod sandbox;
mod saved_queries;
mod serve;
mod settings;
mod sources;
mod table;
mod tape;
mod term;
mod token;
mod turn;

pub use run::run;
