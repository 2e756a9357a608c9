use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::caller::DbtCaller;
use super::discovery_replies::{
    AppliedReply, Connection, DefinitionReply, EnvironmentReply, ExecutionInfo, ExposureItem, ExposuresReply,
    FreshnessItem, HealthItem, LineageReply, ModelsReply, SeedsReply, SnapshotsReply, SourcesReply,
    TableItem, TablesReply, TestItem,
};
use super::error::{self, DbtError, DbtFailure};
use super::graph::{DbtGraph, DbtNode};
use super::health::{NodeState, ProjectState, SourceFreshness};
use crate::operations::Operation;
use crate::operations::discovery as table;

/// Kinds of nodes that the lineage is asked for.
const TYPES: [&str; 8] = [
    "Model",
    "Source",
    "Seed",
    "Snapshot",
    "Exposure",
    "Metric",
    "SemanticModel",
    "SavedQuery",
];
const PAGE: u32 = 100;
/// Most pages of a list.
const MOST_PAGES: usize = 200;
/// Models whose health is asked for at once: each brings all its ancestors.
const MODELS_AT_ONCE: usize = 20;
/// Sources, seeds or snapshots whose health is asked for at once.
const OTHERS_AT_ONCE: usize = 100;

/// A client of the Discovery API of one environment. Cheap to clone.
#[derive(Debug, Clone)]
pub struct DiscoveryClient {
    caller: DbtCaller,
    environment: u64,
}

impl DiscoveryClient {
    /// A client of an environment of the account.
    pub(super) fn new(caller: DbtCaller, environment: u64) -> Self {
        Self { caller, environment }
    }

    /// What is made from what, with the pages that exposures stand for.
    pub async fn graph(&self) -> Result<DbtGraph, DbtError> {
        let variables = json!({ "environmentId": self.environment, "types": TYPES });
        let reply: AppliedReply<LineageReply> = self.environment(&table::LINEAGE, variables).await?;
        let lineage = reply.applied.map(|applied| applied.lineage).unwrap_or_default();
        let mut nodes: BTreeMap<String, DbtNode> = BTreeMap::new();
        for item in lineage {
            let node = DbtNode {
                unique_id: item.unique_id.clone(),
                kind: snake_case(&item.resource_type, &item.unique_id),
                source_name: source_name(&item.unique_id),
                name: item.name,
                parents: item.parent_ids.unwrap_or_default(),
                ..DbtNode::default()
            };
            nodes.insert(item.unique_id, node);
        }
        for item in self.exposures().await? {
            let node = nodes.entry(item.unique_id.clone()).or_insert_with(|| DbtNode {
                unique_id: item.unique_id.clone(),
                kind: "exposure".to_owned(),
                ..DbtNode::default()
            });
            node.url = item.url;
            if node.name.is_empty() {
                node.name = item.name.unwrap_or_default();
            }
            if node.parents.is_empty() {
                let parents = item.parents.unwrap_or_default().into_iter();
                node.parents = parents.filter_map(|parent| parent.unique_id).collect();
            }
        }
        Ok(nodes.into_values().collect())
    }

    /// The same, where each model also knows the table that it is in the warehouse.
    pub(crate) async fn graph_with_tables(&self) -> Result<DbtGraph, DbtError> {
        let graph = self.graph().await?;
        let pick = |reply: AppliedReply<TablesReply>| reply.applied.map(|applied| applied.models);
        let models: Vec<TableItem> = self.all(&table::MODELS, pick).await?;
        let mut relations: BTreeMap<String, String> = models
            .into_iter()
            .filter_map(|model| {
                let alias = model.alias?;
                let parts = [model.database, model.schema, Some(alias)];
                let parts: Vec<String> = parts.into_iter().flatten().collect();
                Some((model.unique_id, parts.join(".")))
            })
            .collect();
        let nodes = graph.nodes().cloned().map(|node| DbtNode {
            relation: relations.remove(&node.unique_id),
            ..node
        });
        Ok(nodes.collect())
    }

    /// What is known of a node and of everything it is made from.
    pub async fn state(&self, graph: DbtGraph, unique_id: &str) -> Result<ProjectState, DbtError> {
        self.state_of(graph, &[unique_id]).await
    }

    /// What is known of these nodes and of everything they are made from.
    pub(crate) async fn state_of(
        &self,
        graph: DbtGraph,
        unique_ids: &[&str],
    ) -> Result<ProjectState, DbtError> {
        let wanted: BTreeMap<&str, &DbtNode> = unique_ids
            .iter()
            .flat_map(|unique_id| graph.upstream(unique_id))
            .map(|(_, node)| (node.unique_id.as_str(), node))
            .collect();
        let of_kind = |kind: &str| -> Vec<&str> {
            let nodes = wanted.values().filter(|node| node.kind == kind);
            nodes.map(|node| node.unique_id.as_str()).collect()
        };
        let mut nodes: BTreeMap<String, NodeState> = BTreeMap::new();
        for ids in of_kind("model").chunks(MODELS_AT_ONCE) {
            let reply: AppliedReply<ModelsReply> = self.health_of(&table::MODEL_HEALTH, ids).await?;
            put_items(reply.applied.map(|applied| applied.models), &mut nodes);
        }
        for ids in of_kind("seed").chunks(OTHERS_AT_ONCE) {
            let reply: AppliedReply<SeedsReply> = self.health_of(&table::SEED_HEALTH, ids).await?;
            put_items(reply.applied.map(|applied| applied.seeds), &mut nodes);
        }
        for ids in of_kind("snapshot").chunks(OTHERS_AT_ONCE) {
            let reply: AppliedReply<SnapshotsReply> = self.health_of(&table::SNAPSHOT_HEALTH, ids).await?;
            put_items(reply.applied.map(|applied| applied.snapshots), &mut nodes);
        }
        for ids in of_kind("source").chunks(OTHERS_AT_ONCE) {
            let reply: AppliedReply<SourcesReply> = self.health_of(&table::SOURCE_HEALTH, ids).await?;
            let edges = reply.applied.map(|applied| applied.sources.edges);
            for edge in edges.unwrap_or_default() {
                let state = nodes.entry(edge.node.unique_id).or_default();
                put_freshness(state, edge.node.freshness);
                state.tests = tests_of(edge.node.tests);
            }
        }
        Ok(ProjectState {
            as_of: nodes.values().filter_map(|state| state.at.clone()).max(),
            graph,
            nodes,
            from: "discovery",
            notes: Vec::new(),
        })
    }

