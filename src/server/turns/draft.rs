//! The draft of an answer as it is told: in whole words, so that an address in it is seen as one however its pieces came.

use crate::server::address_filter::AddressFilter;

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
