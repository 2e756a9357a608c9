//! Questions that the catalog can answer: for an empty page, and to go on with after an answer.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::table_view::{EntryLink, entry_link};
use crate::agent::Answer;
use crate::app::App;
use crate::catalog::{Dimension, Entry, MetricEntry};
use crate::result::{ColumnKind, EntryKind};

/// Questions for an empty page.
const MOST_FIRST: usize = 6;
const MOST_NEXT: usize = 3;

/// A question that the catalog can answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
pub(super) struct Suggestion {
    /// The question.
    pub(super) text: String,
    /// The entry that answers it.
    pub(super) entry: EntryLink,
}

/// Questions for an empty page: verified entries first, metrics and cards in turn, so that they show what is there.
pub(super) fn first_questions(app: &App) -> Vec<Suggestion> {
    let entries = app.catalog().catalog.entries();
    let of_kind = |kind: EntryKind| {
        let mut found: Vec<&Entry> = entries.iter().filter(|entry| entry.kind() == kind).collect();
        found.sort_by_key(|entry| !is_verified(entry));
        found
    };
    let (metrics, cards) = (of_kind(EntryKind::Metric), of_kind(EntryKind::Card));
    let longest = metrics.len().max(cards.len());
    let in_turn = (0..longest)
        .flat_map(|at| [metrics.get(at), cards.get(at)])
        .flatten();
    let mut texts = BTreeSet::new();
    in_turn
        .filter_map(|entry| suggestion(app, entry, &question(entry)?))
        // A metric by month and the card of it are one question.
        .filter(|suggestion| texts.insert(suggestion.text.to_lowercase()))
        .take(MOST_FIRST)
        .collect()
}

/// Questions to go on with: the entries of the answer, grouped by what they were not grouped by yet.
pub(super) fn follow_ups(app: &App, answer: &Answer) -> Vec<Suggestion> {
    let catalog = &app.catalog().catalog;
    let mut found: Vec<Suggestion> = Vec::new();
    for item in answer.evidence.iter().rev() {
        let Some(source) = item.origin.source() else {
            continue;
        };
        let Some(entry) = catalog.entry(source.kind, source.id) else {
            continue;
        };
        let Entry::Metric(metric) = entry else { continue };
        let asked = source.arguments.to_string();
        let open = metric
            .dimensions
            .iter()
            .filter(|dimension| is_group(dimension) && !asked.contains(&format!("\"{}\"", dimension.name)));
        let texts = open.map(|dimension| format!("{} by {}", metric.name, words(&dimension.label)));
        let over_time = time_of(metric)
            .filter(|time| !asked.contains(&format!("\"{time}\"")))
            .map(|_| format!("{} by month", metric.name));
        for text in over_time.into_iter().chain(texts) {
            if found.len() < MOST_NEXT && found.iter().all(|other| other.text != text) {
                found.extend(suggestion(app, entry, &text));
            }
        }
    }
    found
}

fn suggestion(app: &App, entry: &Entry, text: &str) -> Option<Suggestion> {
    Some(Suggestion {
        text: text.to_owned(),
        entry: entry_link(app, entry.kind(), entry.id())?,
    })
}

/// A question that an entry answers as it stands. A card that needs a value would only lead to a question back.
fn question(entry: &Entry) -> Option<String> {
    match entry {
        Entry::Metric(metric) if time_of(metric).is_some() => Some(format!("{} by month", metric.name)),
        Entry::Metric(metric) => Some(metric.name.clone()),
        Entry::Card(card) => {
            let runs_alone = card
                .parameters
                .iter()
                .all(|parameter| !parameter.required || parameter.default.is_some());
            runs_alone.then(|| card.name.clone())
        }
        Entry::Table(_) => None,
    }
}

fn is_verified(entry: &Entry) -> bool {
    match entry {
        Entry::Card(card) => card.verified,
        Entry::Metric(metric) => metric.verified,
        Entry::Table(_) => false,
    }
}

fn time_of(metric: &MetricEntry) -> Option<&str> {
    metric.default_time_dimension.as_deref()
}

/// Whether rows can be grouped by it so that a person reads something from it.
fn is_group(dimension: &Dimension) -> bool {
    dimension.kind == ColumnKind::Text && dimension.values.is_some()
}

fn words(label: &str) -> String {
    label.replace(['_', '.'], " ").to_lowercase()
}
