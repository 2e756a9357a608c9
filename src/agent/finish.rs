//! Every exit of the loop goes through [`conclude`], which demands a [`StopReason`] and gives an [`Outcome`].

use super::answer_references::AnswerReferences;
use super::final_outcome::final_outcome;
use super::protocol::LoopEnd;
use super::state::TurnState;
use super::{Outcome, StopReason, fallback};
use crate::grounding::Notation;
use crate::model::Message;
use crate::references::RequestedChart;
use crate::text::LinkRules;

#[derive(Debug)]
pub(super) struct TurnConclusion {
    pub(super) outcome: Outcome,
    pub(super) reason: StopReason,
    pub(super) detail: Option<String>,
    pub(super) text: String,
    pub(super) options: Vec<String>,
    /// The charts that the text asks for.
    pub(super) charts: Vec<RequestedChart>,
    /// How the figures of the text are written.
    pub(super) notation: Notation,
    /// Links that were taken out of text and options.
    pub(super) links_removed: u32,
}

/// Turns the end of the loop into an outcome and a text that follows the rules for links, and writes the text into
/// the conversation.
///
/// `own_links` are the rules for what we say ourselves, which may name the configured servers.
pub(super) fn conclude(
    turn: &mut TurnState,
    ending: LoopEnd,
    (links, own_links): (&LinkRules, &LinkRules),
) -> TurnConclusion {
    let LoopEnd {
        reason,
        text,
        options,
        detail,
        cut,
        unfinished,
        opaque,
        references,
    } = ending;
    let AnswerReferences {
        written,
        mut charts,
        notation,
        ..
    } = references.unwrap_or_default();
    let outcome = final_outcome(turn, reason);
    let out = turn.exhausted.take().filter(|out| out.reason == reason);
    let detail = detail.or_else(|| out?.detail);
    let own = own_words(turn, (reason, detail.as_deref()), &text, (cut, unfinished));
    let mut links_removed = 0u32;
    let mut ruled = |links: &LinkRules, text: &str| {
        let ruled = links.apply(text);
        links_removed = links_removed.saturating_add(ruled.removed);
        ruled.text
    };
    let said = ruled(links, &text);
    if said != text {
        charts.clear();
    }
    let own = own.map(|(before, own)| (before, ruled(own_links, &own)));
    let ended = |said: String| match &own {
        None => said,
        Some((_, own)) if said.trim().is_empty() => own.clone(),
        Some((before, own)) => format!("{said}\n\n{before}{own}"),
    };
    let (text, written) = (ended(said), written.map(ended));
    let options = options.iter().map(|option| ruled(links, option)).collect();
    // The model reads its own words again, not what was written in place of its references.
    turn.messages.push(Message::Assistant {
        text: written.unwrap_or_else(|| text.clone()),
        tool_calls: Vec::new(),
        opaque,
    });
    TurnConclusion {
        outcome,
        reason,
        detail,
        text,
        options,
        charts,
        notation,
        links_removed,
    }
}

/// What we say ourselves, behind what the model said or in its place, and a mark that stands before it.
fn own_words(
    turn: &TurnState,
    (reason, detail): (StopReason, Option<&str>),
    said: &str,
    (cut, unfinished): (bool, bool),
) -> Option<(&'static str, String)> {
    let found = || fallback::found(reason, detail, &turn.evidence);
    if said.trim().is_empty() {
        Some(("", found()))
    } else if cut {
        let why = match reason.outcome() {
            // The text is the answer, as far as it goes.
            Outcome::Answered | Outcome::Partial => fallback::why(reason, detail),
            _ => found(),
        };
        Some(("[cut here] ", why))
    } else if unfinished {
        Some(("", found()))
    } else if is_of_the_day(reason) {
        // The person who asked can do nothing but wait, so that the answer has to say until when.
        Some(("", fallback::why(reason, detail)))
    } else {
        None
    }
}

/// Whether what may be used in a day is used up, or is not known.
fn is_of_the_day(reason: StopReason) -> bool {
    matches!(
        reason,
        StopReason::DayTokens | StopReason::DayCost | StopReason::DayQueries | StopReason::LedgerFailed
    )
}
