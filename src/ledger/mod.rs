//! What a principal used today, kept on disk so that all processes of a machine share it: the worst case of a call is
//! reserved before it is made and settled after it. Knows nothing of models or tools, only sums and limits.

mod book;
mod error;
mod page;
mod settings;
mod spend;
mod store;

pub use book::{DayBook, Hold, Leave, Short, Standing};
pub use error::LedgerError;
pub use settings::DaySettings;
pub use spend::{Allowance, Limit, Spend};
