//! Suites made of public benchmarks that lie in a folder: their data stays where it is.

mod defog;
mod error;
mod expect;
mod keys;
mod write;

pub use defog::defog;
pub use error::ImportError;
