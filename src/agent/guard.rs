//! The guard of one turn: watches calls and results for signs that the loop goes nowhere, and says which rung of the
//! ladder is due: serve the repeat, say what is known, close the tool, end the loop.

use std::collections::{BTreeMap, BTreeSet};

use super::StopReason;
use crate::config::GuardSettings;
use crate::metabase::FailureClass;
use crate::tools::RefusalClass;

/// Longest cycle of calls that is looked for.
const LONGEST_CYCLE: usize = 5;

/// What kind of failure a call was, for counting. Kinds are counted apart, whatever the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ErrorKind {
    Refusal(RefusalClass),
    Failure(FailureClass),
}

/// What is due for a call that means the same as an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// It is new.
    No,
    /// Serve it from the turn's results with a note.
    Serve,
    /// The same, and say what is known.
    ServeKnown { times: u32 },
    /// Close the tool.
    Close { times: u32 },
}

/// What is due after a result or a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nudge {
    /// Nothing.
    None,
    /// Failures of one kind in a row.
    Errors { times: u32 },
    /// The same, too often: close the tool.
    CloseForErrors { times: u32 },
    /// Results without rows in a row.
    EmptyRows { times: u32 },
    /// Results that repeat an earlier one's content.
    Stale { times: u32 },
}

/// The signals of one turn.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    settings: GuardSettings,
    history: Vec<String>,
    seen: BTreeMap<String, u32>,
    errors: BTreeMap<ErrorKind, u32>,
    contents: BTreeSet<String>,
    empty: u32,
    stale: u32,
    closed: BTreeMap<String, StopReason>,
    closed_hits: u32,
    stop: Option<StopReason>,
}

impl Watch {
    pub(super) fn new(settings: GuardSettings) -> Self {
        Self {
            settings,
            history: Vec::new(),
            seen: BTreeMap::new(),
            errors: BTreeMap::new(),
            contents: BTreeSet::new(),
            empty: 0,
            stale: 0,
            closed: BTreeMap::new(),
            closed_hits: 0,
            stop: None,
        }
    }

    /// Why the loop has to end, once a signal reached the last rung.
    pub(super) fn stop(&self) -> Option<StopReason> {
        self.stop
    }

    /// Whether a tool is closed, and over what. A second call to a closed tool ends the loop.
    pub(super) fn closed(&mut self, tool: &str) -> Option<StopReason> {
        let reason = self.closed.get(tool).copied()?;
        self.closed_hits += 1;
        if self.closed_hits >= 2 {
            self.end(reason);
        }
        Some(reason)
    }

    /// Takes note of what the model asked for, whether or not it will run. `key` has the same bytes for calls that
    /// mean the same.
    pub(super) fn asked(&mut self, key: &str) {
        self.history.push(key.to_owned());
        if self.in_cycle() {
            self.end(StopReason::Cycle);
        }
    }

    /// Decides on a call that the gate let through and that [`Watch::asked`] took note of.
    pub(super) fn repeat(&mut self, tool: &str, key: &str) -> Repeat {
        let times = self.seen.entry(key.to_owned()).or_insert(0);
        *times += 1;
        let (times, limit) = (*times, self.settings.max_same_call.max(2));
        if times == 1 {
            Repeat::No
        } else if times >= limit {
            self.closed.insert(tool.to_owned(), StopReason::RepeatedCall);
            if times > limit {
                self.end(StopReason::RepeatedCall);
            }
            Repeat::Close { times }
        } else if times + 1 == limit {
            Repeat::ServeKnown { times }
        } else {
            Repeat::Serve
        }
    }

    /// Takes note of a refusal or failure of `tool`.
    pub(super) fn failed(&mut self, tool: &str, kind: ErrorKind) -> Nudge {
        let times = self.errors.entry(kind).or_insert(0);
        *times += 1;
        let (times, limit) = (*times, self.settings.error_limit(kind));
        if times > limit.saturating_mul(2) {
            self.end(StopReason::ErrorStreak);
        }
        if times >= limit {
            self.closed.insert(tool.to_owned(), StopReason::ErrorStreak);
            Nudge::CloseForErrors { times }
        } else if times >= 2 {
            Nudge::Errors { times }
        } else {
            Nudge::None
        }
    }

    /// Takes note of a result of another call than before: the hash of what the model sees, and its rows if it is a
    /// query's.
    pub(super) fn succeeded(&mut self, content_hash: String, rows: Option<u64>) -> Nudge {
        self.errors.clear();
        let known = !self.contents.insert(content_hash);
        self.empty = if rows == Some(0) { self.empty + 1 } else { 0 };
        self.stale = if known { self.stale + 1 } else { 0 };
        if self.empty >= self.settings.max_empty_results {
            self.end(StopReason::EmptyResults);
        }
        if self.stale >= self.settings.max_stale_results {
            self.end(StopReason::NoNewInformation);
        }
        if self.empty >= 2 {
            Nudge::EmptyRows { times: self.empty }
        } else if self.stale >= 1 {
            Nudge::Stale { times: self.stale }
        } else {
            Nudge::None
        }
    }

    /// The first reason stays: it is what began the end.
    fn end(&mut self, reason: StopReason) {
        self.stop.get_or_insert(reason);
    }

    /// Whether the latest calls are one cycle of two to five calls, `max_cycles` times over. A cycle of one is a
    /// repeat and has its own rungs.
    fn in_cycle(&self) -> bool {
        let times = self.settings.max_cycles.max(2) as usize;
        (2..=LONGEST_CYCLE).any(|length| {
            let Some(start) = self.history.len().checked_sub(length * times) else {
                return false;
            };
            let window: Vec<&String> = self.history.iter().skip(start).collect();
            let varied = window
                .iter()
                .zip(window.iter().skip(1))
                .any(|(one, next)| one != next);
            varied
                && window
                    .iter()
                    .zip(window.iter().skip(length))
                    .all(|(one, next)| one == next)
        })
    }
}

impl GuardSettings {
    /// How many failures of a kind in a row close the tool. Waiting for a slow or failing server is dearer than
    /// putting an argument right, so its caps are lower.
    fn error_limit(&self, kind: ErrorKind) -> u32 {
        let most = self.max_error_streak.max(1);
        match kind {
            ErrorKind::Failure(FailureClass::Timeout | FailureClass::TooLarge) => most.min(2),
            ErrorKind::Failure(FailureClass::Unavailable | FailureClass::Throttled) => most.min(3),
            ErrorKind::Failure(_) | ErrorKind::Refusal(_) => most,
        }
    }
}
