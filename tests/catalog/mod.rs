//! The catalog as it is kept, compared and listed.

mod conflicts;
mod drift;
mod nearest;
mod search;
mod store;
mod view;
