//! Tapes of whole turns: what is set up before a turn is recorded, and what turns a tape into the same turn again,
//! without a key and without a socket. The lines of a tape, and how exchanges get on and off it, are
//! [`wire`](crate::wire)'s.

mod compare;
mod context;
mod ended;
mod error;
mod folder;
mod needs;
mod record;
mod replay;
mod replayer;
mod settings;
mod sign_in;
mod snapshot;
mod transcript;

pub use compare::{FirstDifference, compare};
pub use context::ReplayContexts;
pub use error::ReplayError;
pub use folder::{Retention, TapeFolder};
pub(crate) use needs::clear_shared;
#[cfg(feature = "postgres")]
pub(crate) use needs::{TapeNeeds, needs_of};
pub(crate) use record::EvidenceJudge;
pub use record::{NewTape, RecordedAnswer, Recorder};
pub use replay::{ReplayedTurn, replay};
pub(crate) use replay::{conversation_after, conversation_before, conversation_of, load_chain};
pub use replayer::Replayer;
pub use settings::TapeSettings;
pub(crate) use snapshot::keep_catalog;
pub use snapshot::load_catalog;
pub use transcript::{TranscriptEntry, transcript};
