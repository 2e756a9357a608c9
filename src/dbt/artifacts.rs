//! The parts of artifacts that are kept, and what results say. They come from the files of a local project, and from the runs of
//! an account.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::graph::DbtNode;
use super::null::or_default;

/// What stands at the head of every artifact.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ArtifactMetadata {
    pub(super) dbt_schema_version: Option<String>,
    pub(super) generated_at: Option<String>,
}

impl ArtifactMetadata {
    /// The version of the artifact's form: 12 of `https://schemas.getdbt.com/dbt/manifest/v12.json`.
    pub(super) fn version(&self) -> Option<u32> {
        let file = self.dbt_schema_version.as_deref()?.rsplit('/').next()?;
        file.strip_prefix('v')?.strip_suffix(".json")?.parse().ok()
    }
}

/// `manifest.json`: what the project consists of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Manifest {
    pub(super) metadata: ArtifactMetadata,
    #[serde(deserialize_with = "or_default")]
    pub(super) nodes: BTreeMap<String, ManifestNode>,
    #[serde(deserialize_with = "or_default")]
    pub(super) sources: BTreeMap<String, ManifestNode>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exposures: BTreeMap<String, ManifestNode>,
    #[serde(deserialize_with = "or_default")]
    pub(super) metrics: BTreeMap<String, ManifestNode>,
    #[serde(deserialize_with = "or_default")]
    pub(super) semantic_models: BTreeMap<String, ManifestNode>,
    #[serde(deserialize_with = "or_default")]
    pub(super) saved_queries: BTreeMap<String, ManifestNode>,
    #[serde(deserialize_with = "or_default")]
    pub(super) unit_tests: BTreeMap<String, ManifestNode>,
}

impl Manifest {
    /// What is made from what, but for tests of units.
    pub(super) fn into_nodes(self) -> impl Iterator<Item = DbtNode> {
        let groups = [
            self.nodes,
            self.sources,
            self.exposures,
            self.metrics,
            self.semantic_models,
            self.saved_queries,
        ];
        let nodes = groups.into_iter().flatten();
        nodes.map(|(unique_id, node)| node.into_node(unique_id))
    }
}

/// One node of any kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ManifestNode {
    pub(super) name: Option<String>,
    pub(super) resource_type: Option<String>,
    pub(super) source_name: Option<String>,
    pub(super) relation_name: Option<String>,
    /// The node that a generic test is written at.
    pub(super) attached_node: Option<String>,
    pub(super) depends_on: Option<DependsOn>,
    pub(super) url: Option<String>,
    pub(super) config: Option<NodeConfig>,
}

impl ManifestNode {
    fn into_node(self, unique_id: String) -> DbtNode {
        let kind = || unique_id.split('.').next().unwrap_or_default().to_owned();
        DbtNode {
            name: self.name.unwrap_or_default(),
            kind: self.resource_type.unwrap_or_else(kind),
            source_name: self.source_name,
            relation: self.relation_name,
            materialized: self.config.and_then(|config| config.materialized),
            parents: self.depends_on.and_then(|on| on.nodes).unwrap_or_default(),
            url: self.url,
            unique_id,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DependsOn {
    pub(super) nodes: Option<Vec<String>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NodeConfig {
    pub(super) materialized: Option<String>,
}

/// `run_results.json`: how the last command ended for each node.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunResults {
    pub(super) metadata: ArtifactMetadata,
    #[serde(deserialize_with = "or_default")]
    pub(super) results: Vec<RunResult>,
    pub(super) args: Option<RunArguments>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunResult {
    pub(super) unique_id: Option<String>,
    pub(super) status: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) timing: Vec<RunTiming>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunTiming {
    pub(super) name: Option<String>,
    pub(super) completed_at: Option<String>,
}

/// What the command was called with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RunArguments {
    /// The command: `build`, `test`, `generate`, …
    pub(super) which: Option<String>,
}

/// `sources.json`: how fresh sources are.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct SourceResults {
    pub(super) metadata: ArtifactMetadata,
    #[serde(deserialize_with = "or_default")]
    pub(super) results: Vec<FreshnessResult>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FreshnessResult {
    pub(super) unique_id: Option<String>,
    pub(super) status: Option<String>,
    pub(super) max_loaded_at: Option<String>,
    pub(super) max_loaded_at_time_ago_in_s: Option<f64>,
}

/// The place of the artifacts in `dbt_project.yml`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProjectFile {
    #[serde(rename = "target-path")]
    pub(super) target_path: Option<String>,
}

/// Commands whose results say how nodes are. What others leave (`docs generate`, `compile`, `show`) looks like success and says
/// nothing of the data.
pub(super) const TELLING: [&str; 7] = ["build", "run", "test", "seed", "snapshot", "retry", "clone"];

/// Commands that change no table.
pub(super) const HARMLESS: [&str; 11] = [
    "clean", "compile", "debug", "deps", "docs", "list", "ls", "parse", "show", "source", "test",
];

/// How nodes ended and when, by their ids.
pub(super) type Outcomes = BTreeMap<String, NodeOutcome>;

/// How a node ended in a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NodeOutcome {
    /// In dbt's word: `success`, `error`, `pass`, `fail`, …
    pub status: Option<String>,
    /// When it had been executed.
    pub at: Option<String>,
}

impl NodeOutcome {
    /// Whether it was run, well or not. What was skipped is as it was.
    pub(super) fn is_run(&self) -> bool {
        self.status.as_deref() != Some("skipped")
    }
}

impl RunResults {
    /// The command that left them; without one they are taken for those of a build.
    pub(super) fn command(&self) -> &str {
        let which = self.args.as_ref().and_then(|args| args.which.as_deref());
        which.unwrap_or("build")
    }

    /// How each node ended; `None` when the command says nothing of that.
    pub(super) fn outcomes(&self) -> Option<Outcomes> {
        TELLING.contains(&self.command()).then(|| {
            let of = |result: &RunResult| {
                let executed = result
                    .timing
                    .iter()
                    .find(|timing| timing.name.as_deref() == Some("execute"));
                let outcome = NodeOutcome {
                    status: result.status.clone(),
                    at: executed.and_then(|timing| timing.completed_at.clone()),
                };
                Some((result.unique_id.clone()?, outcome))
            };
            self.results.iter().filter_map(of).collect()
        })
    }
}
