//! What the model sees of a result: whole rows under a cap, exact totals, an encoding that reads back.

mod compact;
mod derive;
pub(crate) mod encoding;
mod meaning;
mod ours;
mod packed;
mod parse;
mod shaping;
mod steps;
mod totals;
