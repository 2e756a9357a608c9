//! Anthropic's Messages API, streamed over the wire: tools, cache breakpoints, thinking blocks kept and sent back.

mod assemble;
mod blocks;
mod body;
mod client;
mod event;

pub(super) use body::fullest;
pub(super) use client::{AnthropicModel, DEFAULT_BASE, endpoint};
