//! What a principal used today, kept on disk so that all processes of a machine share it: the worst case of a call is
//! reserved before it is made and settled after it. Knows nothing of models or tools, only sums and limits.

mod day_ledger;
mod day_page;
mod error;
mod settings;
mod spend;
mod store;

pub use day_ledger::{DayLedger, DayUsage, Reservation, Shortfall, SpendingLeave};
pub use error::LedgerError;
pub use settings::DaySettings;
pub use spend::{Allowance, Limit, Spend};
