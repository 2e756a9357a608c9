//! The guard of one turn: watches calls and results for signs that the loop goes nowhere, and says which rung of the
//! ladder is due: serve the repeat, say what is known, close the tool, end the loop.

use std::collections::{BTreeMap, BTreeSet};

use super::StopReason;
use super::guard_fingerprint::{PageRead, ResultFingerprint};
use crate::agent::GuardSettings;
use crate::metabase::FailureClass;
use crate::tools::RefusalClass;

/// Longest cycle of calls that is looked for.
const LONGEST_CYCLE: usize = 5;
/// Shortest cycle that counts as a long one.
const LONG_CYCLE: usize = 4;

/// What kind of failure a call was, for counting. Kinds are counted apart, whatever the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ErrorKind {
    Refusal(RefusalClass),
    Failure(FailureClass),
}

impl ErrorKind {
    /// A failure as it is counted. Whether the server's catalog drifted or the server just failed is told apart by its
    /// words alone, so it is one kind here: what a server writes decides nothing.
    pub(super) fn failure(class: FailureClass) -> Self {
        Self::Failure(match class {
            FailureClass::CatalogDrift => FailureClass::Unavailable,
            other => other,
        })
    }
}

/// What is due for a call that means the same as an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RepeatAction {
    No,
    /// Serve it from the turn's results with a note.
    Serve,
    /// The same, and say what is known.
    ServeKnown {
        times: u32,
    },
    Close {
        times: u32,
    },
}

/// What is due after a result or a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuardAction {
    None,
    /// Failures of one kind in a row.
    Errors {
        times: u32,
    },
    /// The same, too often: close the tool.
    CloseForErrors {
        times: u32,
    },
    /// Results without rows in a row.
    EmptyRows {
        times: u32,
    },
    /// Results that repeat an earlier one's content.
    Stale {
        times: u32,
    },
    /// Results of one source in a row that were cut.
    Cut {
        times: u32,
    },
    /// Pages of one result.
    Pages {
        times: u32,
        limit: u32,
    },
    /// The same, too many: close the tool.
    CloseForPages {
        times: u32,
    },
}

/// How often something came, counted once for each completion: calls of one completion were all written before any
/// of them was answered, so that none of them shows that a note was ignored.
#[derive(Debug, Clone, Copy, Default)]
struct RoundCount {
    times: u32,
    round: u32,
}

impl RoundCount {
    fn more(&mut self, round: u32) -> u32 {
        if self.times == 0 || self.round != round {
            self.times = self.times.saturating_add(1);
            self.round = round;
        }
        self.times
    }
}

/// The signals of one turn.
#[derive(Debug, Clone)]
pub(super) struct LoopGuard {
    settings: GuardSettings,
    /// The completion whose calls are looked at, counted from 1.
    round: u32,
    history: Vec<String>,
    seen: BTreeMap<String, u32>,
    /// Failures of each kind since the last result.
    errors: BTreeMap<ErrorKind, RoundCount>,
    /// Failures of any kind in the turn.
    failures: RoundCount,
    contents: BTreeSet<String>,
    empty: RoundCount,
    stale: RoundCount,
    /// The source whose results were cut, and how often in a row.
    cut: Option<(String, RoundCount)>,
    /// Pages that were read of each result in one way.
    pages: BTreeMap<(String, String), u32>,
    /// Of results that are pages themselves: what they are pages of.
    whole: BTreeMap<String, String>,
    closed: BTreeMap<String, StopReason>,
    closed_hits: RoundCount,
    /// The completion over which a tool was closed last.
    closed_in: u32,
    /// Turns before this one that ended with a question back, in a row.
    asked_back: u32,
    asked_hits: RoundCount,
    stop: Option<StopReason>,
}