    /// Asks for the health of these nodes.
    async fn health_of<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        ids: &[&str],
    ) -> Result<T, DbtError> {
        let filter = json!({ "uniqueIds": ids });
        let variables = json!({ "environmentId": self.environment, "filter": filter, "first": ids.len() });
        self.environment(operation, variables).await
    }

    async fn exposures(&self) -> Result<Vec<ExposureItem>, DbtError> {
        let pick =
            |reply: DefinitionReply<ExposuresReply>| reply.definition.map(|definition| definition.exposures);
        self.all(&table::EXPOSURES, pick).await
    }

    /// The items of all pages; `pick` takes the list out of a reply.
    async fn all<R: DeserializeOwned, T>(
        &self,
        operation: &Operation,
        pick: fn(R) -> Option<Connection<T>>,
    ) -> Result<Vec<T>, DbtError> {
        let mut items = Vec::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut after: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let variables = json!({ "environmentId": self.environment, "first": PAGE, "after": after });
            let Some(page) = pick(self.environment(operation, variables).await?) else {
                return Ok(items);
            };
            items.extend(page.edges.into_iter().map(|edge| edge.node));
            if !page.page_info.has_next_page {
                return Ok(items);
            }
            match page.page_info.end_cursor {
                None => {
                    let message = "it promises another page and does not say where that is: the paging cannot be relied on";
                    return Err(error::local(operation.words, DbtFailure::Unreadable, message));
                }
                Some(cursor) if !seen.insert(cursor.clone()) => break,
                Some(cursor) => after = Some(cursor),
            }
        }
        let message = "its pages go round in a circle: the paging cannot be relied on";
        Err(error::local(operation.words, DbtFailure::Unreadable, message))
    }

    async fn environment<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        variables: Value,
    ) -> Result<T, DbtError> {
        let answer = self
            .caller
            .graphql::<EnvironmentReply<T>>(operation, variables, true)
            .await?;
        let environment = answer.data.and_then(|data| data.environment);
        environment.ok_or_else(|| {
            let message = format!(
                "environment {} is not there, or the token may not see it: check DBT_PROD_ENV_ID",
                self.environment
            );
            error::local(&answer.action, DbtFailure::NotFound, message)
        })
    }
}

fn put_items(list: Option<Connection<HealthItem>>, nodes: &mut BTreeMap<String, NodeState>) {
    for edge in list.map(|list| list.edges).unwrap_or_default() {
        keep(edge.node, nodes);
    }
}

/// Puts what a model brings into the states: its own, and those of what it is made from.
fn keep(item: HealthItem, nodes: &mut BTreeMap<String, NodeState>) {
    let own = nodes.entry(item.unique_id).or_default();
    put_run(own, item.execution_info.unwrap_or_default());
    own.tests = tests_of(item.tests);
    for ancestor in item.ancestors.unwrap_or_default() {
        let Some(unique_id) = ancestor.unique_id else {
            continue;
        };
        let state = nodes.entry(unique_id).or_default();
        if let Some(info) = ancestor.execution_info {
            put_run(state, info);
        }
        put_freshness(state, ancestor.freshness);
    }
}

/// Tests with how each ended last.
fn tests_of(tests: Option<Vec<TestItem>>) -> Vec<(String, Option<String>)> {
    let tests = tests.unwrap_or_default().into_iter();
    tests
        .map(|test| {
            let status = test.execution_info.unwrap_or_default().last_run_status;
            (test.name.unwrap_or_default(), status)
        })
        .collect()
}

fn put_freshness(state: &mut NodeState, freshness: Option<FreshnessItem>) {
    if let Some(freshness) = freshness.filter(|one| one.freshness_status.is_some()) {
        state.freshness = Some(SourceFreshness {
            status: freshness.freshness_status,
            max_loaded_at: freshness.max_loaded_at,
            age_seconds: freshness.max_loaded_at_time_ago_in_s,
        });
    }
}

/// What is known already is not overwritten by nothing: a node comes by itself, and among the ancestors of others.
fn put_run(state: &mut NodeState, info: ExecutionInfo) {
    if info.last_run_status.is_some() || state.status.is_none() {
        state.status = info.last_run_status;
        state.at = info.execute_completed_at.or(info.last_run_generated_at);
    }
}

/// `SemanticModel` as local artifacts write it: `semantic_model`. Without a kind, what the id begins with.
fn snake_case(kind: &str, unique_id: &str) -> String {
    if kind.is_empty() {
        return unique_id.split('.').next().unwrap_or_default().to_owned();
    }
    let mut text = String::new();
    for (at, letter) in kind.chars().enumerate() {
        if letter.is_uppercase() && at > 0 {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}

/// `shop` of `source.project.shop.orders`.
fn source_name(unique_id: &str) -> Option<String> {
    let mut parts = unique_id.split('.');
    (parts.next() == Some("source"))
        .then(|| parts.nth(1).map(str::to_owned))
        .flatten()
}
