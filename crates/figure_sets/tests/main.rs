//! Sets of answers with right and wrong figures, and texts that are made to be hard: what the check of figures makes of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::too_many_lines,
    clippy::float_cmp,
    clippy::format_push_string,
    clippy::needless_pass_by_value,
    clippy::similar_names,
    clippy::type_complexity,
    unreachable_pub,
    dead_code,
    missing_docs,
    unused_imports,
    reason = "a test may stop where it stands"
)]

// The modules that check figures and write references, as they stand in the program, and by the name that they have there.
extern crate self as cardinal;

#[path = "../../../src/grounding/mod.rs"]
pub mod grounding;
#[path = "../../../src/catalog/nearest.rs"]
mod nearest;
#[path = "../../../src/references/mod.rs"]
pub mod references;
#[path = "../../../src/result/mod.rs"]
pub mod result;
#[path = "../../../src/text/mod.rs"]
pub mod text;

/// What references need of the catalog.
mod catalog {
    pub(crate) use crate::nearest::nearest;
}

mod blind;
mod fields;
mod guild;
mod hard;
mod mixed;
mod offices;
mod public;
mod readers;
mod town;
mod trades;
mod unseen;
