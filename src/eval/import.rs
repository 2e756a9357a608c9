//! Suites made of public benchmarks that lie in a folder: their data stays where it is.
//!
//! [`defog()`] reads questions, accepted results and databases and writes one suite for each database, with the references
//! between tables that it found ([`ImportedReference`]). Start at `defog.rs`.

mod defog;
mod error;
mod expect;
mod references;
mod write;

pub use defog::{ImportedSuite, defog};
pub use error::ImportError;
pub use references::{ImportedReference, ReferenceEvidence};
