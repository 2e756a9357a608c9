//! The sandbox over real sockets, against the wire that Metabase documents.

mod agent_entities;
mod agent_query;
mod auth;
mod cards;
mod client;
mod clients;
mod collections;
mod construct;
mod construct_errors;
mod equal_rows;
mod fault_syntax;
mod faults;
mod generations;
mod lifecycle;
mod metadata;
mod metric_api;
mod paging;
mod portable;
mod program;
mod scopes;
