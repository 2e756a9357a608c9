//! Tool calls that a model wrote into its text instead of making them: JSON that is bare, fenced or tagged, or what
//! models were trained to write when their server does not read it. And thoughts that its server left in the text.

mod find;
mod holdback;
mod marked;
mod thoughts;
mod wrapper;

pub(super) use find::{Salvaged, find_calls};
pub(super) use marked::is_garbled;
pub(super) use thoughts::without_thoughts;
pub(super) use wrapper::Salvaging;
