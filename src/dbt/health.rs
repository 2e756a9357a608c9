//! Whether data can be believed: the state of an entry and of everything it is made from, made one verdict. A pure function, so
//! that Discovery and local artifacts are judged alike.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::graph::{DbtGraph, DbtNode};
use crate::text::one_line;

/// Longest name in a reason, in characters.
const NAME_CHARS: usize = 120;

/// How far data can be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataHealth {
    /// Everything ran, and every test passed.
    Healthy,
    /// Something warned, or nothing is known of it.
    Questionable,
    /// Something failed.
    Unhealthy,
}

/// What is known of one node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct NodeState {
    /// How its last run ended, in dbt's word.
    pub status: Option<String>,
    pub at: Option<String>,
    /// Its tests: name, and how the last run of it ended.
    pub tests: Vec<(String, Option<String>)>,
    pub freshness: Option<SourceFreshness>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SourceFreshness {
    /// `pass`, `warn` or `error`.
    pub status: Option<String>,
    /// When its newest row was loaded.
    pub max_loaded_at: Option<String>,
    /// How long before the check that was, in seconds.
    pub age_seconds: Option<f64>,
}

/// What is known of a project.
#[derive(Debug, Clone, Default)]
pub struct ProjectState {
    pub graph: DbtGraph,
    pub nodes: BTreeMap<String, NodeState>,
    /// `discovery` or `local_artifacts`.
    pub from: &'static str,
    /// When the state was written down.
    pub as_of: Option<String>,
    /// What a person should know of how it was read.
    pub notes: Vec<String>,
}

/// One node in a report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssessedNode {
    pub unique_id: String,
    pub name: String,
    pub kind: String,
    /// Steps between it and the entry.
    pub depth: u32,
    /// None where a node of its kind has no state of its own.
    pub health: Option<DataHealth>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    pub tests_passed: usize,
    pub tests_failed: usize,
    pub tests_warned: usize,
    /// Tests that were not run because something before them failed, or were cancelled.
    pub tests_skipped: usize,
    /// Tests of which no run is known, or that ended in another way.
    pub tests_other: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub freshness: Option<SourceFreshness>,
    /// Why it is not healthy.
    pub reasons: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AssessedSubject {
    /// `model.shop.orders`; of an entry of Metabase `card 7`.
    pub unique_id: String,
    pub name: String,
    pub kind: String,
}

/// The verdict on an entry.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DataHealthReport {
    pub version: u32,
    pub unique_id: String,
    pub name: String,
    pub kind: String,
    pub health: DataHealth,
    /// Why it is not healthy, the worst first.
    pub reasons: Vec<String>,
    pub from: &'static str,
    pub as_of: Option<String>,
    /// The entry and everything it is made from, near ones first.
    pub nodes: Vec<AssessedNode>,
    /// Models that are made from the tables of an entry, where only these join it to dbt and it was asked for them. No part of
    /// the verdict: the entry does not read them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub downstream: Vec<AssessedNode>,
    pub notes: Vec<String>,
}

impl ProjectState {
    /// Judges a node by itself and by everything it is made from.
    pub fn assess(&self, entry: &DbtNode) -> DataHealthReport {
        let subject = AssessedSubject {
            unique_id: entry.unique_id.clone(),
            name: entry.name.clone(),
            kind: entry.kind.clone(),
        };
        self.assess_all(subject, &[entry])
    }

    /// Judges something that is made from these nodes, by them and by everything they are made from.
    pub(crate) fn assess_all(&self, subject: AssessedSubject, made_from: &[&DbtNode]) -> DataHealthReport {
        let mut near: BTreeMap<&str, (u32, &DbtNode)> = BTreeMap::new();
        for (depth, node) in made_from
            .iter()
            .flat_map(|node| self.graph.upstream(&node.unique_id))
        {
            let known = near.entry(&node.unique_id).or_insert((depth, node));
            known.0 = known.0.min(depth);
        }
        let mut near: Vec<(u32, &DbtNode)> = near.into_values().collect();
        near.sort_by_key(|(depth, _)| *depth);
        let nodes: Vec<AssessedNode> = near
            .into_iter()
            .map(|(depth, node)| self.assessed(node, depth))
            .collect();
        // Tests that pass say nothing of how old the rows are.
        let unchecked = nodes
            .iter()
            .filter(|node| node.kind == "source" && node.freshness.is_none())
            .count();
        let mut told = self.notes.clone();
        match unchecked {
            0 => {}
            1 => told.push("how fresh 1 source upstream is, is not known".to_owned()),
            _ => told.push(format!(
                "how fresh {unchecked} sources upstream are, is not known"
            )),
        }
        let mut health = nodes.iter().filter_map(|node| node.health).max();
        let mut reasons: Vec<(DataHealth, String)> = Vec::new();
        for node in &nodes {
            let of_node = node.health.unwrap_or(DataHealth::Healthy);
            reasons.extend(node.reasons.iter().map(|reason| (of_node, reason.clone())));
        }
        reasons.sort_by_key(|(health, _)| std::cmp::Reverse(*health));
        let mut reasons: Vec<String> = reasons.into_iter().map(|(_, reason)| reason).collect();
        if health.is_none() {
            health = Some(DataHealth::Questionable);
            reasons.push("no run of anything it is made from is known".to_owned());
        }
        DataHealthReport {
            version: 1,
            unique_id: subject.unique_id,
            name: subject.name,
            kind: subject.kind,
            health: health.unwrap_or(DataHealth::Questionable),
            reasons,
            from: self.from,
            as_of: self.as_of.clone(),
            nodes,
            downstream: Vec::new(),
            notes: told,
        }
    }

