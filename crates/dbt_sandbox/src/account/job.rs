use serde::Deserialize;
use serde_json::{Value, json};

use super::{DEMO_ENVIRONMENT, DEMO_PROJECT};

/// A job of the built-in account, without what all of them have.
#[derive(Debug, Deserialize)]
pub(super) struct DemoJob {
    id: i64,
    name: String,
    description: String,
    execute_steps: Vec<String>,
    cron: Option<String>,
    job_type: String,
    generate_docs: bool,
    run_generate_sources: bool,
    schedule: bool,
}

pub(super) fn job_from_demo(job: &DemoJob, account_id: i64) -> Value {
    let pull_requests = job.job_type == "ci";
    let schedule = json!({
        "cron": job.cron.as_deref().unwrap_or("0 * * * *"),
        "date": { "type": if job.cron.is_some() { "custom_cron" } else { "every_day" }, "cron": job.cron },
        "time": { "type": "every_hour", "interval": 1 },
    });
    json!({
        "id": job.id,
        "account_id": account_id,
        "project_id": DEMO_PROJECT,
        "environment_id": DEMO_ENVIRONMENT,
        "name": job.name,
        "description": job.description,
        "execute_steps": job.execute_steps,
        "execution": { "timeout_seconds": 0 },
        "generate_docs": job.generate_docs,
        "run_generate_sources": job.run_generate_sources,
        "generate_sources": job.run_generate_sources,
        "settings": { "threads": 4, "target_name": "prod" },
        "state": 1,
        "triggers": {
            "github_webhook": pull_requests,
            "git_provider_webhook": false,
            "schedule": job.schedule,
            "on_merge": false,
        },
        "schedule": schedule,
        "job_type": job.job_type,
        "lifecycle_webhooks": false,
        "run_compare_changes": false,
        "run_lint": false,
        "errors_on_lint_failure": true,
        "dbt_version": null,
        "deferring_environment_id": null,
        "deferring_job_definition_id": null,
        "is_deferrable": false,
        "job_completion_trigger_condition": null,
        "run_failure_count": 0,
        "cron_humanized": job.cron.as_ref().map(|cron| format!("On the schedule {cron}")),
        "next_run": null,
        "next_run_humanized": null,
        "created_at": "2024-01-15T09:00:00.000000+00:00",
        "updated_at": "2026-03-02T12:00:00.000000+00:00",
    })
}
