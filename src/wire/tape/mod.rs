//! The outermost layer: records what the agent sent and saw in a turn, or serves it back without a network.
//!
//! A tape is one file for one turn, in JSON Lines with sorted keys: a header (what the turn was recorded under), one line for
//! each exchange, and an end. A line has a checksum and the end has a seal over all of them, so that a tape which was changed
//! is named as such and never served. A completion is written as what it adds to the one before it.
//!
//! ```text
//! {"cardinal_tape":1,"header":{"question":"How many orders?", …},"sum":"…"}
//! {"end":"complete","key":"…","request":{"path":"/api/card/7/query", …},"response":{ … },"seq":0,"sum":"…"}
//! {"end":{"exchanges":1,"outcome":"answered","seal":"…", …},"sum":"…"}
//! ```
//!
//! Start reading in `layer.rs`: what happens to a request in each mode. `recording.rs`, `write.rs` and `writer.rs` write a
//! tape, `read.rs` and `play.rs` read one and serve it. `line.rs` is the format, and `redact.rs` what may never stand in it.

mod beside;
mod body;
mod copy;
mod delta;
mod disk;
mod error;
mod exchange;
mod header;
mod kept;
mod layer;
mod line;
mod message;
mod open_end;
mod play;
mod prefix;
mod read;
mod recording;
mod redact;
mod request;
mod results;
mod sent;
mod slot;
mod stall;
mod told;
mod write;
mod writer;

pub(crate) use beside::{Prefixes, SHARED_FOLDERS, catalog_path, keep_beside, read_capped, shared_catalog};
#[cfg(feature = "postgres")]
pub(crate) use beside::{SharedKind, shared_name};
pub use copy::TapeCopy;
pub(crate) use delta::{first_difference, shown};
pub(crate) use disk::off_the_runtime;
pub use error::{Miss, TapeError, UnusedExchanges};
pub use exchange::{Exchange, ExchangeEnd, RecordedFailure, ResponseHead};
pub use header::{CatalogNote, Header, MetabaseNote, PromptNote, SaidBefore};
pub(super) use layer::taped;
pub use line::TurnEnd;
pub use play::{Divergence, Player};
pub use read::TapeFile;
pub(crate) use redact::{REDACTED, is_secret, suspect};
pub(super) use redact::{redact, redact_text};
pub use results::RecordedResults;
pub(crate) use slot::TurnNameGuard;
pub use slot::{TapeMode, TapeSlot, TapeSlotGuard};
pub(crate) use stall::Stalls;
pub use write::Tape;
