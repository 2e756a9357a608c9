//! All integration tests in one binary: one link instead of many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::float_cmp,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::cloned_ref_to_slice_refs,
    clippy::enum_variant_names,
    clippy::large_enum_variant,
    clippy::manual_is_multiple_of,
    clippy::range_plus_one,
    clippy::semicolon_if_nothing_returned,
    clippy::similar_names,
    clippy::type_complexity,
    unreachable_pub,
    reason = "a test may stop where it stands"
)]

mod approvals;
mod calculate;
mod call_log;
mod catalog;
mod cli;
mod config;
mod dbt;
mod eval;
mod eval_replay;
mod eval_run;
mod gate;
mod grants;
mod grounding;
mod hostile;
mod house;
mod ledger;
mod loops;
mod metabase;
mod model;
mod offline;
mod operations;
mod prompt;
mod references;
mod result;
mod server;
mod support;
mod tape;
mod text;
#[cfg(feature = "otel")]
mod traces;
mod wire;
