//! References in texts: how they are read, what they name, how values are written, and what becomes of those that name nothing.

mod columns;
mod formats;
mod keys;
mod kit;
mod languages;
mod other_columns;
mod resolving;
mod sentences;
mod splitting;
mod syntax;
mod tables;
mod units;
