//! The modules of Cardinal that decide on grants, as they stand in the program.

#[path = "../../../src/grants/mod.rs"]
pub mod grants;
#[path = "../../../src/operations/mod.rs"]
pub mod operations;
