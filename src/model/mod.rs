//! Language models: one trait, and the ways to reach one.
//!
//! A [`Model`] is asked with a [`ModelRequest`] (system prompt, tools, conversation) and answers with a stream of
//! [`ModelEvent`]s that ends in exactly one [`Completion`], or fails with a [`ModelError`]. Three rules hold for every
//! provider:
//!
//! - What is sent is what the protocol says, and the same bytes for the same request. What a server refuses is left out,
//!   once and for as long as the process runs ([`RequestPart`]).
//! - What comes back is read leniently: streams (`sse`, `ending`), pieces in
//!   other shapes (`pieces`), errors in any form (`server_error`), calls in pieces
//!   (`arguments`, `tool_names`), arguments in other types than a tool's schema says (`fitted`), and calls that a model wrote as text (`salvage`).
//! - Nothing ends silently. Good endings are a list; every other one is an error in the server's words. A failure before the
//!   first word is the wire's to retry (`opening`); no client retries by itself.
//!
//! ```text
//! connect(settings, wire)      openai:NAME            NativeDrive: OpenAiModel, else JsonAction or ResponsesModel
//!                              openai-responses:NAME  ResponsesModel
//!                              anthropic:NAME         AnthropicModel
//! model.complete(&request)     Text("Sales ") Text("were 7.") Done(Completion { .. })
//! ```
//!
//! Start with [`connect()`], then read `openai/client.rs` for one provider from end to end.

mod adjust;
mod anthropic;
mod arguments;
mod budgeted;
mod completions;
mod connect;
mod count;
mod driven;
mod ending;
mod endpoint;
mod error;
mod event;
mod finish;
mod fitted;
mod form;
mod health;
mod json_action;
mod lenient_json;
mod listed;
mod loading;
mod missing_route;
mod next_step;
mod odd_json;
mod openai;
mod opening;
mod pieces;
mod places;
mod prices;
mod probe;
mod protocol;
mod provider_batch;
mod question;
mod quoted;
mod read_prompt;
mod refusal;
mod replay;
mod request;
mod responses;
mod salvage;
mod sent_tools;
mod server_error;
mod settings;
mod sse;
mod sse_line;
mod tool_names;
mod tool_schema;
mod trial;
mod usage;
mod web_page;

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

pub use adjust::RequestPart;
pub use budgeted::BudgetShare;
pub(crate) use budgeted::BudgetedModel;
pub(crate) use completions::usual_address;
pub use connect::connect;
pub(crate) use connect::connect_as_recorded;
pub use error::ModelError;
pub use event::{Completion, ModelEvent, StopCause};
pub(crate) use fitted::fitted;
pub(crate) use form::request_form;
pub use health::{ModelHealth, check, grants};
pub use next_step::NextStep;
pub use places::ModelPlaces;
pub use prices::{list_price, prices};
pub use protocol::ModelProtocol;
pub use provider_batch::{
    BatchOutcome, BatchProgress, BatchResult, LostBatch, ProviderBatches, StartBatchError,
};
pub use question::UserQuestion;
pub(crate) use read_prompt::cut_prompt;
pub use request::{
    Message, ModelId, ModelRequest, Provider, ToolCall, ToolChoice, ToolResultMessage, ToolSpec,
};
pub(crate) use salvage::{MarkMatch, THOUGHT_MARKS, ThoughtMarks, match_mark};
pub use settings::{CacheHints, CompletionSettings, ModelDrive, ModelSettings};
pub use sse::{SseItem, SseParser};
pub use tool_schema::ToolSchema;
pub use trial::{ModelTrial, try_model};
pub use usage::{BatchedTokens, Prices, Usage, Usd};

/// Events of one completion, in order; the last is [`ModelEvent::Done`].
pub(crate) type ModelStream = BoxStream<'static, Result<ModelEvent, ModelError>>;

/// Something that can complete a conversation and ask for tools.
pub trait Model: Send + Sync + std::fmt::Debug {
    /// Which model this is, for people, logs, prices and tapes.
    fn id(&self) -> &ModelId;

    /// How it is driven, once that had to be found out and was.
    fn found_drive(&self) -> Option<ModelDrive> {
        None
    }

    /// Parts of its requests that its server refused and that are left out since.
    fn left_out(&self) -> Vec<RequestPart> {
        Vec::new()
    }

    /// Starts one completion. The stream borrows nothing, so that dropping it cancels the request.
    fn complete<'a>(&'a self, request: &'a ModelRequest) -> BoxFuture<'a, Result<ModelStream, ModelError>>;
}
