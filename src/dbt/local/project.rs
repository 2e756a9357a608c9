use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::kept::{KeptState, stamps};
use crate::call_log::{CallDecision, CallEnd, CallIntent, CallLog, CallOutcome, OpenCall};
use crate::dbt::artifacts::{Manifest, Outcomes, ProjectFile, RunResults, SourceResults};
use crate::dbt::error::{self, DbtError, DbtFailure};
use crate::dbt::health::{NodeState, ProjectState, SourceFreshness};
use crate::grants::{CallMeter, GrantDecision, GrantPolicy};
use crate::operations::local as table;
use crate::operations::{Operation, OperationCall};
use crate::principal::Principal;
use crate::text::one_line;
use crate::wire::off_the_runtime;

/// No artifact that is read is larger.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// No `dbt_project.yml` is larger.
const LARGEST_PROJECT_FILE: u64 = 1024 * 1024;
/// Versions of artifacts' forms that were looked at.
const MANIFESTS: std::ops::RangeInclusive<u32> = 7..=12;
const RUN_RESULTS: std::ops::RangeInclusive<u32> = 4..=6;
const SOURCES: std::ops::RangeInclusive<u32> = 3..=3;

/// What the state of a project is read from.
const STATE: [&Operation; 3] = [&table::MANIFEST, &table::RUN_RESULTS, &table::SOURCES];

/// A dbt project in a folder. Grants hold for its files as they do for requests, and the reading of each is written down where
/// calls are.
#[derive(Debug, Clone)]
pub struct LocalProject {
    dir: PathBuf,
    policy: GrantPolicy,
    meter: CallMeter,
    log: Option<CallLog>,
    principal: Principal,
    kept: KeptState,
}

/// An artifact as it was read, and how long it was.
struct ReadArtifact<T> {
    content: T,
    bytes: u64,
}

impl LocalProject {
    pub fn new(dir: PathBuf, policy: GrantPolicy, log: Option<CallLog>, principal: Principal) -> Self {
        Self {
            dir,
            policy,
            meter: CallMeter::default(),
            log,
            principal,
            kept: KeptState::default(),
        }
    }

    /// Everything the artifacts say: the graph, and how each node is. What was read is kept until one of the files changes.
    pub async fn state(&self) -> Result<ProjectState, DbtError> {
        let dir = self.dir.clone();
        let looked = off_the_runtime(move || {
            let target = target(&dir)?;
            Ok::<_, String>(stamps(&STATE.map(|operation| target.join(file_of(operation)))))
        });
        // A folder that cannot be looked at is told by whoever reads it.
        let stamps = looked.await.ok().and_then(Result::ok);
        if let Some(state) = stamps.as_ref().and_then(|stamps| self.kept.of(stamps)) {
            for operation in STATE {
                let open = self.admit(operation).await?;
                end(open, &CallEnd::Complete, "cache", 0);
            }
            return Ok(state);
        }
        let state = self.read_state().await?;
        if let Some(stamps) = stamps {
            self.kept.keep(stamps, state.clone());
        }
        Ok(state)
    }

    async fn read_state(&self) -> Result<ProjectState, DbtError> {
        let manifest: Manifest = self.needed(&table::MANIFEST).await?;
        let results: Option<RunResults> = self.optional(&table::RUN_RESULTS).await?;
        let sources: Option<SourceResults> = self.optional(&table::SOURCES).await?;
        if manifest.metadata.version().is_none() && manifest.nodes.is_empty() {
            let message = "manifest.json is none of dbt's: it says no version and has no nodes";
            return Err(error::local(table::MANIFEST.words, DbtFailure::Artifact, message));
        }
        let mut told = Vec::new();
        note_version(
            "manifest.json",
            manifest.metadata.version(),
            &MANIFESTS,
            &mut told,
        );
        let mut nodes: BTreeMap<String, NodeState> = BTreeMap::new();
        let (mut as_of, statuses) = if let Some(results) = results {
            believed(&results, &mut told)
        } else {
            let missing = "there is no run_results.json: nothing was run yet, or its results were removed";
            told.push(missing.to_owned());
            (None, Outcomes::new())
        };
        put_runs(&manifest, &statuses, &mut nodes);
        if let Some(sources) = sources {
            note_version("sources.json", sources.metadata.version(), &SOURCES, &mut told);
            as_of = as_of.or_else(|| sources.metadata.generated_at.clone());
            put_freshness(sources, &mut nodes);
        } else if !manifest.sources.is_empty() {
            told.push("there is no sources.json: `dbt source freshness` writes it".to_owned());
        }
        Ok(ProjectState {
            graph: manifest.into_nodes().collect(),
            nodes,
            from: "local_artifacts",
            as_of,
            notes: told,
        })
    }

