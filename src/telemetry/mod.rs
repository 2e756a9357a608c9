//! Log lines, each named and shaped once, and where they go. What is logged is chosen field by field: no header,
//! no query string, no body.

mod causes;
mod setup;
mod tool_call;
mod wire;

pub use causes::causes;
pub use setup::init;
pub use tool_call::tool_call;
pub(crate) use wire::{Exchange, retry, tape_flaw};
