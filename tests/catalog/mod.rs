//! The catalog as it is kept, compared and listed.

mod drift;
mod nearest;
mod store;
mod view;
