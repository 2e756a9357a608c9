//! Suites recorded with scripted models, and run again from their tapes.

mod kit;
mod record;