    /// Judges a node by itself alone.
    pub(super) fn assessed(&self, node: &DbtNode, depth: u32) -> AssessedNode {
        let unknown = NodeState::default();
        let state = self.nodes.get(&node.unique_id).unwrap_or(&unknown);
        let name = one_line(&node.name, NAME_CHARS);
        let mut verdicts: Vec<DataHealth> = Vec::new();
        let mut reasons: Vec<String> = Vec::new();
        let mut judge = |health: DataHealth, reason: String| {
            verdicts.push(health);
            if health > DataHealth::Healthy {
                reasons.push(reason);
            }
        };
        if runs(node) {
            let health = of_status(state.status.as_deref());
            let at = state
                .at
                .as_ref()
                .map(|at| format!(" at {}", said_moment(at)))
                .unwrap_or_default();
            judge(
                health,
                match &state.status {
                    Some(status) => format!("{} {name} ended with {status:?}{at}", node.kind),
                    None => format!("no run of {} {name} is known", node.kind),
                },
            );
        }
        if let Some(freshness) = &state.freshness {
            let status = freshness.status.as_deref().unwrap_or("nothing");
            let loaded = freshness
                .max_loaded_at
                .as_deref()
                .map_or_else(|| "an unknown time".to_owned(), said_moment);
            judge(
                of_status(freshness.status.as_deref()),
                format!("source {name} is not fresh ({status:?}): its newest row is of {loaded}"),
            );
        }
        let mut counts: BTreeMap<TestEnd, usize> = BTreeMap::new();
        for (test, status) in &state.tests {
            let health = of_status(status.as_deref());
            *counts.entry(TestEnd::of(status.as_deref())).or_default() += 1;
            let ended = status.as_deref().map_or_else(
                || "was not run".to_owned(),
                |status| format!("ended with {status:?}"),
            );
            judge(
                health,
                format!("test {} of {name} {ended}", one_line(test, NAME_CHARS)),
            );
        }
        let tests = |end| counts.get(&end).copied().unwrap_or_default();
        AssessedNode {
            unique_id: node.unique_id.clone(),
            name,
            kind: node.kind.clone(),
            depth,
            health: verdicts.into_iter().max(),
            status: state.status.clone(),
            at: state.at.clone(),
            tests_passed: tests(TestEnd::Passed),
            tests_failed: tests(TestEnd::Failed),
            tests_warned: tests(TestEnd::Warned),
            tests_skipped: tests(TestEnd::Skipped),
            tests_other: tests(TestEnd::Other),
            freshness: state.freshness.clone(),
            reasons,
        }
    }
}

/// A moment as dbt writes it, on one line: nothing says that it is one.
fn said_moment(text: &str) -> String {
    one_line(text, NAME_CHARS)
}

/// Whether a node is made by running it.
fn runs(node: &DbtNode) -> bool {
    matches!(node.kind.as_str(), "model" | "seed" | "snapshot")
        && node.materialized.as_deref() != Some("ephemeral")
}

/// How a test ended, as people count tests. A skipped one says as little for the data as a failed one, but it did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum TestEnd {
    Passed,
    Failed,
    Warned,
    Skipped,
    Other,
}

impl TestEnd {
    fn of(status: Option<&str>) -> Self {
        match status.map(str::to_lowercase).as_deref() {
            Some("success" | "pass" | "no-op") => Self::Passed,
            Some("error" | "fail" | "runtime error") => Self::Failed,
            Some("warn") => Self::Warned,
            Some("skipped" | "cancelled") => Self::Skipped,
            _ => Self::Other,
        }
    }
}

/// What dbt's words for how something ended mean. A word that is not known is no reason to believe.
fn of_status(status: Option<&str>) -> DataHealth {
    match status.map(str::to_lowercase).as_deref() {
        Some("success" | "pass" | "no-op") => DataHealth::Healthy,
        Some("error" | "fail" | "runtime error" | "skipped" | "cancelled") => DataHealth::Unhealthy,
        _ => DataHealth::Questionable,
    }
}
