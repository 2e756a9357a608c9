//! What the guard says to the model. The texts are files under `prompts/guard/` and `prompts/repair/`; a note stands at the end of a
//! message and never changes one that was sent.

use std::collections::BTreeMap;

use crate::prompt::fill;

/// A text of the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GuardNote {
    Last,
    Repeat,
    RepeatKnown,
    Closed,
    OverBudget,
    Errors,
    EmptyRows,
    Stale,
    Cut,
    Pages,
    AskedAgain,
    NoQuery,
    EmptyAnswer,
    Unreadable,
    Unclosed,
    Dropped,
    NotRun,
    /// Why a tool is closed: the same call again and again.
    ClosedForRepeat,
    /// The same: pages of one result.
    ClosedForPages,
    /// The same: failures of one kind.
    ClosedForFailures,
    /// A call was cancelled because the turn's time was over.
    TimedOut,
    /// The result of a call that ends the turn with a question.
    PersonAsked,
    /// The result of a call that ends the turn without an answer.
    PersonTold,
    Unmatched,
}

impl GuardNote {
    fn template(self) -> &'static str {
        match self {
            Self::Last => include_str!("../../prompts/guard/last.md"),
            Self::Repeat => include_str!("../../prompts/guard/repeat.md"),
            Self::RepeatKnown => include_str!("../../prompts/guard/repeat_known.md"),
            Self::Closed => include_str!("../../prompts/guard/closed.md"),
            Self::OverBudget => include_str!("../../prompts/guard/over_budget.md"),
            Self::Errors => include_str!("../../prompts/guard/errors.md"),
            Self::EmptyRows => include_str!("../../prompts/guard/empty_rows.md"),
            Self::Stale => include_str!("../../prompts/guard/stale.md"),
            Self::Cut => include_str!("../../prompts/guard/cut.md"),
            Self::Pages => include_str!("../../prompts/guard/pages.md"),
            Self::AskedAgain => include_str!("../../prompts/guard/asked_again.md"),
            Self::NoQuery => include_str!("../../prompts/guard/no_query.md"),
            Self::EmptyAnswer => include_str!("../../prompts/guard/empty_answer.md"),
            Self::Unreadable => include_str!("../../prompts/guard/unreadable.md"),
            Self::Unclosed => include_str!("../../prompts/guard/unclosed.md"),
            Self::Dropped => include_str!("../../prompts/guard/dropped.md"),
            Self::NotRun => include_str!("../../prompts/guard/not_run.md"),
            Self::ClosedForRepeat => include_str!("../../prompts/guard/closed_for_repeat.md"),
            Self::ClosedForPages => include_str!("../../prompts/guard/closed_for_pages.md"),
            Self::ClosedForFailures => include_str!("../../prompts/guard/closed_for_failures.md"),
            Self::TimedOut => include_str!("../../prompts/guard/timed_out.md"),
            Self::PersonAsked => include_str!("../../prompts/guard/person_asked.md"),
            Self::PersonTold => include_str!("../../prompts/guard/person_told.md"),
            Self::Unmatched => include_str!("../../prompts/repair/unmatched.md"),
        }
    }

    /// The text with its values filled in.
    pub(super) fn render(self, values: &BTreeMap<&str, String>) -> String {
        fill(self.template(), values)
    }

    /// The text of a note without values.
    pub(super) fn text(self) -> String {
        self.render(&BTreeMap::new())
    }

    /// The text of a note with one value.
    pub(super) fn with(self, name: &str, value: impl std::fmt::Display) -> String {
        self.render(&BTreeMap::from([(name, value.to_string())]))
    }
}
