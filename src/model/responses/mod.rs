//! OpenAI's Responses API (`openai-responses:NAME`), streamed over the wire.
//!
//! The newest models think between their calls, and only this API takes the thoughts back: the items of an answer (reasoning in
//! its sealed form, messages, calls) are kept as they came and are part of the next request, as far as the API takes back what it gave (`kept`). Nothing is stored at the provider
//! (`store` is false), so that a conversation is what is sent, and a tape can replay it.
//!
//! Start with `body`, which is what is sent, and `assemble`, which is what comes back.

mod assemble;
mod body;
mod client;
mod event;
mod items;
mod kept;

pub(super) use body::fullest;
pub(super) use client::ResponsesModel;
