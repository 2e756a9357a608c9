use serde_json::{Value, json};

use super::record::RunPhase;

/// Steps that every run begins with; they run no dbt command that leaves files.
const BEFORE: [&str; 3] = [
    "Clone git repository",
    "Create profile from connection Warehouse",
    "Invoke dbt with `dbt deps`",
];

/// The steps of a run whose commands are `commands`, as far as its end `status` lets them be done. A build that fails is
/// the last step that was done.
pub(super) fn run_steps(run_id: i64, commands: &[String], status: RunPhase, at: &str) -> Value {
    let failing = commands
        .iter()
        .position(|command| command.starts_with("dbt build"))
        .unwrap_or(0);
    let names = BEFORE.iter().map(|&name| (name.to_owned(), None)).chain(
        commands
            .iter()
            .enumerate()
            .map(|(place, command)| (format!("Invoke dbt with `{command}`"), Some(place))),
    );
    let mut steps = Vec::new();
    for (index, (name, place)) in (1_i64..).zip(names) {
        let (code, word) = match (status, place) {
            (RunPhase::Error, Some(place)) if place == failing => (20, "Error"),
            (RunPhase::Error, Some(place)) if place > failing => break,
            (RunPhase::Cancelled, Some(0)) => (30, "Cancelled"),
            (RunPhase::Cancelled, Some(_)) => break,
            _ => (10, "Success"),
        };
        let logs = match code {
            20 => LOG_OF_FAILURE,
            30 => "The run was cancelled.",
            _ => "Done.",
        };
        steps.push(json!({
            "id": run_id * 100 + index,
            "run_id": run_id,
            "account_id": null,
            "index": index,
            "name": name,
            "status": code,
            "status_humanized": word,
            "logs": logs,
            "debug_logs": format!("{logs}\nThe debug log has nothing to add."),
            "truncated_debug_logs": logs,
            "log_location": "db",
            "created_at": at,
            "started_at": at,
            "finished_at": at,
            "duration": "00:00:04",
            "duration_humanized": "4 seconds",
        }));
    }
    steps.into()
}

/// The end of the log of a build that failed.
pub(super) const LOG_OF_FAILURE: &str = "Database Error in model fct_reviews (models/marts/fct_reviews.sql)\n  \
     Catalog Error: Table with name stg_reviews_copy does not exist!\n\
     Done. One model failed, and what rests on it was skipped.";
