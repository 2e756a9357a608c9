//! The store in one SQLite file.
//!
//! One thread writes. Jobs wait in a queue, and all that wait are committed together, so a thousand turns that end at once
//! cost a few commits. Readers have connections of their own, which WAL lets work beside the writer.

pub(super) mod schema;
mod threads;

pub(super) use threads::{ReaderPool, Writer};
