//! The files that runs leave behind, by their steps.

mod results;
mod selection;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::project::{ArtifactFile, DbtProject};
use crate::runs::RunPhase;

pub(crate) use results::run_results;
pub(crate) use selection::follow;

/// What a step of a run did.
#[derive(Debug, Clone, PartialEq, Eq)]
enum CommandKind {
    Build(String),
    Docs,
    Freshness,
}

/// The steps of a run that leave files, with their numbers, and whether they succeeded.
fn steps_with_files(run: &Value) -> Vec<(usize, CommandKind, bool)> {
    let steps = run
        .get("run_steps")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    steps
        .iter()
        .filter_map(|step| {
            let index = usize::try_from(step.get("index")?.as_u64()?).ok()?;
            let status = step.get("status")?.as_i64()?;
            let name = step.get("name")?.as_str()?;
            let command = name.split_once('`')?.1.trim_end_matches('`');
            let kind = match command {
                command if command.starts_with("dbt docs generate") => CommandKind::Docs,
                command if command.starts_with("dbt source freshness") => CommandKind::Freshness,
                command if command.starts_with("dbt deps") => return None,
                command if command.starts_with("dbt ") => CommandKind::Build(command.to_owned()),
                _ => return None,
            };
            // A step that was cancelled left nothing.
            (status != RunPhase::Cancelled.code()).then_some((index, kind, status == 10))
        })
        .collect()
}

/// Paths of all files of a run, each once.
pub(crate) fn paths_of(project: &DbtProject, run: &Value) -> Vec<String> {
    let mut paths = BTreeSet::new();
    for (_, kind, _) in steps_with_files(run) {
        paths.extend(names(&kind).iter().map(|&name| name.to_owned()));
        if matches!(kind, CommandKind::Build(_)) {
            paths.extend(compiled(project).map(|(path, _)| path));
        }
    }
    paths.into_iter().collect()
}

fn names(kind: &CommandKind) -> &'static [&'static str] {
    match kind {
        CommandKind::Build(_) => &["manifest.json", "run_results.json", "semantic_manifest.json"],
        CommandKind::Docs => &[
            "catalog.json",
            "manifest.json",
            "run_results.json",
            "semantic_manifest.json",
        ],
        CommandKind::Freshness => &["manifest.json", "sources.json"],
    }
}

/// A file of the step with the number `step`, or of the last step that left files.
pub(crate) fn files_of(project: &DbtProject, run: &Value, step: Option<usize>, path: &str) -> Option<String> {
    let steps = steps_with_files(run);
    let (_, kind, succeeded) = match step {
        Some(step) => steps.iter().find(|(index, ..)| *index == step)?,
        None => steps.last()?,
    };
    if let (CommandKind::Build(_), true) = (kind, path.starts_with("compiled/")) {
        return compiled(project)
            .find(|(known, _)| known == path)
            .map(|(_, code)| code.to_owned());
    }
    if !names(kind).contains(&path) {
        return None;
    }
    let raw = |file| project.text(file).map(str::to_owned);
    match path {
        "manifest.json" => raw(ArtifactFile::Manifest),
        "catalog.json" => raw(ArtifactFile::Catalog),
        "semantic_manifest.json" => raw(ArtifactFile::ServedManifest),
        "sources.json" => raw(ArtifactFile::Sources),
        "run_results.json" => {
            let results = match kind {
                CommandKind::Build(command) => {
                    run_results(project, std::slice::from_ref(command), *succeeded)
                }
                _ => project.value(ArtifactFile::DocsRunResults).clone(),
            };
            Some(dated(results, run).to_string())
        }
        _ => None,
    }
}

/// Results with the moments of their run.
fn dated(mut results: Value, run: &Value) -> Value {
    let moment = |name: &str| {
        let at = run
            .get(name)
            .and_then(Value::as_str)
            .and_then(crate::clock::read)?;
        Some(json!(at.to_string()))
    };
    let (Some(started), Some(finished)) = (moment("started_at"), moment("finished_at")) else {
        return results;
    };
    if let Some(metadata) = results.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("generated_at".to_owned(), finished.clone());
    }
    let rows = results.get_mut("results").and_then(Value::as_array_mut);
    for timing in rows
        .into_iter()
        .flatten()
        .filter_map(|row| row.get_mut("timing")?.as_array_mut())
        .flatten()
    {
        if let Some(timing) = timing.as_object_mut() {
            timing.insert("started_at".to_owned(), started.clone());
            timing.insert("completed_at".to_owned(), finished.clone());
        }
    }
    results
}

/// The SQL that models were compiled to, under its path.
fn compiled(project: &DbtProject) -> impl Iterator<Item = (String, &str)> {
    let nodes = project.manifest().get("nodes").and_then(Value::as_object);
    nodes
        .into_iter()
        .flat_map(serde_json::Map::values)
        .filter_map(|node| {
            let package = node.get("package_name")?.as_str()?;
            let path = node.get("original_file_path")?.as_str()?;
            let is_model = node.get("resource_type")?.as_str()? == "model";
            let code = node.get("compiled_code")?.as_str()?;
            is_model.then(|| (format!("compiled/{package}/{path}"), code))
        })
}
