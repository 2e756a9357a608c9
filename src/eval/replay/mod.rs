//! Running recorded cases again: from their tapes alone, with the model from tape and the tools live, or with another
//! model or prompt over recorded results.

mod counterfactual;
mod from_tape;
mod live_tools;
mod opened;
mod plan;
mod regrade;
mod results;
mod run;

pub use plan::{ReplayOptions, Replayed, Unrecorded, recorded};
pub use regrade::{Regraded, regrade_recordings};
pub use run::replay_suites;