    async fn needed<T: DeserializeOwned + Send + 'static>(
        &self,
        operation: &'static Operation,
    ) -> Result<T, DbtError> {
        self.optional(operation).await?.ok_or_else(|| {
            let file = file_of(operation);
            let message = format!(
                "{} has no {file} in its target folder: run `dbt build` there first, or check DBT_PROJECT_DIR",
                self.dir.display()
            );
            error::local(operation.words, DbtFailure::Artifact, message)
        })
    }

    /// An artifact, if it is there.
    pub(super) async fn optional<T: DeserializeOwned + Send + 'static>(
        &self,
        operation: &'static Operation,
    ) -> Result<Option<T>, DbtError> {
        let open = self.admit(operation).await?;
        let dir = self.dir.clone();
        let read = off_the_runtime(move || read::<T>(&dir, operation)).await;
        let read = read.unwrap_or_else(|error| {
            Err(error::local(
                operation.words,
                DbtFailure::Artifact,
                error.to_string(),
            ))
        });
        let (ended, bytes) = match &read {
            Ok(read) => (CallEnd::Complete, read.as_ref().map_or(0, |read| read.bytes)),
            Err(error) => {
                let reason = error.to_string();
                (CallEnd::Failed { reason }, 0)
            }
        };
        end(open, &ended, "file", bytes);
        Ok(read?.map(|read| read.content))
    }

    /// Asks the grants, and writes the intent down.
    async fn admit(&self, operation: &'static Operation) -> Result<Option<OpenCall>, DbtError> {
        let call = OperationCall {
            operation,
            parameters: BTreeMap::new(),
            overrides: Vec::new(),
        };
        let decision = match self.policy.rule_on(&call, Timestamp::now()) {
            GrantDecision::Permitted(rules) => match self.meter.take(&rules) {
                Ok(rule) => CallDecision::Allowed { rule: rule.name() },
                Err(reason) => CallDecision::Denied { reason },
            },
            GrantDecision::NeedsApproval { rule, reason } => CallDecision::NeedsApproval { rule, reason },
            GrantDecision::Denied { reason } => CallDecision::Denied { reason },
        };
        let refusal = match &decision {
            CallDecision::Allowed { .. } | CallDecision::Approved { .. } => None,
            CallDecision::Denied { reason } | CallDecision::NeedsApproval { reason, .. } => {
                Some(reason.clone())
            }
        };
        let intent = CallIntent {
            agent: self.policy.agent().to_owned(),
            principal: self.principal.0.clone(),
            account: None,
            doing: operation.words.to_owned(),
            decision,
            turn: None,
            tape: None,
            request_hash: CallIntent::hash("GET", operation.path, b""),
            call,
        };
        if let Some(reason) = refusal {
            if let Some(log) = &self.log {
                // It is refused in any case.
                let _ = log.refused(intent).await;
            }
            let message = format!("{reason} (`cardinal grants` shows what is granted)");
            return Err(error::local(operation.words, DbtFailure::Denied, message));
        }
        let Some(log) = &self.log else { return Ok(None) };
        let open = log.intend(intent).await;
        open.map(Some)
            .map_err(|error| error::local(operation.words, DbtFailure::Denied, error.to_string()))
    }
}

/// Writes down how the reading of a file ended.
fn end(open: Option<OpenCall>, ended: &CallEnd, served_by: &'static str, bytes: u64) {
    if let Some(open) = open {
        open.end(&CallOutcome {
            end: ended.clone(),
            served_by: Some(served_by),
            attempts: 1,
            bytes,
            ..CallOutcome::default()
        });
    }
}

/// The name of the file that an operation reads.
fn file_of(operation: &Operation) -> &'static str {
    operation.path.rsplit('/').next().unwrap_or_default()
}

