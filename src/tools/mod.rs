//! The tools the model may call, one file each, and the gate that decides on every call before anything is sent.

mod ask_user;
mod calculate;
mod call;
mod cannot_answer;
mod describe;
mod example;
mod failure;
mod field_values;
mod gate;
mod more_rows;
mod output;
mod query_metric;
mod query_table;
mod run_card;
mod spec;
mod toolbox;

pub use crate::result::{Shown, Source};
pub use calculate::{CalculateCall, Calculation, CellPlace, CellRef, Condition, Input};
pub use call::{Plan, PlannedCall, Refusal, RefusalClass, ToolError, ToolOutput};
pub use describe::DescribeCall;
pub use field_values::FieldValuesCall;
pub use more_rows::MoreRowsCall;
pub use toolbox::Toolbox;
