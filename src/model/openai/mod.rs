//! Any endpoint that speaks OpenAI's chat completions: hosted, Azure, or a local server. The client library frames
//! requests and event streams; everything it sends goes through the wire, and it never retries.
//!
//! Servers differ in what they leave out of a chunk, so the answer's types are our own and lenient.

mod assemble;
mod body;
mod chunk;
mod client;
mod hosts;
mod service;

pub(super) use body::fullest;
pub(super) use client::{OpenAiModel, ResponseFormat, endpoint};
