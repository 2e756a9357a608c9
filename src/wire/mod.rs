//! All HTTP that an answer causes, to models and to Metabase alike, goes through a [`Wire`]. Nothing else in the crate opens
//! a connection, so what is true here is true of every request: it was allowed before it was sent, its body was read up to a
//! cap, a passing failure was tried again, and what the agent saw can be recorded and served back.
//!
//! A wire is a stack of layers. Each is a function of the layer below it and a request:
//!
//! ```text
//! tape → grants and call log → relay → cache → limit → retry → span → buffer → echo → transport
//!                                                          ╰ each attempt has a place below the ceiling of its host
//! ```
//!
//! Sessions of one process share everything but three things: the tape slot, the gate that lets one data query through at a
//! time, and the count of time spent in our own queue. [`Wire::for_session`] makes those anew, and costs microseconds.
//!
//! ```
//! use cardinal::wire::{GrantedEndpoint, Grants, Wire, WireSettings};
//!
//! const ENDPOINTS: &[GrantedEndpoint] = &[GrantedEndpoint::get("/api/card/{id}")];
//! let server = url::Url::parse("https://metabase.example.com/")?;
//! let wire = Wire::new(WireSettings::new(Grants::none().and(&server, ENDPOINTS)))?;
//! let session = wire.for_session();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Start reading in `stack.rs`, which puts the layers in their order; each layer is one file. Tapes have a folder of their own.

mod buffer;
mod cache;
mod canonical;
mod ceiling;
mod echo;
mod error;
mod governed;
mod grants;
mod limit;
mod loading;
mod log;
mod opening;
mod queue;
mod relay;
mod request;
mod request_body;
mod respelled;
mod response;
mod retry;
mod retry_after;
mod secret_texts;
mod service;
mod settings;
mod span;
mod split_secrets;
mod stack;
mod tape;
mod tls;
mod transport;
mod watch;

pub use error::WireError;
pub use grants::{GrantedEndpoint, Grants};
pub use limit::RequestLimits;
pub(crate) use loading::{JudgeLoading, LoadingModels};
pub use opening::Opening;
pub(crate) use opening::{JudgeOpening, OpeningJudge};
pub use queue::QueueTime;
pub use relay::{CompletionRelay, RelayedCompletion};
pub use request::{CacheRule, Policy, Purpose, RowsOf, WireRequest};
pub use request_body::RequestBody;
pub(crate) use response::BodyStream;
pub use response::{ServedBy, WireResponse};
pub(crate) use retry::is_passing_for_models;
pub(crate) use retry_after::asked_wait;
pub use settings::{CacheSettings, LimitSettings, RetrySettings, WireSettings};
pub use stack::Wire;
pub use tape::{
    CatalogNote, Divergence, Exchange, ExchangeEnd, Header, MetabaseNote, Miss, Player, PromptNote,
    RecordedFailure, RecordedResults, ResponseHead, SaidBefore, Tape, TapeCopy, TapeError, TapeFile,
    TapeMode, TapeSlot, TapeSlotGuard, TurnEnd, UnusedExchanges,
};
pub(crate) use tape::{
    Prefixes, SHARED_FOLDERS, Stalls, TurnNameGuard, catalog_path, keep_beside, read_capped, shared_catalog,
};
pub(crate) use tape::{REDACTED, first_difference, is_secret, off_the_runtime, shown, suspect};
#[cfg(feature = "postgres")]
pub(crate) use tape::{SharedKind, shared_name};
#[cfg(feature = "postgres")]
pub(crate) use tls::without_http;
