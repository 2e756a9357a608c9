//! What a principal used today, kept on disk so that all processes of a machine share it, and what a run of many questions
//! may spend ([`RunBudget`]). It knows nothing of models or tools, only sums and limits.
//!
//! Before something is spent its worst case is reserved, and afterwards the reservation is settled by what was really used.
//! What is reserved counts as used, so two processes can never spend the same allowance; a reservation that nobody settles
//! counts as used for good once its lease is over. A ledger that cannot be read stops spending: it is never taken for zero.
//!
//! ```
//! use cardinal::ledger::{Allowance, DayLedger, SpendingLeave, Spend};
//! use cardinal::principal::Principal;
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let allowance = Allowance { max_queries: Some(100), ..Allowance::default() };
//! let zone = jiff::tz::TimeZone::UTC;
//! let lease = std::time::Duration::from_secs(600);
//! let ledger = DayLedger::new(folder.path(), &Principal::default(), allowance, zone, lease);
//!
//! let now = jiff::Timestamp::now();
//! if let SpendingLeave::Granted { hold, .. } = ledger.ask(None, &[Spend::queries(1)], now)? {
//!     // The query runs here.
//!     ledger.settle(&hold, Spend::queries(1), now)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Start reading in `day_ledger.rs`. The day's ledger waits for the disk: call it where that holds nobody up.

mod day_ledger;
mod day_page;
mod error;
mod run_budget;
mod settings;
mod spend;
mod store;

pub use day_ledger::{DayLedger, DayUsage, Reservation, Shortfall, SpendingLeave};
pub use error::LedgerError;
pub use run_budget::RunBudget;
pub(crate) use run_budget::RunReservation;
pub use settings::DaySettings;
pub use spend::{Allowance, Spend, SpendLimit};
