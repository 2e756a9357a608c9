//! Runs of jobs: how they look, how they go on by themselves, and what they leave behind.

mod drive;
mod history;
mod record;
mod steps;

pub(crate) use drive::{RunEngine, RunTrigger};
pub(crate) use history::past_runs;
pub use record::{RunEnding, RunPhase};
pub(crate) use record::{complete, is_over, status_of};
