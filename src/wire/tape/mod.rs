//! The outermost layer: what the agent sent and saw, as a record. Three files because a record has three parts:
//! its lines, what may stand in them, and where they go.

mod file;
mod layer;
mod record;
mod redact;

pub use file::{Tape, TapeError};
pub(super) use layer::Taping;
