//! `construct-query`: a request in terms of positional column ids, checked whole, then written as a resolved MBQL 5
//! query.

mod build;
pub(super) mod clauses;
mod filters;
pub(super) mod problem;
pub(super) mod reader;
mod request;
mod temporal;

pub(super) use build::construct;
