//! The wire over real sockets.

mod cache;
mod cap;
mod cut;
mod echo;
mod grants;
mod limit;
mod log;
mod respelled;
mod retry;
mod server;
mod tape;
