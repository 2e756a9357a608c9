//! Runs recorded cases again: from their tapes alone ([`Mode::Replay`]), with the model from tape and the tools live
//! ([`Mode::ReplayModel`]), or with another model or prompt over recorded results ([`Mode::Counterfactual`]).
//!
//! [`ReplayOptions::plan`] finds the recorded cases, [`replay_suites`] runs them, `regrade_recordings` grades them again
//! and updates their notes. Start at `run.rs`.
//!
//! [`Mode::Replay`]: super::Mode::Replay
//! [`Mode::ReplayModel`]: super::Mode::ReplayModel
//! [`Mode::Counterfactual`]: super::Mode::Counterfactual

mod from_tape;
mod live_tools;
mod plan;
mod recording;
mod regrade;
mod results;
mod run;

pub use plan::{ReplayOptions, ReplayPlan, recorded};
pub(crate) use regrade::{RegradedRecording, regrade_recordings};
pub use run::replay_suites;