/// Reads an artifact from end to end, keeping what `T` keeps. `None` when it is not there.
fn read<T: DeserializeOwned>(dir: &Path, operation: &Operation) -> Result<Option<ReadArtifact<T>>, DbtError> {
    let failed = |message: String| error::local(operation.words, DbtFailure::Artifact, message);
    let file = file_of(operation);
    let path = target(dir).map_err(&failed)?.join(file);
    let cannot = |error: std::io::Error| failed(format!("{} cannot be opened: {error}", path.display()));
    let real = match path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(cannot(error)),
    };
    if !real.starts_with(dir.canonicalize().map_err(cannot)?) {
        return Err(failed(format!(
            "{} is a link that leads out of the project, and only files of the project are read",
            path.display()
        )));
    }
    // Opening a pipe waits for somebody to write to it.
    if !fs::metadata(&real).map_err(cannot)?.is_file() {
        return Err(failed(format!("{} is not a file", path.display())));
    }
    let opened = File::open(&real).map_err(cannot)?;
    let bytes = opened.metadata().map_or(0, |metadata| metadata.len());
    if bytes > LARGEST {
        return Err(failed(format!(
            "{} is larger than {LARGEST} bytes",
            path.display()
        )));
    }
    let reader = BufReader::with_capacity(256 * 1024, opened.take(LARGEST));
    let content = serde_json::from_reader(reader).map_err(|error| {
        let said = error::clean(&error.to_string());
        failed(format!(
            "{} cannot be read ({said}): is dbt just writing it?",
            path.display()
        ))
    })?;
    Ok(Some(ReadArtifact { content, bytes }))
}

/// The folder of the artifacts: what `target-path` in `dbt_project.yml` says, else `target`.
fn target(dir: &Path) -> Result<PathBuf, String> {
    let path = dir.join("dbt_project.yml");
    let Ok(file) = File::open(&path) else {
        return if fs::metadata(dir).is_ok_and(|dir| dir.is_dir()) {
            Ok(dir.join("target"))
        } else {
            Err(format!(
                "{} is not a folder: check DBT_PROJECT_DIR",
                dir.display()
            ))
        };
    };
    let mut text = String::new();
    file.take(LARGEST_PROJECT_FILE)
        .read_to_string(&mut text)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    // The file may hold templates that only dbt resolves; the artifacts are where they usually are then.
    let project: ProjectFile = serde_saphyr::from_str(&text).unwrap_or_default();
    let Some(target) = project.target_path else {
        return Ok(dir.join("target"));
    };
    let inside = Path::new(&target)
        .components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    if inside {
        Ok(dir.join(target))
    } else {
        Err(format!(
            "`target-path` in {} leads out of the project, and only files of the project are read",
            path.display()
        ))
    }
}

fn note_version(
    file: &str,
    version: Option<u32>,
    known: &std::ops::RangeInclusive<u32>,
    notes: &mut Vec<String>,
) {
    match version {
        Some(version) if known.contains(&version) => {}
        Some(version) => notes.push(format!(
            "{file} has version {version}, which Cardinal does not know (it knows {} to {}): it was read as far as possible",
            known.start(),
            known.end()
        )),
        None => notes.push(format!("{file} does not say its version: it was read as far as possible")),
    }
}

/// What the results say, as far as they say anything: when, and how each node ended.
fn believed(results: &RunResults, told: &mut Vec<String>) -> (Option<String>, Outcomes) {
    note_version("run_results.json", results.metadata.version(), &RUN_RESULTS, told);
    if let Some(outcomes) = results.outcomes() {
        return (results.metadata.generated_at.clone(), outcomes);
    }
    told.push(format!(
        "the last command was `dbt {}`, whose results say nothing of the data: run `dbt build` or `dbt test` after it",
        one_line(results.command(), 40)
    ));
    (None, Outcomes::new())
}

/// Gives each node its run and its tests.
fn put_runs(manifest: &Manifest, statuses: &Outcomes, nodes: &mut BTreeMap<String, NodeState>) {
    for (unique_id, outcome) in statuses {
        let state = nodes.entry(unique_id.clone()).or_default();
        state.status.clone_from(&outcome.status);
        state.at.clone_from(&outcome.at);
    }
    let tests = manifest
        .nodes
        .iter()
        .filter(|(_, node)| node.resource_type.as_deref() == Some("test"));
    for (unique_id, test) in tests.chain(&manifest.unit_tests) {
        let status = statuses.get(unique_id).and_then(|outcome| outcome.status.clone());
        let name = test.name.clone().unwrap_or_else(|| unique_id.clone());
        let tested = match &test.attached_node {
            Some(attached) => vec![attached.clone()],
            None => test
                .depends_on
                .as_ref()
                .and_then(|on| on.nodes.clone())
                .unwrap_or_default(),
        };
        for node in tested {
            nodes
                .entry(node)
                .or_default()
                .tests
                .push((name.clone(), status.clone()));
        }
    }
}

fn put_freshness(sources: SourceResults, nodes: &mut BTreeMap<String, NodeState>) {
    for result in sources.results {
        let Some(unique_id) = result.unique_id else {
            continue;
        };
        nodes.entry(unique_id).or_default().freshness = Some(SourceFreshness {
            status: result.status,
            max_loaded_at: result.max_loaded_at,
            age_seconds: result.max_loaded_at_time_ago_in_s,
        });
    }
}
