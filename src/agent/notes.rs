//! What the guard says to the model. The texts are files under `prompts/guard/` and `prompts/repair/`; a note stands at the end of a
//! message and never changes one that was sent.

use std::collections::BTreeMap;

/// A text of the guard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
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
    Dropped,
    NotRun,
    Unmatched,
}

impl Note {
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
            Self::Dropped => include_str!("../../prompts/guard/dropped.md"),
            Self::NotRun => include_str!("../../prompts/guard/not_run.md"),
            Self::Unmatched => include_str!("../../prompts/repair/unmatched.md"),
        }
    }

    /// The text with its values filled in. A template that does not fit its values is shown as it stands: a note
    /// may be clumsy, but a turn never fails over one.
    pub(super) fn render(self, values: &BTreeMap<&str, String>) -> String {
        let mut context = tera::Context::new();
        for (name, value) in values {
            context.insert((*name).to_owned(), value);
        }
        tera::Tera::one_off(self.template(), &context, false)
            .unwrap_or_else(|_| self.template().to_owned())
            .trim_end()
            .to_owned()
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
