//! Every effect crosses this seam: all HTTP that an answer causes, to models and to data alike, is a
//! [`WireRequest`] sent through a [`Wire`], a stack of tower services:
//! `tape → grants → cache → limit → retry → transport`.
//!
//! Nothing else in the crate opens a connection, and no body is read without a cap.

mod buffer;
mod cache;
mod canonical;
mod echo;
mod error;
mod grants;
mod limit;
mod log;
mod opening;
mod queue;
mod request;
mod response;
mod retry;
mod retry_after;
mod service;
mod settings;
mod stack;
mod tape;
mod tls;
mod transport;
mod watch;

pub use error::WireError;
pub use grants::{GrantedEndpoint, Grants};
pub use opening::{JudgeOpening, Opening};
pub use queue::QueueTime;
pub use request::{CacheRule, Policy, Purpose, WireRequest};
pub use response::{BodyStream, ServedBy, WireResponse};
pub use settings::{CacheSettings, LimitSettings, RetrySettings, WireSettings};
pub use stack::Wire;
pub use tape::{
    CatalogNote, Divergence, Exchange, ExchangeEnd, Header, MetabaseNote, Miss, Player, Prefixes, PromptNote,
    RecordedFailure, RecordedResults, ResponseHead, SHARED_FOLDERS, Stalls, Tape, TapeError, TapeFile,
    TapeMode, TapeSlot, TapeSlotGuard, TurnEnd, UnusedExchanges, catalog_path, keep_beside, read_capped,
    shared_catalog,
};
pub(crate) use tape::{REDACTED, first_difference, is_secret, shown, suspect};
