use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::AdminState;
use super::body::{object, same_id};
use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::account::AdminObjectKind;
use crate::envelope::{AdminFault, found, success};

const FILTERS: [&str; 3] = ["id", "name", "type"];

pub(super) async fn list(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let query = request.page()?;
    let related = query.related();
    let projects = app.account.list(AdminObjectKind::Project);
    let projects = projects
        .into_iter()
        .map(|project| with_related(app, project, &related))
        .collect();
    Ok(query.page(projects, &FILTERS))
}

pub(super) async fn get(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let project = request.object(AdminObjectKind::Project, "project")?;
    Ok(found(&with_related(app, project, &request.related())))
}

pub(super) async fn create(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountAdmin)?;
    let fields = object(&body, &["name", "account_id", "state", "type"])?;
    same_id(&fields, "account_id", app.account.id)?;
    let mut project = Map::from_iter(
        [
            "description",
            "connection_id",
            "repository_id",
            "semantic_layer_config_id",
            "dbt_project_subdirectory",
            "docs_job_id",
            "freshness_job_id",
        ]
        .map(|name| (name.to_owned(), Value::Null)),
    );
    project.extend(fields);
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(AdminObjectKind::Project, project),
    ))
}

/// With the project go its environments and jobs.
pub(super) async fn delete(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountAdmin)?;
    let project_id = request.id("project")?;
    app.account.need(AdminObjectKind::Project, project_id)?;
    app.account.delete(AdminObjectKind::Project, project_id);
    for kind in [
        AdminObjectKind::Environment,
        AdminObjectKind::Job,
        AdminObjectKind::Repository,
    ] {
        for object in of_project(app.account.list(kind), project_id) {
            if let Some(id) = object.get("id").and_then(Value::as_i64) {
                app.account.delete(kind, id);
            }
        }
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Those of a list that belong to a project.
pub(super) fn of_project(mut objects: Vec<Value>, project_id: i64) -> Vec<Value> {
    objects.retain(|object| object.get("project_id") == Some(&json!(project_id)));
    objects
}

fn with_related(app: &AdminState, mut project: Value, related: &[String]) -> Value {
    let Some(fields) = project.as_object_mut() else {
        return project;
    };
    let number = |name: &str| fields.get(name).and_then(Value::as_i64);
    let (project_id, connection, repository) = (
        number("id").unwrap_or_default(),
        number("connection_id"),
        number("repository_id"),
    );
    let (docs, freshness) = (number("docs_job_id"), number("freshness_job_id"));
    for name in related {
        let one = |kind: AdminObjectKind, id: Option<i64>| {
            id.and_then(|id| app.account.get(kind, id)).unwrap_or_default()
        };
        let value = match name.as_str() {
            "environments" => {
                let mut environments = of_project(app.account.list(AdminObjectKind::Environment), project_id);
                environments.retain(|environment| environment.get("state") == Some(&json!(1)));
                json!(environments)
            }
            "connection" => one(AdminObjectKind::Connection, connection),
            "repository" => one(AdminObjectKind::Repository, repository),
            "docs_job" => one(AdminObjectKind::Job, docs),
            "freshness_job" => one(AdminObjectKind::Job, freshness),
            "group_permissions" => json!([]),
            _ => continue,
        };
        fields.insert(name.clone(), value);
    }
    project
}
