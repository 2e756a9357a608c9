use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::AdminState;
use super::body::{object, one_of, optional_object, same_id};
use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::account::AdminObjectKind;
use crate::clock::now;
use crate::envelope::{AdminFault, found, success};
use crate::runs::{RunPhase, RunTrigger, complete, is_over, status_of};

const FILTERS: [&str; 8] = [
    "id",
    "project_id",
    "environment_id",
    "name",
    "dbt_version",
    "job_type",
    "created_at",
    "updated_at",
];

/// What a job has to say.
const REQUIRED: [&str; 17] = [
    "account_id",
    "project_id",
    "environment_id",
    "name",
    "execution.timeout_seconds",
    "generate_docs",
    "run_generate_sources",
    "lifecycle_webhooks",
    "run_compare_changes",
    "run_lint",
    "errors_on_lint_failure",
    "settings.threads",
    "settings.target_name",
    "state",
    "triggers.github_webhook",
    "triggers.schedule",
    "execute_steps",
];

const TYPES: [&str; 7] = [
    "ci",
    "scheduled",
    "other",
    "merge",
    "exposure_sync",
    "adaptive",
    "hybrid",
];

/// What a trigger may change about its run.
const OVERRIDES: [&str; 12] = [
    "git_sha",
    "git_branch",
    "schema_override",
    "dbt_version_override",
    "threads_override",
    "target_name_override",
    "generate_docs_override",
    "timeout_seconds_override",
    "steps_override",
    "azure_pull_request_id",
    "github_pull_request_id",
    "gitlab_merge_request_id",
];

pub(super) async fn list(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobViewer)?;
    let query = request.page()?;
    let related = query.related();
    let mut jobs = app.account.list(AdminObjectKind::Job);
    if let Some(wanted) = query.get("triggers_schedule") {
        jobs.retain(|job| {
            job.pointer("/triggers/schedule")
                .map(ToString::to_string)
                .as_deref()
                == Some(wanted)
        });
    }
    let jobs = jobs
        .into_iter()
        .map(|job| with_related(app, job, &related))
        .collect();
    Ok(query.page(jobs, &FILTERS))
}

pub(super) async fn get(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobViewer)?;
    let job = request.object(AdminObjectKind::Job, "job")?;
    let related = request.related();
    Ok(found(&with_related(app, job, &related)))
}

pub(super) async fn create(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobAdmin)?;
    let fields = checked(app, &body)?;
    let mut job = Map::from_iter([
        ("description".to_owned(), json!("")),
        ("job_type".to_owned(), json!("other")),
        ("dbt_version".to_owned(), Value::Null),
        ("schedule".to_owned(), Value::Null),
        ("next_run".to_owned(), Value::Null),
    ]);
    job.extend(fields);
    job.remove("id");
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(AdminObjectKind::Job, job),
    ))
}

/// The whole job is replaced by what is posted.
pub(super) async fn update(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobAdmin)?;
    let job_id = request.id("job")?;
    let before = app.account.need(AdminObjectKind::Job, job_id)?;
    let mut fields = checked(app, &body)?;
    if fields.get("id").is_some_and(|id| id.as_i64() != Some(job_id)) {
        return Err(AdminFault::invalid("id", &format!("It has to be {job_id}.")));
    }
    fields.insert("id".to_owned(), json!(job_id));
    fields.insert(
        "created_at".to_owned(),
        before.get("created_at").cloned().unwrap_or_default(),
    );
    fields.insert("updated_at".to_owned(), json!(now()));
    app.account.put(AdminObjectKind::Job, Value::Object(fields));
    Ok(found(
        &app.account.get(AdminObjectKind::Job, job_id).unwrap_or_default(),
    ))
}

