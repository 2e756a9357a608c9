//! Conversations: what was said so far. One query at a time inside one.

mod condense;

use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ledger::Spend;
use crate::model::{Message, UserQuestion};
use crate::result::HeldResults;
use crate::wire::SaidBefore;

/// About how much memory a message takes beside its words, in bytes.
const KEPT_OF_MESSAGE: u64 = 128;

/// A conversation, held in memory. Every turn appends; nothing that was said is rewritten, but for old results, once,
/// when it grows beyond its budget.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// Tells it apart from others, in logs and tapes.
    pub id: String,
    /// Everything said so far, in order.
    pub messages: Vec<Message>,
    /// All results so far, each whole.
    pub shelf: HeldResults,
    /// How many of the messages were looked at for room; they are never changed again.
    pub(crate) condensed: usize,
    /// When the next turn begins; `None`: when it does. A recording and its replay take the same moment.
    pub now: Option<Timestamp>,
    pub turns: u32,
    /// Of the latest turns, how many in a row ended with a question back to the person.
    pub asked_back: u32,
    /// What its turns used, together.
    pub spent: Spend,
    /// The tape of the latest turn, if it was recorded.
    pub tape: Option<PathBuf>,
    /// What it began with, where no tape of that is left.
    pub(crate) said_before: Vec<SaidBefore>,
}

impl Conversation {
    /// A conversation in which nothing was said yet.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            messages: Vec::new(),
            shelf: HeldResults::default(),
            condensed: 0,
            now: None,
            turns: 0,
            asked_back: 0,
            spent: Spend::default(),
            tape: None,
            said_before: Vec::new(),
        }
    }

    /// Whether anything was used for it.
    pub(crate) fn has_spent(&self) -> bool {
        self.spent != Spend::default()
    }

    /// About how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> u64 {
        let said = self
            .messages
            .iter()
            .map(|message| message.weight() + KEPT_OF_MESSAGE);
        said.sum::<u64>().saturating_add(self.shelf.weight())
    }

    /// The day that the last question meant by "today".
    pub(crate) fn asked_on(&self) -> Option<Date> {
        self.messages.iter().rev().find_map(|message| match message {
            Message::User(question) => Some(question.day()),
            _ => None,
        })
    }

    /// A conversation that begins with questions and answers of which nothing else is left: their results are not held.
    pub(crate) fn recalling(id: impl Into<String>, said_before: Vec<SaidBefore>) -> Self {
        let said = said_before.iter().flat_map(|said| {
            [
                Message::User(UserQuestion::new(&said.question, said.today, None)),
                Message::Assistant {
                    text: said.answer.clone(),
                    tool_calls: Vec::new(),
                    opaque: None,
                },
            ]
        });
        Self {
            messages: said.collect(),
            said_before,
            ..Self::new(id)
        }
    }
}
