use jiff::{Timestamp, ToSpan};
use serde_json::{Map, Value, json};

use super::record::{RunPhase, refresh};
use super::steps::{LOG_OF_FAILURE, run_steps};
use crate::account::{DEMO_ENVIRONMENT, DEMO_PROJECT};
use crate::clock::written;

/// The night that failed: the last one of the built-in account.
const LAST_NIGHT: &str = "2026-07-01T02:00:00Z";
const NIGHTS: i32 = 21;

/// What is needed to write a run down.
#[derive(Debug, Clone)]
pub(super) struct RunSeed<'a> {
    pub(super) account_id: i64,
    pub(super) job: &'a Value,
    pub(super) status: RunPhase,
    pub(super) created: Timestamp,
    pub(super) cause: &'a str,
    pub(super) category: &'a str,
    pub(super) actor: &'a str,
}

/// A run without an id, with its moments for a status that it has already.
pub(super) fn run_fields(seed: &RunSeed<'_>, seconds: i32) -> Map<String, Value> {
    let at = |seconds: i32| {
        seed.created
            .checked_add(seconds.seconds())
            .map_or(Value::Null, |at| json!(written(at)))
    };
    let over = seed.status.is_over();
    let started = over || matches!(seed.status, RunPhase::Starting | RunPhase::Running);
    let message = match seed.status {
        RunPhase::Error => json!(LOG_OF_FAILURE),
        RunPhase::Cancelled => json!("The run was cancelled by a user."),
        _ => Value::Null,
    };
    let of_job = |name: &str| seed.job.get(name).cloned().unwrap_or_default();
    let fields = json!({
        "job_definition_id": of_job("id"),
        "job_id": of_job("id"),
        "account_id": seed.account_id,
        "project_id": seed.job.get("project_id").cloned().unwrap_or(json!(DEMO_PROJECT)),
        "environment_id": seed.job.get("environment_id").cloned().unwrap_or(json!(DEMO_ENVIRONMENT)),
        "status": seed.status.code(),
        "status_message": message,
        "dbt_version": "1.11.0-latest",
        "git_branch": "main",
        "git_sha": "4a5cd0d0a5c2a3e0b1f0f3f0c7b1d2e3f4a5b6c7",
        "created_at": written(seed.created),
        "updated_at": at(seconds),
        "dequeued_at": if started { at(2) } else { Value::Null },
        "started_at": if started { at(5) } else { Value::Null },
        "finished_at": if over { at(seconds) } else { Value::Null },
        "has_docs_generated": seed.status == RunPhase::Success && of_job("generate_docs") == json!(true),
        "has_sources_generated": over && of_job("run_generate_sources") == json!(true),
        "artifacts_saved": over,
        "notifications_sent": over,
        "trigger": {
            "cause": seed.cause,
            "cause_category": seed.category,
            "job_definition_id": of_job("id"),
            "git_branch": null,
            "git_sha": null,
            "schema_override": null,
            "dbt_version_override": null,
            "threads_override": null,
            "target_name_override": null,
            "generate_docs_override": null,
            "timeout_seconds_override": null,
            "steps_override": null,
            "github_pull_request_id": null,
            "gitlab_merge_request_id": null,
            "azure_pull_request_id": null,
            "non_native_pull_request_id": null,
            "created_at": written(seed.created),
        },
        "audit": { "trigger": { "actor": { "id": null, "type": "service_token", "name": seed.actor } }, "cancellation": null },
        "run_steps": [],
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

pub(super) fn commands(job: &Value) -> Vec<String> {
    let steps = job
        .get("execute_steps")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    steps
        .iter()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The runs of the last weeks, oldest first, with ids. `jobs` are the account's.
pub(crate) fn past_runs(account_id: i64, jobs: &[Value]) -> Vec<Value> {
    let Ok(last) = LAST_NIGHT.parse::<Timestamp>() else {
        return Vec::new();
    };
    let mut runs: Vec<(Timestamp, i64, RunPhase, i32)> = Vec::new();
    for back in 0..NIGHTS {
        let status = match back {
            0 => RunPhase::Error,
            7 => RunPhase::Cancelled,
            _ => RunPhase::Success,
        };
        runs.extend(
            last.checked_sub((24 * back).hours())
                .map(|at| (at, 8001, status, 612 + back))
                .ok(),
        );
    }
    for back in 1..=12 {
        let at = last.checked_sub((back * 60 - 20).minutes());
        runs.extend(at.map(|at| (at, 8002, RunPhase::Success, 95 + back)).ok());
    }
    let reviews = last.checked_sub(5.hours());
    runs.extend(reviews.map(|at| (at, 8003, RunPhase::Error, 41)).ok());
    runs.sort_by_key(|(at, job, ..)| (*at, *job));

    let mut written_runs = Vec::new();
    for (id, (at, job_id, status, seconds)) in (60_001_i64..).zip(runs) {
        let Some(job) = jobs.iter().find(|job| job.get("id") == Some(&json!(job_id))) else {
            continue;
        };
        let (cause, category) = if job_id == 8003 {
            ("Try the repair", "ui")
        } else {
            ("scheduled", "scheduled")
        };
        let seed = RunSeed {
            account_id,
            job,
            status,
            created: at,
            cause,
            category,
            actor: "Scheduler",
        };
        let mut fields = run_fields(&seed, seconds);
        fields.insert("id".to_owned(), json!(id));
        fields.insert("trigger_id".to_owned(), json!(id + 10_000));
        fields.insert(
            "run_steps".to_owned(),
            run_steps(id, &commands(job), status, &written(at)),
        );
        refresh(&mut fields);
        written_runs.push(Value::Object(fields));
    }
    written_runs
}
