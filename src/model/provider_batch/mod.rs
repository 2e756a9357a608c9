//! Providers' batch APIs: many completions are handed over together, are answered within a day, mostly within an hour, and cost
//! half. OpenAI takes a file of requests, Anthropic takes them in one body; both give results in any order, known by the
//! `custom_id` of each request. [`ProviderBatches`] has the same five verbs for both and decides nothing: who waits, what goes
//! into which batch and what is asked again is the business of whoever calls it.
//!
//! ```text
//! let line = api.line("a-1", "/v1/chat/completions", &body)?;   one request, as it is handed over
//! let id = api.start("/v1/chat/completions", lines, "token").await?;
//! api.progress(&id).await?                                      Working { done: 3, total: 40 } … Ended(files)
//! api.results(&file).await?                                     lines, each read by api.result(line)
//! api.find(&lost).await?                                        the batch whose answer was lost, by its token
//! ```

mod anthropic;
mod client;
mod line;
mod openai;
mod result;

pub use client::{BatchOutcome, BatchProgress, LostBatch, ProviderBatches, StartBatchError};
pub use result::BatchResult;
