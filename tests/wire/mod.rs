//! The wire over real sockets.

mod cache;
mod cap;
mod cut;
mod grants;
mod limit;
mod log;
mod retry;
mod server;
mod tape;
