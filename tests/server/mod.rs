//! The server over real sockets, in this process and as a process of its own.

mod access;
mod answers;
mod approvals;
mod client;
mod hostile;
mod jwt;
mod killed;
mod kit;
mod openapi;
mod persons;
mod program;
mod sessions;
mod streams;
mod webhooks;
mod wires;
