//! The modules of Cardinal that check figures and write references, as they stand in the program.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "what only other modules of the program use"
)]

#[path = "../../../src/grounding/mod.rs"]
#[doc(hidden)]
pub mod grounding;
#[path = "../../../src/catalog/nearest.rs"]
mod nearest;
#[path = "../../../src/references/mod.rs"]
#[doc(hidden)]
pub mod references;
#[path = "../../../src/result/mod.rs"]
#[doc(hidden)]
pub mod result;
#[path = "../../../src/text/mod.rs"]
#[doc(hidden)]
pub mod text;

/// What references need of the catalog.
mod catalog {
    pub(crate) use crate::nearest::nearest;
}
