//! The artifacts that dbt leaves in the `target` folder of a project. They are files: nothing is sent, and the path is that of
//! the file below the project's folder. Grants hold for them all the same.

use super::operation::{Api, Area, Operation};

const fn reads(name: &'static str, path: &'static str) -> Operation {
    Operation::get(Api::DbtLocal, Area::DbtLocalArtifacts, name, path)
}

/// What the project consists of.
pub(crate) const MANIFEST: Operation = reads("read_manifest", "/target/manifest.json")
    .says("read the manifest of the local dbt project")
    .since("v12");
/// How the last command ended for each node.
pub(crate) const RUN_RESULTS: Operation = reads("read_run_results", "/target/run_results.json")
    .says("read how the last run of the local dbt project ended")
    .since("v6");
/// Which columns the warehouse has.
pub const CATALOG: Operation = reads("read_dbt_catalog", "/target/catalog.json")
    .says("read the columns of the local dbt project")
    .since("v1");
pub(crate) const SOURCES: Operation = reads("read_source_freshness", "/target/sources.json")
    .says("read how fresh the sources of the local dbt project are")
    .since("v3");
pub(crate) const SEMANTIC_MANIFEST: Operation =
    reads("read_semantic_manifest", "/target/semantic_manifest.json")
        .says("read the metrics of the local dbt project")
        .since("v1");

pub(crate) static LOCAL_ARTIFACTS: [Operation; 5] =
    [MANIFEST, RUN_RESULTS, CATALOG, SOURCES, SEMANTIC_MANIFEST];
