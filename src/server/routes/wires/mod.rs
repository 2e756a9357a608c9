//! The protocols of others: OpenAI's chat completions and responses, and the AI SDK's message stream. Each is a way to write
//! the one log of a turn.

mod background;
pub(super) mod chat;
mod chat_chunks;
pub(super) mod chat_messages;
pub(super) mod models;
mod plain_text;
pub(super) mod responses;
pub(super) mod ui;
mod ui_chunks;
mod ui_history;
