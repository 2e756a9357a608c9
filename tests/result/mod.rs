//! What the model sees of a result: whole rows under a cap, exact totals, an encoding that reads back.

mod compact;
mod encoding;
mod parse;
mod shaping;
mod totals;
