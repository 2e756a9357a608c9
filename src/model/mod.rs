//! Models: one trait, and the ways to reach one. A model is asked with a [`ModelRequest`] and answers with a stream
//! of [`ModelEvent`]s that ends in exactly one [`Completion`], or fails with a [`ModelError`].
//!
//! No model client retries by itself: retry is a layer of the wire.

mod anthropic;
mod connect;
mod endpoint;
mod error;
mod event;
mod form;
mod health;
mod json_action;
mod lines;
pub mod offline;
mod openai;
mod prices;
mod probe;
mod replay;
mod request;
mod salvage;
mod settings;
mod usage;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use connect::connect;
pub use error::ModelError;
pub use event::{Completion, ModelEvent, StopCause};
pub use form::request_form;
pub use health::{ModelHealth, check, grants};
pub use prices::{list_price, prices};
pub use request::{
    Message, ModelId, ModelRequest, Provider, ToolCall, ToolChoice, ToolResultMessage, ToolSpec,
};
pub use settings::{CacheHints, CompletionSettings, ModelDrive, ModelSettings};
pub use usage::{Prices, Usage, Usd};

/// Events of one completion, in order; the last is [`ModelEvent::Done`].
pub type ModelStream = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// Something that can complete a conversation and ask for tools.
pub trait Model: Send + Sync + std::fmt::Debug {
    /// Which model this is, for people, logs, prices and tapes.
    fn id(&self) -> &ModelId;

    /// How it is driven, once that had to be found out and was.
    fn found_drive(&self) -> Option<ModelDrive> {
        None
    }

    /// Starts one completion. The stream borrows nothing, so that dropping it cancels the request.
    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>>;
}
