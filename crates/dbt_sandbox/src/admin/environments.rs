use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::AdminState;
use super::body::{object, one_of, same_id};
use super::projects::of_project;
use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::account::AdminObjectKind;
use crate::clock::now;
use crate::envelope::{AdminFault, found, success};

const FILTERS: [&str; 5] = ["id", "name", "type", "deployment_type", "dbt_version"];

const REQUIRED: [&str; 7] = [
    "account_id",
    "project_id",
    "name",
    "dbt_version",
    "type",
    "use_custom_branch",
    "state",
];

/// What an environment can leave out; what is left out is nothing.
const OPTIONAL: [&str; 7] = [
    "supports_docs",
    "deployment_type",
    "custom_branch",
    "connection_id",
    "credentials_id",
    "extended_attributes_id",
    "primary_profile_id",
];

pub(super) async fn list(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let project_id = request.project()?;
    let query = request.page()?;
    Ok(query.page(
        of_project(app.account.list(AdminObjectKind::Environment), project_id),
        &FILTERS,
    ))
}

/// An environment without its project in the path, as version 2 has it.
pub(super) async fn get(request: AdminRequest) -> Result<Response, AdminFault> {
    request.enter(TokenRight::AccountViewer)?;
    Ok(found(
        &request.object(AdminObjectKind::Environment, "environment")?,
    ))
}

pub(super) async fn get_of_project(request: AdminRequest) -> Result<Response, AdminFault> {
    request.enter(TokenRight::AccountViewer)?;
    let project_id = request.project()?;
    Ok(found(&known(&request, project_id)?))
}

pub(super) async fn create(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountAdmin)?;
    let fields = checked(app, request.project()?, &body)?;
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(AdminObjectKind::Environment, fields),
    ))
}

/// The whole environment is replaced: what the body leaves out becomes null.
pub(super) async fn update(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountAdmin)?;
    let project_id = request.project()?;
    let before = known(&request, project_id)?;
    let mut fields = checked(app, project_id, &body)?;
    for name in ["id", "created_at"] {
        fields.insert(name.to_owned(), before.get(name).cloned().unwrap_or_default());
    }
    fields.insert("updated_at".to_owned(), json!(now()));
    let replaced = Value::Object(fields);
    app.account.put(AdminObjectKind::Environment, replaced.clone());
    Ok(found(&replaced))
}

fn checked(app: &AdminState, project_id: i64, body: &Bytes) -> Result<Map<String, Value>, AdminFault> {
    let given = object(body, &REQUIRED)?;
    same_id(&given, "account_id", app.account.id)?;
    same_id(&given, "project_id", project_id)?;
    one_of(&given, "type", &["development", "deployment"])?;
    one_of(&given, "deployment_type", &["production", "staging"])?;
    let mut fields = Map::from_iter(OPTIONAL.map(|name| (name.to_owned(), Value::Null)));
    fields.extend(given);
    Ok(fields)
}

fn known(request: &AdminRequest, project_id: i64) -> Result<Value, AdminFault> {
    let environment = request.object(AdminObjectKind::Environment, "environment")?;
    if environment.get("project_id") == Some(&json!(project_id)) {
        Ok(environment)
    } else {
        Err(AdminFault::NotFound)
    }
}
