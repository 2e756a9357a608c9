//! Log lines, each named and shaped once.

mod tool_call;

pub use tool_call::tool_call;
