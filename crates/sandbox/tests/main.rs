//! All integration tests of the sandbox in one binary: one link instead of many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::too_many_lines,
    unreachable_pub,
    reason = "a test may stop where it stands"
)]

mod engine;
mod http;