impl LoopGuard {
    /// The watch of a turn that comes after `asked_back` turns in a row that ended with a question back.
    pub(super) fn new(settings: GuardSettings, asked_back: u32) -> Self {
        Self {
            settings,
            round: 0,
            history: Vec::new(),
            seen: BTreeMap::new(),
            errors: BTreeMap::new(),
            failures: RoundCount::default(),
            contents: BTreeSet::new(),
            empty: RoundCount::default(),
            stale: RoundCount::default(),
            cut: None,
            pages: BTreeMap::new(),
            whole: BTreeMap::new(),
            closed: BTreeMap::new(),
            closed_hits: RoundCount::default(),
            closed_in: 0,
            asked_back,
            asked_hits: RoundCount::default(),
            stop: None,
        }
    }

    /// Why the loop has to end, once a signal reached the last rung.
    pub(super) fn stop(&self) -> Option<StopReason> {
        self.stop
    }

    /// The calls of one more completion are looked at from now on.
    pub(super) fn next_round(&mut self) {
        self.round = self.round.saturating_add(1);
    }

    /// Whether a tool is closed, and over what. A second completion that calls a closed tool ends the loop.
    pub(super) fn closed(&mut self, tool: &str) -> Option<StopReason> {
        let reason = self.closed.get(tool).copied()?;
        let hits = self.closed_hits.more(self.round);
        // The same call needs no note to be seen for what it is.
        if hits >= 2 || reason == StopReason::RepeatedCall && self.round == self.closed_in {
            self.end(reason);
        }
        Some(reason)
    }

    /// How many turns in a row the person was asked back, when that is too often to ask again now. A second completion
    /// that asks all the same ends the loop.
    pub(super) fn asked_too_often(&mut self) -> Option<u32> {
        if self.asked_back < self.settings.max_clarifications {
            return None;
        }
        if self.asked_hits.more(self.round) >= 2 {
            self.end(StopReason::AskedAgain);
        }
        Some(self.asked_back)
    }

    /// Takes note of what the model asked for, whether or not it will run. `key` has the same bytes for calls that
    /// mean the same.
    pub(super) fn asked(&mut self, key: &str) {
        self.history.push(key.to_owned());
        if self.in_cycle() {
            self.end(StopReason::Cycle);
        }
    }

    /// Decides on a call that the gate let through and that [`LoopGuard::asked`] took note of.
    pub(super) fn repeat(&mut self, tool: &str, key: &str) -> RepeatAction {
        let times = self.seen.entry(key.to_owned()).or_insert(0);
        *times += 1;
        let (times, limit) = (*times, self.settings.max_same_call.max(2));
        if times == 1 {
            RepeatAction::No
        } else if times >= limit {
            self.close(tool, StopReason::RepeatedCall);
            if times > limit {
                self.end(StopReason::RepeatedCall);
            }
            RepeatAction::Close { times }
        } else if times + 1 == limit {
            RepeatAction::ServeKnown { times }
        } else {
            RepeatAction::Serve
        }
    }

    /// Takes note of a refusal or failure of `tool`.
    pub(super) fn failed(&mut self, tool: &str, kind: ErrorKind) -> GuardAction {
        let round = self.round;
        if self.failures.more(round) >= self.settings.max_errors {
            self.end(StopReason::TooManyErrors);
        }
        let times = self.errors.entry(kind).or_default().more(round);
        let limit = self.settings.error_limit(kind);
        if times > limit.saturating_mul(2) {
            self.end(StopReason::ErrorStreak);
        }
        if times >= limit {
            self.close(tool, StopReason::ErrorStreak);
            GuardAction::CloseForErrors { times }
        } else if times >= 2 {
            GuardAction::Errors { times }
        } else {
            GuardAction::None
        }
    }

