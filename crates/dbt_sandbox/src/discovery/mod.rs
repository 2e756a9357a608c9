//! The Discovery API: what is built, how it went, what rests on what. Read only, over GraphQL.
//!
//! Everything comes out of dbt's artifacts; what has happened in the sandbox since (runs that were triggered) is in
//! [`AppliedState`].

mod api;
mod applied;
mod node;
mod resolve;

pub(crate) use api::answer;
pub(crate) use applied::AppliedState;
