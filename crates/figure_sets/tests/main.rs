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
    reason = "a test may stop where it stands"
)]

// The same modules by the name that they have in the program.
extern crate cardinal_figure_sets as cardinal;

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
