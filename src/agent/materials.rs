//! What an answer's figures are looked up in: the results a conversation holds, and other texts the model was shown.

use std::sync::Arc;

use serde_json::Value;

use super::driver::Drive;
use super::founded::Founded;
use super::state::TurnState;
use crate::catalog::Entry;
use crate::grounding::{Claim, Figure, Material, ground, ranks};
use crate::model::Message;
use crate::prompt::question_of;
use crate::result::{ColumnTotals, Handle, Held, Origin, ResultTable, Shelf, totals};
use crate::tools::ToolRole;

/// A result with all that a look-up needs.
struct Ready {
    handle: String,
    title: String,
    arguments: Value,
    table: Arc<ResultTable>,
    totals: Vec<ColumnTotals>,
    rows_seen: usize,
    current: bool,
}

impl Drive<'_> {
    /// The figures of a text, with where they come from. A result whose rows can no longer be had is no source. Rows
    /// of earlier turns that lie in files are read only when they may make a difference: when this turn brought no
    /// result, when a figure is not found without them, or when something is said to be first or last of its kind.
    pub(super) async fn ground(&mut self, turn: &TurnState, text: &str) -> Vec<Figure> {
        let held: Vec<Held> = self.shelf.iter().cloned().collect();
        let current = |handle| turn.evidence.iter().any(|item| item.result == handle);
        let earlier: Vec<&str> = questions(self.before);
        let mut founded = Founded::new(earlier.iter().copied().chain([self.question]));
        for held in held.iter().filter(|held| !held.origin.derivations().is_empty()) {
            founded.judge(held.handle, held.origin.derivations());
        }
        let shown = self.shown(turn);
        let claim = Claim {
            text,
            question: self.question,
            earlier: &earlier,
            today: self.today,
            shown: &shown.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        let rows = &*self.shelf;
        let is_far = |held: &Held| rows.is_on_disk(held.handle) && !current(held.handle);
        let any_current = held.iter().any(|held| current(held.handle));
        let at_hand: Vec<&Held> = held.iter().filter(|held| !is_far(held)).collect();
        if any_current && at_hand.len() < held.len() && !ranks(text) {
            let figures = ground(
                &claim,
                &materials(&ready(rows, &at_hand, &founded, &current).await),
            );
            if !figures.iter().any(Figure::is_unmatched) {
                return figures;
            }
        }
        let all: Vec<&Held> = held.iter().collect();
        ground(&claim, &materials(&ready(rows, &all, &founded, &current).await))
    }

    /// Texts the model was shown besides results: what the catalog says of the entries used, and what the tools said
    /// that bring text.
    fn shown(&self, turn: &TurnState) -> Vec<String> {
        let mut shown = Vec::new();
        let catalog = self.agent.toolbox.catalog();
        for held in self.shelf.iter() {
            let source = held.origin.source();
            shown.extend(
                source
                    .and_then(|source| catalog.entry(source.kind, source.id))
                    .map(said_of),
            );
        }
        for message in self.before.iter().chain(&turn.messages) {
            if let Message::ToolResults(results) = message {
                let toolbox = &self.agent.toolbox;
                let texts = results
                    .iter()
                    .filter(|result| toolbox.role(&result.tool) == Some(ToolRole::Lookup));
                shown.extend(texts.map(|result| result.content.clone()));
            }
        }
        if self.shelf.iter().next().is_none() {
            shown.push(self.agent.prompt().system.to_string());
        }
        shown
    }
}

/// Results with their rows, in the order they came. One whose rows can no longer be had is left out.
async fn ready(
    shelf: &Shelf,
    results: &[&Held],
    founded: &Founded,
    current: &(impl Fn(Handle) -> bool + Sync),
) -> Vec<Ready> {
    let mut ready = Vec::with_capacity(results.len());
    for held in results {
        if let Ok(table) = shelf.table(held.handle).await {
            let table = founded.table(held.handle, table);
            ready.push(Ready::of(held, table, current(held.handle)));
        }
    }
    ready
}

fn materials(ready: &[Ready]) -> Vec<Material<'_>> {
    ready.iter().map(Ready::material).collect()
}

impl Ready {
    fn of(held: &Held, table: Arc<ResultTable>, current: bool) -> Self {
        let source = held.origin.source();
        let arguments = match &held.origin {
            Origin::Query(source) => source.arguments.clone(),
            Origin::Derived { .. } => source.map_or(Value::Null, |source| source.arguments.clone()),
            Origin::Calculated { .. } => Value::Null,
        };
        Self {
            handle: held.handle.to_string(),
            title: source.map_or_else(|| held.title.clone(), |source| source.name.clone()),
            arguments,
            // The rows of a calculation are figures of different things: they come to nothing together.
            totals: match &held.origin {
                Origin::Calculated { .. } => Vec::new(),
                _ => totals(&table),
            },
            rows_seen: usize::try_from(held.shown.rows_shown).unwrap_or(usize::MAX),
            current,
            table,
        }
    }

    fn material(&self) -> Material<'_> {
        Material {
            handle: &self.handle,
            title: &self.title,
            arguments: &self.arguments,
            table: &self.table,
            totals: &self.totals,
            rows_seen: self.rows_seen,
            current: self.current,
        }
    }
}

fn questions(messages: &[Message]) -> Vec<&str> {
    messages
        .iter()
        .filter_map(|message| match message {
            Message::User(text) => question_of(text),
            _ => None,
        })
        .collect()
}

/// What the catalog says of an entry in words, with the values its parameters have when none is given.
fn said_of(entry: &Entry) -> String {
    let mut said: Vec<String> = entry.description().into_iter().map(str::to_owned).collect();
    match entry {
        Entry::Card(card) => {
            let defaults = card
                .parameters
                .iter()
                .filter_map(|parameter| parameter.default.as_ref());
            said.extend(defaults.map(Value::to_string));
        }
        Entry::Metric(metric) => {
            said.extend(metric.definition.clone());
            said.extend(metric.built_in_filters.iter().cloned());
            said.extend(
                metric
                    .segments
                    .iter()
                    .filter_map(|segment| segment.description.clone()),
            );
        }
        Entry::Table(table) => {
            said.extend(
                table
                    .measures
                    .iter()
                    .filter_map(|measure| measure.description.clone()),
            );
            said.extend(
                table
                    .segments
                    .iter()
                    .filter_map(|segment| segment.description.clone()),
            );
        }
    }
    said.join("\n")
}
