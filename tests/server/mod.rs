//! The server over real sockets, in this process and as a process of its own.

mod access;
mod answers;
mod approvals;
mod client;
mod database;
mod dbt_alone;
mod faults;
mod followed_runs;
mod health;
mod hostile;
mod jwt;
mod killed;
mod kit;
mod lent;
mod limits;
mod openapi;
mod persons;
mod process;
mod program;
mod promoted;
mod replicas;
mod retention;
mod sessions;
mod streams;
mod webhooks;
mod wires;
