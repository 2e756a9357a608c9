use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::index::EntryIndex;
use super::profile::Profile;
use super::question::{ParsedQuestion, TopCount};
use super::time::AskedPeriod;
use super::{card, grouped};
use crate::catalog::Entry;
use crate::model::ToolCall;

/// A call that may answer the question.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
    /// Name of the entry.
    pub(super) name: String,
    /// Card, metric or table, as a word.
    pub(super) kind: &'static str,
    /// Filters built into the entry, in words.
    pub(super) built_in: Vec<String>,
    pub(super) score: f64,
    /// Names of required parameters that the question does not fill.
    pub(super) missing: Vec<String>,
    /// Period and filters, for the answer.
    pub(super) said: Vec<String>,
    /// What is kept of the rows that come back.
    pub(super) keep: RowSelection,
}

impl Proposal {
    /// Whether `call` is the call this proposes.
    pub(super) fn is(&self, call: &ToolCall) -> bool {
        let arguments: Option<Value> = serde_json::from_str(&call.arguments).ok();
        call.name == self.tool && arguments.as_ref() == Some(&self.arguments)
    }
}

/// What is kept of a result whose call could not be narrowed.
#[derive(Debug, Clone, Default)]
pub(super) struct RowSelection {
    /// Rows of this column that lie in the period.
    pub(super) period: Option<(String, AskedPeriod)>,
    /// Order and number of rows.
    pub(super) top: Option<TopCount>,
    /// Columns that the question speaks of, best first.
    pub(super) wanted: Vec<String>,
}

/// Everything an entry is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuestionContext<'a> {
    pub(super) question: &'a ParsedQuestion,
    pub(super) index: &'a EntryIndex,
}

/// Calls that may answer the question, best first.
pub(super) fn proposals(
    asked: QuestionContext<'_>,
    profiles: &[Profile],
) -> Result<Vec<Proposal>, rusqlite::Error> {
    let stems: Vec<&str> = asked
        .question
        .subjects()
        .map(|(_, word)| word.stem.as_str())
        .collect();
    let ranked = asked.index.rank(&stems)?;
    let mut found: Vec<Proposal> = Vec::new();
    for (position, profile) in profiles.iter().enumerate() {
        let rank = ranked
            .iter()
            .find(|(at, _)| *at == position)
            .map_or(0.0, |(_, rank)| *rank);
        found.extend(match &profile.entry {
            Entry::Card(card) => card::propose(asked, profile, card, rank),
            Entry::Metric(metric) => grouped::metric(asked, profile, metric, rank),
            Entry::Table(table) => grouped::table(asked, profile, table, rank),
        });
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(found)
}

/// The periods of a filter as conditions on a dimension.
pub(super) fn period_filters(dimension: &str, period: AskedPeriod) -> Vec<Value> {
    let bound = |operation: &str, day: jiff::civil::Date| json!({"dimension": dimension, "operation": operation, "values": [day.to_string()]});
    let from = period.from.map(|day| bound("greater-than-or-equal", day));
    let to = period.to.map(|day| bound("less-than", day));
    from.into_iter().chain(to).collect()
}

/// A period in words: first day to last day.
pub(super) fn period_words(period: AskedPeriod) -> String {
    let last = |day: jiff::civil::Date| day.yesterday().unwrap_or(day);
    match (period.from, period.to) {
        (Some(from), Some(to)) if last(to) == from => format!("on {from}"),
        (Some(from), Some(to)) => format!("{from} to {}", last(to)),
        (Some(from), None) => format!("from {from} on"),
        (None, Some(to)) => format!("up to {}", last(to)),
        (None, None) => "all time".to_owned(),
    }
}

/// Marks words as explained.
pub(super) fn explain(explained: &mut BTreeSet<usize>, words: &[usize]) {
    explained.extend(words.iter().copied());
}
