//! Suites recorded with scripted models, and run again from their tapes.

mod committed;
mod kit;
mod mutation;
mod promote;
mod record;
mod replay;
