//! Users, groups and service tokens.

use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};

use super::AdminState;
use super::body::{object, same_id};
use super::request::AdminRequest;
use crate::access::{DbtToken, KNOWN_SETS, TokenRight};
use crate::account::AdminObjectKind;
use crate::envelope::{AdminFault, found, success};

pub(super) async fn users(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let query = request.page()?;
    Ok(query.page(
        app.account.list(AdminObjectKind::User),
        &["id", "email", "is_active"],
    ))
}

pub(super) async fn groups(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let query = request.page()?;
    Ok(query.page(app.account.list(AdminObjectKind::Group), &["id", "name"]))
}

pub(super) async fn create_group(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::SecurityAdmin)?;
    let fields = object(&body, &["account_id", "name", "state", "assign_by_default"])?;
    same_id(&fields, "account_id", app.account.id)?;
    let mut group =
        Map::from_iter(["sso_mapping_groups", "group_permissions"].map(|name| (name.to_owned(), json!([]))));
    group.extend(fields);
    Ok(success(
        StatusCode::CREATED,
        &app.account.add(AdminObjectKind::Group, group),
    ))
}

/// Replaces what a group may do.
pub(super) async fn set_group_permissions(
    request: AdminRequest,
    body: Bytes,
) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::SecurityAdmin)?;
    let group_id = request.id("group")?;
    let value: Value = serde_json::from_slice(&body)
        .map_err(|error| AdminFault::invalid("non_field_errors", &format!("JSON parse error - {error}")))?;
    let permissions = value
        .as_array()
        .ok_or_else(|| AdminFault::invalid("non_field_errors", "Expected a list of items."))?;
    for permission in permissions {
        known_set(permission)?;
    }
    app.account.need(AdminObjectKind::Group, group_id)?;
    app.account.change(AdminObjectKind::Group, group_id, |fields| {
        fields.insert("group_permissions".to_owned(), value.clone());
    });
    Ok(found(&value))
}

/// The tokens, without their secrets.
pub(super) async fn service_tokens(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::SecurityAdmin)?;
    let query = request.page()?;
    Ok(query.page(app.account.list(AdminObjectKind::ServiceToken), &["id", "name"]))
}

/// What one token may do. A token may always look at itself.
pub(super) async fn permissions_of_token(request: AdminRequest) -> Result<Response, AdminFault> {
    let caller = request.caller()?;
    let token_id = request.id("token")?;
    if caller.token_id != token_id {
        request.enter(TokenRight::SecurityAdmin)?;
    }
    let token = request.object(AdminObjectKind::ServiceToken, "token")?;
    Ok(found(
        token.get("service_token_permissions").unwrap_or(&Value::Null),
    ))
}

/// Makes a token; its secret is told in this answer only.
pub(super) async fn create_service_token(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::SecurityAdmin)?;
    let fields = object(&body, &["name", "permission_grants"])?;
    let grants = fields
        .get("permission_grants")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let sets = grants.iter().map(known_set).collect::<Result<Vec<_>, _>>()?;
    let name = fields.get("name").and_then(Value::as_str).unwrap_or_default();
    let sets: Vec<&str> = sets.iter().map(String::as_str).collect();
    let token = DbtToken::new(name, &sets);
    let mut told = add_token(app, token.clone());
    if let Some(told) = told.as_object_mut() {
        told.insert("token_string".to_owned(), json!(token.secret.expose_secret()));
    }
    Ok(success(StatusCode::CREATED, &told))
}

/// Makes a token known, and tells it as the list does.
pub(crate) fn add_token(app: &AdminState, token: DbtToken) -> Value {
    let permissions: Vec<Value> = token
        .permission_sets
        .iter()
        .map(|set| json!({ "permission_set": set, "project_id": null, "all_projects": true, "state": 1 }))
        .collect();
    let secret = token.secret.expose_secret();
    let ending = secret
        .get(secret.len().saturating_sub(4)..)
        .unwrap_or_default()
        .to_owned();
    let told = app.account.add(
        AdminObjectKind::ServiceToken,
        Map::from_iter([
            ("account_id".to_owned(), json!(app.account.id)),
            ("name".to_owned(), json!(token.name)),
            ("state".to_owned(), json!(1)),
            ("uid".to_owned(), json!(format!("{:032x}", fastrand::u128(..)))),
            ("last_four".to_owned(), json!(ending)),
            ("service_token_permissions".to_owned(), json!(permissions)),
        ]),
    );
    if let Some(id) = told.get("id").and_then(Value::as_i64) {
        app.tokens.add(id, token);
    }
    told
}

fn known_set(grant: &Value) -> Result<String, AdminFault> {
    let set = grant.get("permission_set").and_then(Value::as_str);
    let set = set.ok_or_else(|| AdminFault::invalid("permission_set", "This field is required."))?;
    if KNOWN_SETS.contains(&set) {
        Ok(set.to_owned())
    } else {
        Err(AdminFault::invalid(
            "permission_set",
            &format!("\"{set}\" is not a valid choice."),
        ))
    }
}
