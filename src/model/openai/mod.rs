//! Any endpoint that speaks OpenAI's chat completions: hosted, Azure, a gateway or a local server.
//!
//! What is sent is what the protocol says, in the types of `async-openai`, and the same bytes for the same request. What
//! comes back is read leniently, because servers differ in what they leave out, add or bend: a chunk (`chunk`) is
//! whatever can be read of it, calls (`calls`) are put together by the form of their arguments, and what nobody here knows
//! is kept (`merge`) and sent back. Start with `client`: one request, the refusals it may meet, and its stream.

mod assemble;
mod body;
mod call_piece;
mod calls;
mod choices;
mod chunk;
mod client;
mod growing;
mod hosts;
mod merge;
mod sent_message;
mod tokens;

pub(super) use body::fullest;
pub(super) use client::{DEFAULT_BASE, OpenAiModel, ResponseFormat, endpoint};
