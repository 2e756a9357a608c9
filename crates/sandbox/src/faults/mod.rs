//! Trouble on demand: each documented way in which a Metabase fails, per route and count.

mod apply;
mod live;
mod rule;
mod syntax;

pub(super) use apply::inject;
pub use live::Faults;
pub use rule::{FaultKind, FaultRule, RoutePattern};
pub use syntax::FaultSyntaxError;
