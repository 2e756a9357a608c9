use serde_json::{Value, json};

use super::selection::selected;
use crate::project::{ArtifactFile, DbtProject};

/// `run_results.json` of a build with these commands: of all nodes that they select.
pub(crate) fn run_results(project: &DbtProject, commands: &[String], succeeded: bool) -> Value {
    let file = if succeeded {
        ArtifactFile::RunResults
    } else {
        ArtifactFile::FailedRunResults
    };
    let mut results = match project.value(file) {
        // Other projects come without a build that failed.
        Value::Null => project.value(ArtifactFile::RunResults).clone(),
        found => found.clone(),
    };
    if let Some(chosen) = selected(project, commands)
        && let Some(rows) = results.get_mut("results").and_then(Value::as_array_mut)
    {
        rows.retain(|row| {
            let id = row.get("unique_id").and_then(Value::as_str).unwrap_or_default();
            chosen.contains(id)
        });
    }
    if let Some(arguments) = results.get_mut("args").and_then(Value::as_object_mut) {
        arguments.insert("invocation_command".to_owned(), json!(commands.join(" && ")));
    }
    results
}
