//! The tools that the model may call, and the gate that decides on every call before anything is sent.
//!
//! The idea: whatever the model writes is only a wish. [`Toolbox::gate`] turns it into a [`PlannedCall`], which names
//! nothing but what the catalog holds, or into a [`Refusal`], a tool result that teaches how to do it right. Only a
//! planned call can be executed.
//!
//! One file is one tool, which implements the trait in `tool`; `table` lists them all. The checks that tools share are
//! in `check`, at the bottom; `schema` has the pieces of their JSON schemas, `output` and `failure` what the model reads
//! after a call.
//!
//! ```text
//! model: query_metric {"metric_id": 12, "group_by": [{"dimension": "created_at", "granularity": "month"}]}
//!   Toolbox::gate     → PlannedCall { tool: "query_metric", arguments: canonical, plan: MetricQuery }
//!   Toolbox::execute  → ToolOutput  { content: what the model reads, brought: the whole result, … }
//! ```
//!
//! Start with `tool.rs`, then read `query_metric.rs` as an example.

mod ask_user;
mod calculate;
mod call;
mod cannot_answer;
mod check;
mod dbt;
mod derive;
mod describe;
mod failure;
mod field_values;
mod held_work;
mod more_rows;
mod no_match;
mod output;
mod query_metric;
mod query_table;
mod run_card;
mod schema;
mod search_catalog;
mod table;
mod tool;
mod toolbox;

pub use call::{PlannedCall, ToolError, ToolOutput};
pub use check::{NamedEntry, Refusal, RefusalClass};
pub use more_rows::MoreRowsCall;
pub(crate) use tool::{MissingPart, PageRequest, ToolRole, TurnEnding};
pub use toolbox::Toolbox;
