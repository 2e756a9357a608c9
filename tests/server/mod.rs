//! The server over real sockets, in this process and as a process of its own.

mod access;
mod answers;
mod client;
mod kit;
mod program;
mod sessions;
mod streams;
mod wires;
