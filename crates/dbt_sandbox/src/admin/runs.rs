use axum::body::Bytes;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::AdminState;
use super::body::optional_object;
use super::jobs::last_run;
use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::account::AdminObjectKind;
use crate::envelope::{AdminFault, found};
use crate::runs::{RunPhase, RunTrigger, complete, status_of};

const FILTERS: [&str; 10] = [
    "id",
    "job_definition_id",
    "project_id",
    "environment_id",
    "status",
    "created_at",
    "finished_at",
    "deferring_run_id",
    "has_docs_generated",
    "has_sources_generated",
];

pub(super) async fn list(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobViewer)?;
    let query = request.page()?;
    let related = query.related();
    let runs = app
        .account
        .list(AdminObjectKind::Run)
        .iter()
        .map(|run| shown(app, run, &related))
        .collect();
    Ok(query.page(runs, &FILTERS))
}

pub(super) async fn get(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::JobViewer)?;
    let run = request.object(AdminObjectKind::Run, "run")?;
    Ok(found(&shown(app, &run, &request.related())))
}

pub(super) async fn cancel(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let caller = request.enter(TokenRight::JobRunner)?;
    let app = &request.app;
    optional_object(&body)?;
    let run = app
        .engine
        .cancel(app, request.id("run")?, &caller.name)
        .ok_or(AdminFault::NotFound)?;
    Ok(found(&shown(app, &run, &[])))
}

/// Where a run failed, and what was not done for that.
pub(super) async fn failed_step(request: AdminRequest) -> Result<Response, AdminFault> {
    request.enter(TokenRight::JobViewer)?;
    let run = request.object(AdminObjectKind::Run, "run")?;
    let steps = run
        .get("run_steps")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let failed = steps.iter().find(|step| step.get("status") == Some(&json!(20)));
    Ok(found(&json!({ "failed_step": failed, "skipped_steps": [] })))
}

/// A new run that goes on where this one failed.
pub(super) async fn retry(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let caller = request.enter(TokenRight::JobRunner)?;
    let app = &request.app;
    optional_object(&body)?;
    let run_id = request.id("run")?;
    let run = app.account.need(AdminObjectKind::Run, run_id)?;
    let job_id = run
        .get("job_definition_id")
        .and_then(Value::as_i64)
        .unwrap_or_default();
    let job = app.account.need(AdminObjectKind::Job, job_id)?;
    if status_of(&run) != RunPhase::Error {
        return Err(AdminFault::invalid("retry", "RETRY_NOT_FAILED_RUN"));
    }
    let is_last = last_run(app, job_id, |_| true).is_some_and(|last| last.get("id") == Some(&json!(run_id)));
    if !is_last {
        return Err(AdminFault::invalid("retry", "RETRY_NOT_LATEST_RUN"));
    }
    let trigger = RunTrigger {
        cause: format!("Retry of run {run_id}"),
        category: "rerun",
        overrides: Map::new(),
        actor: caller.name,
        resumes: true,
    };
    let started = app.engine.start(app, &job, &trigger);
    Ok(found(&shown(app, &started, &["trigger".to_owned()])))
}

/// A run as a client sees it.
fn shown(app: &AdminState, run: &Value, related: &[String]) -> Value {
    let object = |kind: AdminObjectKind, of: &str| app.account.get(kind, run.get(of)?.as_i64()?);
    let mut run = complete(
        run,
        related,
        object(AdminObjectKind::Job, "job_definition_id"),
        object(AdminObjectKind::Environment, "environment_id"),
    );
    let address = format!(
        "/deploy/{}/projects/{}/runs/{}",
        app.account.id,
        run.get("project_id").unwrap_or(&Value::Null),
        run.get("id").unwrap_or(&Value::Null)
    );
    if let Some(fields) = run.as_object_mut() {
        fields.insert(
            "href".to_owned(),
            json!(format!("https://cloud.getdbt.com{address}")),
        );
    }
    run
}
