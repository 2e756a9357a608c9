use serde_json::json;

use super::args::SandboxCheckArgs;
use super::dataset;
use crate::cli::args::GlobalArgs;
use crate::cli::error::CliError;
use crate::cli::exit::ExitStatus;
use crate::cli::term;

/// Runs every card and metric once. Faults go to stdout, each as `file:line: what`; with any the command fails.
pub(super) async fn run(global: &GlobalArgs, args: SandboxCheckArgs) -> Result<ExitStatus, CliError> {
    let world = dataset::open(&args.data, args.semantic_model.as_deref()).await?;
    let cards = world.model().cards.len();
    let checked = tokio::task::spawn_blocking(move || world.check()).await;
    let faults = checked.map_err(|error| CliError::Start(error.into()))?;
    let file = args.semantic_model.as_deref().unwrap_or("the demo's model");
    if global.json() {
        let listed: Vec<_> = faults
            .iter()
            .map(|fault| json!({ "line": fault.line, "message": fault.message }))
            .collect();
        term::out_line(json!({ "file": file, "cards": cards, "faults": listed }))
            .map_err(CliError::Output)?;
    } else {
        for fault in &faults {
            let line = fault.line.map(|line| format!("{line}:")).unwrap_or_default();
            let line = format!("{file}:{line} {}", fault.message);
            term::out_line(term::line(&line)).map_err(CliError::Output)?;
        }
        term::say(format_args!("{cards} cards run, {} of them fail", faults.len()));
    }
    Ok(if faults.is_empty() {
        ExitStatus::Done
    } else {
        ExitStatus::Findings
    })
}
