//! Connections to warehouses, and repositories of code.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::body::{object, one_of, same_id};
use super::projects::of_project;
use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::account::AdminObjectKind;
use crate::envelope::{AdminFault, success};

const FILTERS: [&str; 3] = ["id", "name", "type"];
const ADAPTERS: [&str; 5] = ["postgres", "redshift", "snowflake", "bigquery", "adapter"];
const BACKENDS: [&str; 5] = ["ado", "github", "managed", "gitlab", "manual_config"];
const STRATEGIES: [&str; 5] = [
    "azure_active_directory_app",
    "deploy_key",
    "deploy_token",
    "github_app",
    "git_token",
];

pub(super) async fn connections_of_project(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let project_id = request.project()?;
    let query = request.page()?;
    Ok(query.page(
        of_project(app.account.list(AdminObjectKind::Connection), project_id),
        &FILTERS,
    ))
}

pub(super) async fn connections(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let query = request.page()?;
    Ok(query.page(app.account.list(AdminObjectKind::Connection), &FILTERS))
}

pub(super) async fn connect_project(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountAdmin)?;
    let project_id = request.project()?;
    let fields = object(&body, &["account_id", "project_id", "name", "type", "state"])?;
    same_id(&fields, "account_id", app.account.id)?;
    same_id(&fields, "project_id", project_id)?;
    one_of(&fields, "type", &ADAPTERS)?;
    Ok(success(
        StatusCode::CREATED,
        &app.account
            .add(AdminObjectKind::Connection, without_secrets(fields)),
    ))
}

/// A connection that all projects may use.
pub(super) async fn connect(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountAdmin)?;
    let fields = object(&body, &["account_id", "name", "adapter_version", "config"])?;
    same_id(&fields, "account_id", app.account.id)?;
    let mut connection = Map::from_iter([
        ("project_id".to_owned(), Value::Null),
        ("state".to_owned(), json!(1)),
    ]);
    connection.extend(without_secrets(fields));
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(AdminObjectKind::Connection, connection),
    ))
}

pub(super) async fn repositories(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let project_id = request.project()?;
    let query = request.page()?;
    Ok(query.page(
        of_project(app.account.list(AdminObjectKind::Repository), project_id),
        &["id", "full_name"],
    ))
}

pub(super) async fn create_repository(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::GitAdmin)?;
    let project_id = request.project()?;
    let fields = object(&body, &["account_id", "state"])?;
    same_id(&fields, "account_id", app.account.id)?;
    if fields.get("project_id").is_some_and(|id| !id.is_null()) {
        same_id(&fields, "project_id", project_id)?;
    }
    one_of(&fields, "remote_backend", &BACKENDS)?;
    one_of(&fields, "git_clone_strategy", &STRATEGIES)?;
    let mut repository = fields;
    repository.insert("project_id".to_owned(), json!(project_id));
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(AdminObjectKind::Repository, repository),
    ))
}

/// Secrets are kept nowhere and never told again.
fn without_secrets(mut fields: Map<String, Value>) -> Map<String, Value> {
    if let Some(config) = fields.get_mut("config").and_then(Value::as_object_mut) {
        for (name, value) in config {
            if ["secret", "password", "private_key", "token"]
                .iter()
                .any(|word| name.contains(word))
            {
                *value = json!("**********");
            }
        }
    }
    fields
}
