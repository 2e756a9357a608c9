//! What the Discovery API writes, as far as it is read.

use serde::Deserialize;

use super::null::or_default;

#[derive(Deserialize)]
pub(super) struct EnvironmentReply<T> {
    pub(super) environment: Option<T>,
}

#[derive(Deserialize)]
pub(super) struct AppliedReply<T> {
    pub(super) applied: Option<T>,
}

#[derive(Deserialize)]
pub(super) struct DefinitionReply<T> {
    pub(super) definition: Option<T>,
}

#[derive(Deserialize)]
pub(super) struct LineageReply {
    pub(super) lineage: Vec<LineageItem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LineageItem {
    pub(super) unique_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) parent_ids: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(super) struct ModelsReply {
    pub(super) models: Connection<HealthItem>,
}

#[derive(Deserialize)]
pub(super) struct SourcesReply {
    pub(super) sources: Connection<SourceItem>,
}

#[derive(Deserialize)]
pub(super) struct SeedsReply {
    pub(super) seeds: Connection<HealthItem>,
}

#[derive(Deserialize)]
pub(super) struct SnapshotsReply {
    pub(super) snapshots: Connection<HealthItem>,
}

#[derive(Deserialize)]
pub(super) struct ExposuresReply {
    pub(super) exposures: Connection<ExposureItem>,
}

#[derive(Deserialize)]
pub(super) struct TablesReply {
    pub(super) models: Connection<TableItem>,
}

/// The table that a model is in the warehouse.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TableItem {
    pub(super) unique_id: String,
    #[serde(default)]
    pub(super) database: Option<String>,
    #[serde(default)]
    pub(super) schema: Option<String>,
    #[serde(default)]
    pub(super) alias: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    pub(super) edges: Vec<Edge<T>>,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) page_info: PageInfo,
}

#[derive(Deserialize)]
pub(super) struct Edge<T> {
    pub(super) node: T,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct PageInfo {
    pub(super) end_cursor: Option<String>,
    pub(super) has_next_page: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExposureItem {
    pub(super) unique_id: String,
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) url: Option<String>,
    #[serde(default)]
    pub(super) parents: Option<Vec<ParentItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ParentItem {
    #[serde(default)]
    pub(super) unique_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ExecutionInfo {
    pub(super) last_run_status: Option<String>,
    pub(super) last_run_generated_at: Option<String>,
    pub(super) execute_completed_at: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HealthItem {
    pub(super) unique_id: String,
    #[serde(default)]
    pub(super) execution_info: Option<ExecutionInfo>,
    #[serde(default)]
    pub(super) tests: Option<Vec<TestItem>>,
    #[serde(default)]
    pub(super) ancestors: Option<Vec<AncestorItem>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TestItem {
    #[serde(default)]
    pub(super) name: Option<String>,
    #[serde(default)]
    pub(super) execution_info: Option<ExecutionInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SourceItem {
    pub(super) unique_id: String,
    #[serde(default)]
    pub(super) freshness: Option<FreshnessItem>,
    #[serde(default)]
    pub(super) tests: Option<Vec<TestItem>>,
}

/// A node that a model is made from. Its fields come under names of their own for each kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AncestorItem {
    #[serde(default)]
    pub(super) unique_id: Option<String>,
    #[serde(
        default,
        alias = "modelexecutionInfo",
        alias = "seedexecutionInfo",
        alias = "snapshotexecutionInfo"
    )]
    pub(super) execution_info: Option<ExecutionInfo>,
    #[serde(default)]
    pub(super) freshness: Option<FreshnessItem>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FreshnessItem {
    pub(super) max_loaded_at: Option<String>,
    pub(super) max_loaded_at_time_ago_in_s: Option<f64>,
    pub(super) freshness_status: Option<String>,
}
