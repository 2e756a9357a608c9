//! Conversations: what was said so far. One query at a time inside one.

use crate::model::Message;

/// A conversation, held in memory. Every turn appends; nothing that was said is rewritten.
#[derive(Debug, Clone, Default)]
pub struct Conversation {
    /// Everything said so far, in order.
    pub messages: Vec<Message>,
    /// Turns finished.
    pub turns: u32,
}
