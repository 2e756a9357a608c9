//! All integration tests of the dbt sandbox in one binary: one link instead of many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::float_cmp,
    clippy::needless_pass_by_value,
    clippy::semicolon_if_nothing_returned,
    unreachable_pub,
    reason = "a test may stop where it stands"
)]

mod access;
mod artifacts;
mod client;
mod discovery;
mod faults;
mod golden;
mod graphql;
mod lists;
mod operations;
mod runs;
mod semantic;
mod webhooks;
