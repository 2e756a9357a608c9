//! Every exit of the loop goes through [`conclude`], which demands a [`StopReason`] and gives an [`Outcome`].

use serde_json::Value;

use super::state::TurnState;
use super::{Evidence, Outcome, StopReason, fallback};
use crate::grounding::of_word;
use crate::model::Message;
use crate::result::{Cover, Extent, Handle, Origin};
use crate::text::LinkRules;

/// How the loop ended.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) reason: StopReason,
    /// The answer as far as there is one.
    pub(super) text: String,
    /// Answers to choose from, for a question back.
    pub(super) options: Vec<String>,
    /// What failed, in words.
    pub(super) detail: Option<String>,
    /// Whether the text broke off.
    pub(super) cut: bool,
    /// Whether the text stood beside calls that were not run.
    pub(super) unfinished: bool,
    /// Parts of the last completion that have to be sent back unchanged.
    pub(super) opaque: Option<Value>,
}

impl Ending {
    pub(super) fn new(reason: StopReason, text: String) -> Self {
        let cut = reason == StopReason::OutputLimit;
        Self {
            reason,
            text,
            options: Vec::new(),
            detail: None,
            cut,
            unfinished: false,
            opaque: None,
        }
    }
}

/// What a person gets.
#[derive(Debug)]
pub(super) struct Conclusion {
    pub(super) outcome: Outcome,
    pub(super) reason: StopReason,
    pub(super) detail: Option<String>,
    pub(super) text: String,
    pub(super) options: Vec<String>,
    /// Links that were taken out of text and options.
    pub(super) links_removed: u32,
}

/// Turns the end of the loop into an outcome and a text that follows the rules for links, and writes the text into
/// the conversation.
pub(super) fn conclude(turn: &mut TurnState, ending: Ending, links: &LinkRules) -> Conclusion {
    let Ending {
        reason,
        text,
        options,
        detail,
        cut,
        unfinished,
        opaque,
    } = ending;
    let outcome = outcome(turn, reason);
    let out = turn.out.take().filter(|out| out.reason == reason);
    let detail = detail.or_else(|| out?.detail);
    let text = if text.trim().is_empty() {
        fallback::found(reason, detail.as_deref(), &turn.evidence)
    } else if cut {
        let why = match reason.outcome() {
            // The text is the answer, as far as it goes.
            Outcome::Answered | Outcome::Partial => fallback::why(reason, detail.as_deref()),
            _ => fallback::found(reason, detail.as_deref(), &turn.evidence),
        };
        format!("{text}\n\n[cut here] {why}")
    } else if unfinished {
        let found = fallback::found(reason, detail.as_deref(), &turn.evidence);
        format!("{text}\n\n{found}")
    } else if is_of_the_day(reason) {
        // The person who asked can do nothing but wait, so that the answer has to say until when.
        format!("{text}\n\n{}", fallback::why(reason, detail.as_deref()))
    } else {
        text
    };
    let mut links_removed = 0u32;
    let mut ruled = |text: &str| {
        let ruled = links.apply(text);
        links_removed = links_removed.saturating_add(ruled.removed);
        ruled.text
    };
    let text = ruled(&text);
    let options = options.iter().map(|option| ruled(option)).collect();
    turn.messages.push(Message::Assistant {
        text: text.clone(),
        tool_calls: Vec::new(),
        opaque,
    });
    Conclusion {
        outcome,
        reason,
        detail,
        text,
        options,
        links_removed,
    }
}

/// Whether what may be used in a day is used up, or is not known.
fn is_of_the_day(reason: StopReason) -> bool {
    matches!(
        reason,
        StopReason::DayTokens | StopReason::DayCost | StopReason::DayQueries | StopReason::LedgerFailed
    )
}

fn outcome(turn: &TurnState, reason: StopReason) -> Outcome {
    let nothing_came = turn.source_failed && turn.evidence.is_empty();
    match reason.outcome() {
        Outcome::Answered | Outcome::LoopStopped if nothing_came => Outcome::UpstreamFailed,
        Outcome::Answered if turn.unmatched || rests_on_cut(turn) => Outcome::Partial,
        outcome => outcome,
    }
}

/// Whether the latest result of any source is not whole. A later, whole result of the same source makes up for an
/// earlier one that was cut: that is how a model narrows, and a total over all held rows of a table that we cut is
/// whole. What is computed from a table that is not whole inherits that. Pages make up for the table that they are of
/// once all its rows were seen.
fn rests_on_cut(turn: &TurnState) -> bool {
    turn.evidence.iter().enumerate().any(|(at, item)| {
        let cut = item.truncated || !as_asked(turn, item);
        let mut later = turn.evidence.iter().skip(at + 1);
        let superseded = later.any(|later| page(later).is_none() && same_entry(later, item));
        cut && !superseded && !(as_asked(turn, item) && all_seen(&turn.evidence, item))
    })
}

/// Whether every row is there that was wanted. The first five by revenue are what a limit of five asks for; five in no
/// order that was set are so only if the question says how many it wants.
fn as_asked(turn: &TurnState, item: &Evidence) -> bool {
    match item.extent {
        Extent::Complete => true,
        Extent::AskedLimit { limit, ordered, .. } | Extent::OverAskedLimit { limit, ordered, .. } => {
            ordered || wants(turn, limit)
        }
        Extent::ServerLimit { .. } | Extent::RowBudget { .. } | Extent::PageFailed { .. } => false,
    }
}

/// Whether the question names this number, in digits or as a word.
fn wants(turn: &TurnState, number: u64) -> bool {
    let question = match turn.messages.first() {
        Some(Message::User(question)) => question.text(),
        _ => return false,
    };
    question.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let written = of_word(&word.to_lowercase()).map(|number| number as u64);
        written.or_else(|| word.parse().ok()) == Some(number)
    })
}

fn same_entry(one: &Evidence, other: &Evidence) -> bool {
    let entry = |item: &Evidence| item.origin.source().map(|source| (source.kind, source.id));
    entry(one).is_some() && entry(one) == entry(other)
}

/// The table that a page is of, how many of its rows come before, and how many it has.
fn page(item: &Evidence) -> Option<(Handle, u64, u64)> {
    match &item.origin {
        Origin::Derived {
            from,
            cover: Cover::Page { after, of },
            ..
        } => Some((*from, *after, *of)),
        _ => None,
    }
}

/// Whether the rows of a table were all shown, some with itself and the rest page by page.
fn all_seen(evidence: &[Evidence], item: &Evidence) -> bool {
    let (table, rows) = page(item).map_or((item.result, item.rows_known), |(from, _, of)| (from, of));
    let whole_width = |other: &&Evidence| other.columns == item.columns;
    let mut seen: Vec<(u64, u64)> = evidence
        .iter()
        .filter(whole_width)
        .filter_map(|other| match page(other) {
            Some((from, after, _)) if from == table => Some((after, other.rows.len() as u64)),
            None if other.result == table => Some((0, other.rows.len() as u64)),
            _ => None,
        })
        .collect();
    seen.sort_unstable();
    let reached = seen.into_iter().fold(0, |reached, (after, count)| {
        if after <= reached {
            reached.max(after + count)
        } else {
            reached
        }
    });
    reached >= rows
}
