//! What an answer's figures are looked up in: the results a conversation holds, and other texts the model was shown.

use std::sync::Arc;

use serde_json::Value;

use super::driver::Drive;
use super::founded::Founded;
use super::state::TurnState;
use crate::catalog::Entry;
use crate::grounding::{Claim, Figure, Material, ground};
use crate::model::Message;
use crate::prompt::question_of;
use crate::result::{ColumnTotals, Held, Origin, ResultTable, totals};

/// Tools whose results are text without a table.
const TEXT_TOOLS: [&str; 2] = ["describe", "field_values"];

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
    /// The figures of a text, with where they come from. A result whose rows can no longer be had is no source.
    pub(super) async fn ground(&mut self, turn: &TurnState, text: &str) -> Vec<Figure> {
        let held: Vec<Held> = self.shelf.iter().cloned().collect();
        let mut ready = Vec::with_capacity(held.len());
        let earlier: Vec<&str> = questions(self.before);
        let mut founded = Founded::new(earlier.iter().copied().chain([self.question]));
        for held in held {
            if let Ok(table) = self.shelf.table(held.handle).await {
                let current = turn.evidence.iter().any(|item| item.result == held.handle);
                let table = match held.origin.derivations() {
                    [] => table,
                    derivations => founded.table(held.handle, &table, derivations),
                };
                ready.push(Ready::of(&held, table, current));
            }
        }
        let materials: Vec<Material<'_>> = ready.iter().map(Ready::material).collect();
        let shown = self.shown(turn);
        let claim = Claim {
            text,
            question: self.question,
            earlier: &earlier,
            today: self.today,
            shown: &shown.iter().map(String::as_str).collect::<Vec<_>>(),
        };
        ground(&claim, &materials)
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
                let texts = results
                    .iter()
                    .filter(|result| TEXT_TOOLS.contains(&result.tool.as_str()));
                shown.extend(texts.map(|result| result.content.clone()));
            }
        }
        if self.shelf.iter().next().is_none() {
            shown.push(self.agent.prompt().system.to_string());
        }
        shown
    }
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
