//! `cardinal batch` as people and cron run it: a process, over real sockets.

mod given_up;
mod input;
mod killed;
mod kit;
mod limits;
mod many;
mod provider;
mod refused;
mod runs;
