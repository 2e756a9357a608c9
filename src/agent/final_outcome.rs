//! Which outcome a turn has, given why its loop ended and what its calls brought.
//!
//! A stop reason alone does not say it: a model can answer although every query failed. So the reason's own outcome is
//! held against the turn's calls and results, here and nowhere else:
//!
//! | the model answered, and | outcome |
//! |---|---|
//! | no call was made, or only the catalog was read, and no query was refused | `answered` |
//! | it has results, all whole, and every failed query was made up for | `answered` |
//! | it has results, but one is cut, a figure has no source, or a query failed | `partial` |
//! | it has no result, and what it last asked the data source for failed | `upstream_failed` |
//! | it has no result, and all queries were refused, all for names that the catalog does not have | `not_in_catalog` |
//! | it has no result, and all queries were refused or failed | `upstream_failed` |
//!
//! The same holds for other calls where no query was asked for. What a server wrote decides nothing: failures count by their
//! class alone. The failure of a query counts until the same is asked with success, that of a look-up until any of its kind
//! has success.

use std::collections::BTreeMap;

use super::state::TurnState;
use super::{CallStatus, Evidence, Outcome, StopReason};
use crate::grounding::of_word;
use crate::metabase::FailureClass;
use crate::model::Message;
use crate::result::{Extent, Handle, ResultOrigin, RowCoverage};
use crate::tools::{PlannedCall, Refusal, RefusalClass, ToolRole};

/// The calls of a turn that brought nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct FailedCalls {
    /// What was asked of the data source and failed the last time, by tool, and whether the source itself failed.
    open: BTreeMap<(&'static str, AskedFor), bool>,
    refused: Option<RefusedFor>,
    queries: QueriesSoFar,
}

/// What came of the queries that were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum QueriesSoFar {
    #[default]
    Untried,
    Refused,
    Worked,
}

/// What a call asks the data source for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum AskedFor {
    /// Rows of the entry with this id, in whatever way.
    Rows(u32),
    Named(String),
}

impl AskedFor {
    fn of(call: &PlannedCall) -> Self {
        let named = || Self::Named(call.arguments.to_string());
        call.queried_id().map_or_else(named, Self::Rows)
    }
}

/// What all refused calls of a turn have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefusedFor {
    /// Each named something that the catalog does not have.
    Unknown,
    /// Nothing: at least one was refused for another reason.
    Other,
}

impl FailedCalls {
    /// Takes note of a call that ran and failed.
    pub(super) fn failed(&mut self, call: &PlannedCall, class: FailureClass) {
        if matches!(call.role(), ToolRole::Query | ToolRole::Lookup) {
            let asked = (call.tool, AskedFor::of(call));
            self.open.insert(asked, class.is_of_the_source());
        }
    }

    /// Takes note of a call that the gate refused.
    pub(super) fn refused(&mut self, refusal: &Refusal) {
        use RefusalClass::{NotInCatalog, UnknownName, UnknownTool};

        if refusal.of_query && self.queries == QueriesSoFar::Untried {
            self.queries = QueriesSoFar::Refused;
        }
        let unknown = matches!(refusal.class, NotInCatalog | UnknownName | UnknownTool);
        let only_unknown = self.refused != Some(RefusedFor::Other);
        self.refused = Some(if unknown && refusal.about_catalog && only_unknown {
            RefusedFor::Unknown
        } else {
            RefusedFor::Other
        });
    }

    /// Takes note of a call that brought something.
    pub(super) fn made_up_for(&mut self, call: &PlannedCall) {
        match call.role() {
            ToolRole::Lookup => self.open.retain(|(tool, _), _| *tool != call.tool),
            role => {
                self.open.remove(&(call.tool, AskedFor::of(call)));
                if role == ToolRole::Query {
                    self.queries = QueriesSoFar::Worked;
                }
            }
        }
    }

    /// Whether the data source itself failed.
    fn of_the_source(&self) -> bool {
        self.open.values().any(|of_the_source| *of_the_source)
    }

    /// Whether rows of an entry are missing.
    fn rows(&self) -> bool {
        self.open
            .keys()
            .any(|(_, asked)| matches!(asked, AskedFor::Rows(_)))
    }
}

/// The outcome of a turn whose loop ended for `reason`.
pub(super) fn final_outcome(turn: &TurnState, reason: StopReason) -> Outcome {
    let nothing = turn.evidence.is_empty();
    match reason.outcome() {
        Outcome::LoopStopped if nothing && turn.failed.of_the_source() => Outcome::UpstreamFailed,
        own @ (Outcome::Answered | Outcome::Partial) if nothing => without_results(turn).unwrap_or(own),
        Outcome::Answered if turn.unmatched || rests_on_cut(turn) || turn.failed.rows() => Outcome::Partial,
        outcome => outcome,
    }
}

/// What an answer is that has no result of this turn behind it; `None` if nothing speaks against it.
fn without_results(turn: &TurnState) -> Option<Outcome> {
    if !turn.failed.open.is_empty() {
        return Some(Outcome::UpstreamFailed);
    }
    if turn.unmatched {
        return Some(Outcome::Partial);
    }
    let mut calls = turn.records.iter().map(|record| record.status).peekable();
    let none_worked = turn.failed.queries == QueriesSoFar::Refused
        || calls.peek().is_some()
            && calls.all(|status| matches!(status, CallStatus::Refused | CallStatus::Failed));
    // Figures that have a source come from results of earlier turns, which need no call.
    let sourced = turn
        .figures
        .iter()
        .flatten()
        .any(|figure| !figure.sources.is_empty());
    if !none_worked || sourced {
        return None;
    }
    Some(if turn.failed.refused == Some(RefusedFor::Unknown) {
        Outcome::NotInCatalog
    } else {
        Outcome::UpstreamFailed
    })
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
        ResultOrigin::Derived {
            from,
            cover: RowCoverage::Page { after, of },
            ..
        } => Some((*from.first()?, *after, *of)),
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
