//! The kinds of steps there are, and what each takes.

use serde_json::Value;

use crate::tools::check::{Rejection, listing, nearest, quote};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tools::derive) enum StepKind {
    Compute,
    Keep,
    KeepMatching,
    DropMatching,
    Join,
    Group,
    Rank,
    Lag,
    RunningTotal,
    FirstRows,
    Sort,
    Limit,
    Select,
}

impl StepKind {
    /// All of them, in the order they are told.
    pub(in crate::tools::derive) const ALL: [Self; 13] = [
        Self::Compute,
        Self::Keep,
        Self::KeepMatching,
        Self::DropMatching,
        Self::Join,
        Self::Group,
        Self::Rank,
        Self::Lag,
        Self::RunningTotal,
        Self::FirstRows,
        Self::Sort,
        Self::Limit,
        Self::Select,
    ];

    /// Its name in calls.
    pub(in crate::tools::derive) fn word(self) -> &'static str {
        match self {
            Self::Compute => "compute",
            Self::Keep => "keep",
            Self::KeepMatching => "keep_matching",
            Self::DropMatching => "drop_matching",
            Self::Join => "join",
            Self::Group => "group",
            Self::Rank => "rank",
            Self::Lag => "lag",
            Self::RunningTotal => "running_total",
            Self::FirstRows => "first_rows",
            Self::Sort => "sort",
            Self::Limit => "limit",
            Self::Select => "select",
        }
    }

    /// What has to stand in it, and what may.
    pub(super) fn keys(self) -> (&'static [&'static str], &'static [&'static str]) {
        match self {
            Self::Compute => (&["name", "formula"], &[]),
            Self::Keep => (&["filters"], &["match"]),
            Self::KeepMatching | Self::DropMatching => (&["with", "keys"], &[]),
            Self::Join => (&["with", "keys", "columns"], &[]),
            Self::Group => (&["figures"], &["group_by"]),
            Self::Rank => (&["order"], &["name", "by"]),
            Self::Lag => (&["column", "order"], &["name", "by", "count"]),
            Self::RunningTotal => (&["column", "order"], &["name", "by"]),
            Self::FirstRows => (&["order"], &["by", "count"]),
            Self::Sort => (&["order"], &[]),
            Self::Limit => (&["count"], &[]),
            Self::Select => (&["columns"], &[]),
        }
    }

    /// Reads the kind that a step says in "do".
    pub(super) fn read(written: Option<Value>) -> Result<Self, Rejection> {
        let words = Self::ALL.map(Self::word);
        let Some(Value::String(word)) = written else {
            return Err(Rejection::schema("a step says in \"do\" what it does")
                .hint(format!("do is one of: {}", words.join(", "))));
        };
        Self::ALL
            .into_iter()
            .find(|kind| kind.word() == word.trim())
            .ok_or_else(|| {
                Rejection::bad_value(format!("there is no step {}", quote(&word))).hint(format!(
                    "do is one of, nearest first: {}",
                    listing(nearest(&word, words, words.len()))
                ))
            })
    }
}
