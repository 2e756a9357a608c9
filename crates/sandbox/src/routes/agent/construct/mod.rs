//! `construct-query`: a request in terms of positional column ids, checked whole, then written as a resolved MBQL 5
//! query.

mod build;
mod clauses;
mod filters;
mod problem;
mod reader;
mod request;
mod temporal;

pub(super) use build::construct;
