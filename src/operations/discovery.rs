//! dbt's Discovery API. All operations share one path, so each is told by its GraphQL document: a document that is not here
//! is never sent.

use super::operation::{Api, Area, DbtPermission, Operation};

const fn reads(name: &'static str, document: &'static str) -> Operation {
    Operation::query(Api::DbtDiscovery, Area::DbtDiscovery, name, "/graphql")
        .document(document)
        .needs(DbtPermission::MetadataOnly)
        .since("graphql")
}

/// The document for the health of nodes of one kind, which differs in the names of the query and of the list alone.
macro_rules! materialized_health {
    ($query:literal, $list:literal) => {
        concat!(
            "query ",
            $query,
            "($environmentId: BigInt!, $filter: GenericMaterializedFilter, $first: Int) {\n  environment(id: $environmentId) {\n    applied {\n      ",
            $list,
            include_str!("graphql/discovery/health_of_materialized.part.graphql"),
        )
    };
}

pub(crate) const ENVIRONMENT: Operation = reads(
    "discover_environment",
    include_str!("graphql/discovery/environment.graphql"),
)
.says("read what the dbt environment is");
/// Lists models page by page.
pub(crate) const MODELS: Operation = reads(
    "discover_models",
    include_str!("graphql/discovery/models.graphql"),
)
.says("list models");
/// Reads the last run of models, their tests and everything they are made from.
pub(crate) const MODEL_HEALTH: Operation = reads(
    "discover_model_health",
    include_str!("graphql/discovery/model_health.graphql"),
)
.says("read the health of models");
/// Reads how fresh sources are, and their tests: models bring neither for sources that nobody builds on, nor the tests.
pub(crate) const SOURCE_HEALTH: Operation = reads(
    "discover_source_health",
    include_str!("graphql/discovery/source_health.graphql"),
)
.says("read the health of sources");
/// Reads the last run of seeds and their tests: models bring the runs of their seeds, and not the tests.
pub(crate) const SEED_HEALTH: Operation = reads(
    "discover_seed_health",
    materialized_health!("SeedHealth", "seeds"),
)
.says("read the health of seeds");
/// Reads the last run of snapshots and their tests.
pub(crate) const SNAPSHOT_HEALTH: Operation = reads(
    "discover_snapshot_health",
    materialized_health!("SnapshotHealth", "snapshots"),
)
.says("read the health of snapshots");
/// Reads the whole graph of what is made from what.
pub(crate) const LINEAGE: Operation = reads(
    "discover_lineage",
    include_str!("graphql/discovery/lineage.graphql"),
)
.says("read the lineage");
/// Lists exposures page by page.
pub(crate) const EXPOSURES: Operation = reads(
    "discover_exposures",
    include_str!("graphql/discovery/exposures.graphql"),
)
.says("list exposures");

pub static DISCOVERY: [Operation; 8] = [
    ENVIRONMENT,
    MODELS,
    MODEL_HEALTH,
    SOURCE_HEALTH,
    SEED_HEALTH,
    SNAPSHOT_HEALTH,
    LINEAGE,
    EXPOSURES,
];
