use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::index::EntryIndex;
use super::profile::{EntryField, Profile};
use super::question::{ParsedQuestion, TopCount};
use super::time::AskedPeriod;
use super::{card, grouped, score};
use crate::catalog::Entry;
use crate::model::ToolCall;

/// A call that may answer the question.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
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
    /// Whether the question says the entry's whole name.
    pub(super) named: bool,
    /// Words of the question that the call leaves out, as they were written. A call that leaves out one is not made.
    pub(super) unplaced: Vec<String>,
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

/// What is taken off when an entry cannot do what was asked.
pub(super) const UNMET: f64 = 0.35;

/// A proposal in the making: what every way of asking an entry collects.
#[derive(Debug, Default)]
pub(super) struct ProposalDraft {
    /// Period and filters, for the answer.
    pub(super) said: Vec<String>,
    /// Positions of the words that the call takes care of.
    pub(super) explained: BTreeSet<usize>,
    /// Stems of the tables whose fields the call uses.
    pub(super) owners: BTreeSet<String>,
    pub(super) keep: RowSelection,
    /// What the entry cannot do of what was asked.
    pub(super) against: f64,
    /// What it was asked to tell apart and cannot, in words of the question. A call that leaves out one is not made.
    pub(super) not_told_apart: Vec<String>,
}

/// The call of a draft.
pub(super) struct ProposedCall<'a> {
    pub(super) tool: &'static str,
    pub(super) arguments: Value,
    pub(super) name: &'a str,
    /// Card, metric or table, as a word.
    pub(super) kind: &'static str,
    /// Filters built into the entry, in words.
    pub(super) built_in: &'a [String],
    /// Names of required parameters that the question does not fill.
    pub(super) missing: Vec<String>,
}

impl ProposalDraft {
    /// Marks words as taken care of.
    pub(super) fn explain(&mut self, words: &[usize]) {
        self.explained.extend(words.iter().copied());
    }

    /// The same, by a field.
    pub(super) fn explain_by(&mut self, words: &[usize], field: &EntryField) {
        self.explain(words);
        self.owners.extend(field.owner.iter().cloned());
    }

    /// The proposal, if its entry speaks enough of what the question speaks of. `rank` is that of the full-text search,
    /// `against` what speaks against the entry in all.
    pub(super) fn finish(
        self,
        asked: QuestionContext<'_>,
        profile: &Profile,
        (rank, against): (f64, f64),
        call: ProposedCall<'_>,
    ) -> Option<Proposal> {
        if score::is_of_a_part(asked.question, profile, asked.index) {
            return None;
        }
        let found = score::compare(asked.question, profile, asked.index, &self.explained);
        let unplaced = score::unplaced(
            asked.question,
            profile,
            asked.index,
            &self.explained,
            &self.owners,
        );
        let words = unplaced.iter().filter_map(|at| asked.question.words.get(*at));
        let mut left_out = self.not_told_apart;
        left_out.extend(words.map(|word| word.text.clone()));
        left_out.dedup();
        Some(Proposal {
            named: found.precision > 0.99,
            unplaced: left_out,
            score: score::total(found, rank, against)?,
            tool: call.tool,
            arguments: call.arguments,
            name: call.name.to_owned(),
            kind: call.kind,
            built_in: call.built_in.to_vec(),
            missing: call.missing,
            said: self.said,
            keep: self.keep,
        })
    }
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
