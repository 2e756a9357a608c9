use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::body::{object, one_of, same_id};
use super::projects::of_project;
use super::{AdminState, id};
use crate::access::TokenRight;
use crate::account::ThingKind;
use crate::clock::now;
use crate::envelope::{AdminFault, found, success};
use crate::paging::PageQuery;

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

pub(super) async fn list(
    State(app): State<AdminState>,
    Path((account, project)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountViewer)?;
    let project_id = known_project(&app, &project)?;
    let query = PageQuery::parse(&query.unwrap_or_default())?;
    Ok(query.page(
        of_project(app.account.list(ThingKind::Environment), project_id),
        &FILTERS,
    ))
}

/// An environment without its project in the path, as version 2 has it.
pub(super) async fn get(
    State(app): State<AdminState>,
    Path((account, environment)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountViewer)?;
    let environment = app.account.get(ThingKind::Environment, id(&environment)?);
    Ok(found(&environment.ok_or(AdminFault::NotFound)?))
}

pub(super) async fn get_of_project(
    State(app): State<AdminState>,
    Path((account, project, environment)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountViewer)?;
    let project_id = known_project(&app, &project)?;
    Ok(found(&known(&app, project_id, &environment)?))
}

pub(super) async fn create(
    State(app): State<AdminState>,
    Path((account, project)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountAdmin)?;
    let fields = checked(&app, known_project(&app, &project)?, &body)?;
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(ThingKind::Environment, fields),
    ))
}

/// The whole environment is replaced: what the body leaves out becomes null.
pub(super) async fn update(
    State(app): State<AdminState>,
    Path((account, project, environment)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountAdmin)?;
    let project_id = known_project(&app, &project)?;
    let before = known(&app, project_id, &environment)?;
    let mut fields = checked(&app, project_id, &body)?;
    for name in ["id", "created_at"] {
        fields.insert(name.to_owned(), before.get(name).cloned().unwrap_or_default());
    }
    fields.insert("updated_at".to_owned(), json!(now()));
    let replaced = Value::Object(fields);
    app.account.put(ThingKind::Environment, replaced.clone());
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

pub(super) fn known_project(app: &AdminState, project: &str) -> Result<i64, AdminFault> {
    let project_id = id(project)?;
    app.account
        .get(ThingKind::Project, project_id)
        .ok_or(AdminFault::NotFound)?;
    Ok(project_id)
}

fn known(app: &AdminState, project_id: i64, environment: &str) -> Result<Value, AdminFault> {
    let environment = app
        .account
        .get(ThingKind::Environment, id(environment)?)
        .ok_or(AdminFault::NotFound)?;
    if environment.get("project_id") == Some(&json!(project_id)) {
        Ok(environment)
    } else {
        Err(AdminFault::NotFound)
    }
}