pub(super) async fn delete(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobAdmin)?;
    let job_id = request.id("job")?;
    app.account.need(AdminObjectKind::Job, job_id)?;
    app.account.delete(AdminObjectKind::Job, job_id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub(super) async fn run(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let caller = request.enter(TokenRight::JobRunner)?;
    let app = &request.app;
    let job = request.object(AdminObjectKind::Job, "job")?;
    let fields = object(&body, &["cause"])?;
    let Some(cause) = fields
        .get("cause")
        .and_then(Value::as_str)
        .filter(|cause| !cause.is_empty())
    else {
        return Err(AdminFault::invalid("cause", "This field may not be blank."));
    };
    if let Some(steps) = fields.get("steps_override").filter(|steps| !steps.is_null()) {
        let texts = steps
            .as_array()
            .is_some_and(|steps| steps.iter().all(Value::is_string));
        if !texts {
            return Err(AdminFault::invalid(
                "steps_override",
                "Expected a list of strings.",
            ));
        }
    }
    let trigger = RunTrigger {
        cause: cause.to_owned(),
        category: "api",
        overrides: OVERRIDES
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), fields.get(*name)?.clone())))
            .collect(),
        actor: caller.name,
        resumes: false,
    };
    let run = app.engine.start(app, &job, &trigger);
    Ok(found(&complete(&run, &["trigger".to_owned()], None, None)))
}

/// Goes on where the last run failed; a run from the beginning when it did not fail.
pub(super) async fn rerun(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let caller = request.enter(TokenRight::JobRunner)?;
    let app = &request.app;
    let job_id = request.id("job")?;
    let job = app.account.need(AdminObjectKind::Job, job_id)?;
    optional_object(&body)?;
    let failed = last_run(app, job_id, is_over).filter(|run| status_of(run) == RunPhase::Error);
    let trigger = RunTrigger {
        cause: match &failed {
            Some(run) => format!("Rerun of run {}", run.get("id").unwrap_or(&Value::Null)),
            None => "Rerun of the job".to_owned(),
        },
        category: "rerun",
        overrides: Map::new(),
        actor: caller.name,
        resumes: failed.is_some(),
    };
    let run = app.engine.start(app, &job, &trigger);
    Ok(found(&complete(&run, &["trigger".to_owned()], None, None)))
}

fn checked(app: &AdminState, body: &Bytes) -> Result<Map<String, Value>, AdminFault> {
    let fields = object(body, &REQUIRED)?;
    same_id(&fields, "account_id", app.account.id)?;
    one_of(&fields, "job_type", &TYPES)?;
    for (name, kind) in [
        ("project_id", AdminObjectKind::Project),
        ("environment_id", AdminObjectKind::Environment),
    ] {
        let known = fields
            .get(name)
            .and_then(Value::as_i64)
            .and_then(|id| app.account.get(kind, id));
        if known.is_none() {
            return Err(AdminFault::invalid(name, "Object does not exist."));
        }
    }
    Ok(fields)
}

fn with_related(app: &AdminState, mut job: Value, related: &[String]) -> Value {
    let Some(fields) = job.as_object_mut() else {
        return job;
    };
    let number = |name: &str| fields.get(name).and_then(Value::as_i64);
    let (job_id, environment_id) = (number("id"), number("environment_id"));
    for name in related {
        let value = match name.as_str() {
            "most_recent_run" => job_id.and_then(|id| last_run(app, id, |_| true)).map(bare),
            "most_recent_completed_run" => job_id.and_then(|id| last_run(app, id, is_over)).map(bare),
            "environment" => environment_id.and_then(|id| app.account.get(AdminObjectKind::Environment, id)),
            "custom_environment_variables" => Some(json!([])),
            _ => continue,
        };
        fields.insert(name.clone(), value.unwrap_or_default());
    }
    job
}

/// The newest run of a job that is as wanted.
pub(super) fn last_run(app: &AdminState, job_id: i64, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
    let of_job = |run: &Value| run.get("job_definition_id") == Some(&json!(job_id));
    app.account
        .list(AdminObjectKind::Run)
        .into_iter()
        .rfind(|run| of_job(run) && wanted(run))
}

#[expect(clippy::needless_pass_by_value, reason = "it is mapped over owned runs")]
fn bare(run: Value) -> Value {
    complete(&run, &[], None, None)
}
