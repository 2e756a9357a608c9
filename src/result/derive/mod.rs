//! Results worked out from a held one: its rows filtered, grouped, totalled, sorted and paged. An embedded database
//! in memory does it, over ranks that are worked out here, so that money is exact, whole numbers keep all their
//! digits, and times and texts have one order. Nothing is ever asked of a server.

mod aggregate;
mod bucket;
mod engine;
mod moment;
mod operations;
mod rank;
mod sheet;
mod test;

pub use bucket::Granularity;
pub use engine::{DeriveError, Derived, Stop, derive};
pub use operations::{Aggregate, Filter, Function, Group, Operations, Sort};
pub use test::{Comparison, Matching, Part, Test};
