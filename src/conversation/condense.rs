//! Makes room in a long conversation. At a turn's boundary, when what was said passes the budget, old results lose their
//! rows and keep what stands above them: name, title, counts, totals. What was changed once is never changed again, and
//! what is newer stays as it was, so a provider's cached prefix is lost at that one boundary and nowhere else.

use super::Conversation;
use crate::model::{Message, ToolResultMessage};
use crate::result::{Handle, MORE_ROWS, TABLE_MARK};

/// What is shorter stays as it is, in bytes.
const SHORT: usize = 600;
/// This share of the budget stays whole at the end of the conversation.
const WHOLE_SHARE: u64 = 4;
/// Less than this share of the budget is not worth a prefix.
const WORTH_SHARE: u64 = 8;

impl Conversation {
    /// About how much of what was said stays however far its results are shortened, in bytes.
    pub(crate) fn lasting_bytes(&self) -> u64 {
        let lasting = self.messages.iter().enumerate().map(|(at, message)| {
            let can_go = |result: &ToolResultMessage| result.content.len().saturating_sub(SHORT) as u64;
            let can_go: u64 = if at < self.condensed {
                0
            } else {
                results(message).iter().map(can_go).sum()
            };
            message.bytes().saturating_sub(can_go)
        });
        lasting.sum()
    }

    /// Replaces the rows of old results if what was said has more than `max_bytes` bytes and enough is to be had.
    /// Returns how many results were shortened.
    pub(crate) fn condense(&mut self, max_bytes: u64) -> usize {
        let sizes: Vec<u64> = self.messages.iter().map(Message::bytes).collect();
        if sizes.iter().sum::<u64>() <= max_bytes {
            return 0;
        }
        let mut whole = 0;
        let newest = sizes
            .iter()
            .rev()
            .take_while(|size| {
                whole += **size;
                whole <= max_bytes / WHOLE_SHARE
            })
            .count();
        // The latest results stay whole however long they are: the next question is about them.
        let latest = self
            .messages
            .iter()
            .rposition(|message| !results(message).is_empty());
        let until = (sizes.len() - newest).min(latest.unwrap_or_default());
        let old = || self.messages.iter().take(until).skip(self.condensed);
        let freed: usize = old()
            .flat_map(results)
            .filter_map(shorter)
            .map(|(freed, _)| freed)
            .sum();
        if (freed as u64) < max_bytes / WORTH_SHARE {
            return 0;
        }
        let mut shortened = 0;
        for message in self.messages.iter_mut().take(until).skip(self.condensed) {
            let Message::ToolResults(results) = message else {
                continue;
            };
            for result in results {
                if let Some((_, content)) = shorter(result) {
                    result.content = content.into();
                    shortened += 1;
                }
            }
        }
        self.condensed = until;
        shortened
    }
}

fn results(message: &Message) -> &[ToolResultMessage] {
    match message {
        Message::ToolResults(results) => results,
        _ => &[],
    }
}

/// How many bytes it is shorter, and what it then is; `None` when it is not worth it.
fn shorter(result: &ToolResultMessage) -> Option<(usize, String)> {
    if result.content.len() <= SHORT {
        return None;
    }
    let content = if let Some(handle) = result.result {
        without_rows(&result.content, handle)?
    } else {
        let first = result.content.lines().next().unwrap_or_default();
        format!(
            "{first}\n[cardinal] The rest was left out later to save room. Call {} again if it is needed.",
            result.tool
        )
    };
    let freed = result.content.len().checked_sub(content.len())?;
    (freed > 0).then_some((freed, content))
}

fn without_rows(content: &str, handle: Handle) -> Option<String> {
    let (above, _) = content.split_once(&format!("\n{TABLE_MARK}\n"))?;
    Some(format!(
        "{above}\n[cardinal] Its rows were left out later to save room. They are still held: \
         {MORE_ROWS} {{\"result\":\"{handle}\"}} shows them, and totals, groups, filters or sorts them."
    ))
}
