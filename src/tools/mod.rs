//! The tools the model may call, one file each, and the gate that decides on every call before anything is sent.

mod call;
mod describe;
mod field_values;
mod toolbox;

pub use call::{Plan, PlannedCall, Refusal, RefusalClass, Shown, Source, ToolError, ToolOutput};
pub use describe::DescribeCall;
pub use field_values::FieldValuesCall;
pub use toolbox::Toolbox;
