//! Tool calls that a model wrote into its text instead of making them: bare, fenced or tagged JSON.

mod find;
mod holdback;
mod wrapper;

pub(super) use find::{Salvaged, find_calls};
pub(super) use wrapper::Salvaging;
