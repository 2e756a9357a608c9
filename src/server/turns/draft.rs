//! The draft of an answer as it is told: in whole words, so that an address in it is seen as one however its pieces came.

use std::sync::Arc;

use crate::server::address_filter::AddressFilter;
use crate::server::event::TurnEvent;

/// Longest word that is waited for, in bytes.
const LONGEST_WORD: usize = 2048;

/// Text that came and was not told yet: it may be the beginning of a word.
#[derive(Debug, Default)]
pub(super) struct DraftWords(String);

impl DraftWords {
    /// Takes in more text, and gives out what ends in a blank.
    pub(super) fn push(&mut self, delta: &str, addresses: &AddressFilter) -> Option<String> {
        self.0.push_str(delta);
        let blank = self.0.char_indices().rfind(|(_, c)| c.is_whitespace());
        let end = blank.map(|(at, c)| at + c.len_utf8());
        let end = end.or_else(|| (self.0.len() > LONGEST_WORD).then_some(self.0.len()))?;
        let rest = self.0.split_off(end);
        told(&std::mem::replace(&mut self.0, rest), addresses)
    }

    /// Gives out what is left.
    pub(super) fn end(&mut self, addresses: &AddressFilter) -> Option<String> {
        told(&std::mem::take(&mut self.0), addresses)
    }

    /// Lets go of what is left: it is no part of the answer.
    pub(super) fn discard(&mut self) {
        self.0.clear();
    }
}

fn told(text: &str, addresses: &AddressFilter) -> Option<String> {
    (!text.is_empty()).then(|| addresses.prose(text).into_owned())
}

/// What has yet to be told of an answer, so that whoever reads nothing but the texts of a log ends with all of it.
pub(super) fn missing(log: &[Arc<TurnEvent>], answer: &str) -> Vec<TurnEvent> {
    let mut draft = String::new();
    for event in log {
        match event.as_ref() {
            TurnEvent::Text { delta } => draft.push_str(delta),
            TurnEvent::TextDiscarded {} => draft.clear(),
            _ => {}
        }
    }
    let text = |delta: &str| TurnEvent::Text {
        delta: delta.to_owned(),
    };
    match answer.strip_prefix(draft.trim()) {
        Some(rest) if rest.trim().is_empty() => Vec::new(),
        // Blanks at its end would stand within the answer, and so would those at its beginning.
        Some(rest) if draft.trim().len() == draft.len() => vec![text(rest)],
        _ => vec![TurnEvent::TextDiscarded {}, text(answer)],
    }
}
