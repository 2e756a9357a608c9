//! Running recorded cases again: from their tapes alone, with the model from tape and the tools live, or with another
//! model or prompt over recorded results.

mod counterfactual;
mod from_tape;
mod live_tools;
mod opened;
mod results;
mod run;

pub use run::{ReplayOptions, Replayed, Unrecorded, recorded, replay_suites};
