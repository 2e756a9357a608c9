//! `cardinal batch` as people and cron run it: a process, over real sockets.

mod input;
mod killed;
mod kit;
mod limits;
mod provider;
mod refused;
mod runs;
