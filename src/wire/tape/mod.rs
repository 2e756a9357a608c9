//! The outermost layer: what the agent sent and saw, recorded, or served back. One file a turn; JSON TapeLines: a header,
//! the exchanges, an end. What a line may say is in `header`, `exchange` and `line`; what may never stand in one is in
//! `redact`.

mod beside;
mod body;
mod delta;
mod error;
mod exchange;
mod header;
mod layer;
mod line;
mod play;
mod read;
mod recording;
mod redact;
mod request;
mod results;
mod slot;
mod stall;
mod write;
mod writer;

pub use beside::{Prefixes, SHARED_FOLDERS, catalog_path, keep_beside, read_capped, shared_catalog};
pub(crate) use delta::{first_difference, shown};
pub use error::{Miss, TapeError, UnusedExchanges};
pub use exchange::{Exchange, ExchangeEnd, RecordedFailure, ResponseHead};
pub use header::{CatalogNote, Header, MetabaseNote, PromptNote};
pub(super) use layer::taped;
pub use line::TurnEnd;
pub use play::{Divergence, Player};
pub use read::TapeFile;
pub(crate) use redact::{REDACTED, is_secret, suspect};
pub use results::RecordedResults;
pub use slot::{TapeMode, TapeSlot, TapeSlotGuard};
pub use stall::Stalls;
pub use write::Tape;