    /// Takes note of a result of another call of `tool` than before.
    pub(super) fn succeeded(&mut self, tool: &str, fingerprint: ResultFingerprint) -> GuardAction {
        self.errors.clear();
        let pages = self.paged(tool, fingerprint.page);
        let cut = self.cut_again(fingerprint.queried);
        let known = !self.contents.insert(fingerprint.content);
        let stale = in_a_row(&mut self.stale, known, self.round);
        if stale >= self.settings.max_stale_results {
            self.end(StopReason::NoNewInformation);
        }
        let empty = in_a_row(&mut self.empty, fingerprint.rows == Some(0), self.round);
        if empty >= self.settings.max_empty_results {
            self.end(StopReason::EmptyResults);
        }
        if pages != GuardAction::None {
            pages
        } else if cut >= 2 {
            GuardAction::Cut { times: cut }
        } else if empty >= 2 {
            GuardAction::EmptyRows { times: empty }
        } else if stale >= 1 {
            GuardAction::Stale { times: stale }
        } else {
            GuardAction::None
        }
    }

    /// Counts pages of one result, and pages of its pages. Each is new, and none says more than the result's totals do.
    fn paged(&mut self, tool: &str, page: Option<PageRead>) -> GuardAction {
        let Some(PageRead { of, asked, made }) = page else {
            return GuardAction::None;
        };
        let of = self.whole.get(&of).cloned().unwrap_or(of);
        if let Some(made) = made {
            self.whole.insert(made, of.clone());
        }
        let limit = self.settings.max_pages.max(1);
        let times = self.pages.entry((of, asked)).or_insert(0);
        *times = times.saturating_add(1);
        let times = *times;
        if times >= limit {
            self.close(tool, StopReason::EndlessPaging);
            GuardAction::CloseForPages { times }
        } else if times > limit / 2 && times > 1 {
            GuardAction::Pages { times, limit }
        } else {
            GuardAction::None
        }
    }

    /// Counts cut results of one source in a row.
    fn cut_again(&mut self, queried: Option<(String, bool)>) -> u32 {
        let Some((source, cut)) = queried else {
            return 0;
        };
        if !cut {
            self.cut = None;
            return 0;
        }
        let same = self.cut.take().filter(|(before, _)| *before == source);
        let mut count = same.map_or_else(RoundCount::default, |(_, count)| count);
        let times = count.more(self.round);
        self.cut = Some((source, count));
        if times >= self.settings.max_cut_results {
            self.end(StopReason::RefetchedCut);
        }
        times
    }

    /// Closes a tool. A model that has had more than one closed goes from one to the next: that ends the loop.
    fn close(&mut self, tool: &str, reason: StopReason) {
        self.closed.entry(tool.to_owned()).or_insert(reason);
        self.closed_in = self.round;
        let closed = u32::try_from(self.closed.len()).unwrap_or(u32::MAX);
        if closed >= self.settings.max_closed_tools {
            self.end(reason);
        }
    }

    /// The first reason stays: it is what began the end.
    fn end(&mut self, reason: StopReason) {
        self.stop.get_or_insert(reason);
    }

    /// Whether the latest calls are one cycle of two to five calls, often enough over. A cycle of one is a repeat and
    /// has its own rungs.
    fn in_cycle(&self) -> bool {
        (2..=LONGEST_CYCLE).any(|length| {
            let times = self.settings.cycles_of(length);
            let Some(start) = self.history.len().checked_sub(length.saturating_mul(times)) else {
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

/// Counts what comes in a row, once for each completion. A completion of which any call breaks the row begins anew.
fn in_a_row(count: &mut RoundCount, again: bool, round: u32) -> u32 {
    if again {
        count.more(round)
    } else {
        *count = RoundCount::default();
        0
    }
}

impl GuardSettings {
    /// How often a cycle of this length has to come. Of a long one a time less will do: it is not an accident any more,
    /// and a turn has not the steps for more.
    fn cycles_of(&self, length: usize) -> usize {
        let times = self.max_cycles.max(2);
        let times = if length >= LONG_CYCLE {
            times.saturating_sub(1).max(2)
        } else {
            times
        };
        usize::try_from(times).unwrap_or(usize::MAX)
    }

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
