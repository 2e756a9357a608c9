use axum::Json;
use serde_json::{Value, json};

use super::metadata_body::EPOCH;
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{PathId, SignedInCaller};
use crate::semantic::{SemanticModel, User};

/// `GET /api/user`: everyone, for administrators; `status=all` lists those too who cannot sign in any more.
pub(super) async fn list(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    if !access.superuser {
        return Err(ApiError::forbidden());
    }
    let (limit, offset) = (params.number("limit", 0)?, params.number("offset", 0)?);
    let with_inactive = params.get("status") == Some("all") || params.flag("include_deactivated", false)?;
    let wanted = params.get("query").map(str::to_lowercase);
    let found: Vec<&User> = app
        .model()
        .users
        .iter()
        .filter(|user| user.active || with_inactive)
        .filter(|user| {
            wanted
                .as_ref()
                .is_none_or(|wanted| named(user).to_lowercase().contains(wanted))
        })
        .collect();
    let total = found.len();
    let page = found
        .into_iter()
        .skip(usize::try_from(offset.unwrap_or_default()).unwrap_or(usize::MAX))
        .take(limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX)));
    let data: Vec<Value> = page.map(user_body).collect();
    Ok(Json(
        json!({ "data": data, "total": total, "limit": limit, "offset": offset }),
    ))
}

/// `GET /api/user/recipients`: those whom something can be sent to, by name only.
pub(super) async fn recipients(SignedInCaller { app, .. }: SignedInCaller) -> Json<Value> {
    let people = app.model().users.iter().filter(|user| user.active);
    let data: Vec<Value> = people
        .map(|user| {
            json!({
                "id": user.id,
                "email": user.email,
                "first_name": user.first_name,
                "last_name": user.last_name,
                "common_name": named(user),
            })
        })
        .collect();
    let total = data.len();
    Json(json!({ "data": data, "total": total, "limit": null, "offset": null }))
}

/// `GET /api/user/:id`: oneself, or anyone for administrators.
pub(super) async fn get(
    SignedInCaller { app, access, user_id }: SignedInCaller,
    PathId(id): PathId,
) -> Result<Json<Value>, ApiError> {
    if !access.superuser && user_id != id {
        return Err(ApiError::forbidden());
    }
    let user = user_by_id(app.model(), id).ok_or_else(ApiError::not_found)?;
    Ok(Json(user_body(user)))
}

fn user_by_id(model: &SemanticModel, id: i64) -> Option<&User> {
    model.users.iter().find(|user| user.id == id)
}

fn named(user: &User) -> String {
    format!("{} {}", user.first_name, user.last_name)
        .trim()
        .to_owned()
}

fn user_body(user: &User) -> Value {
    json!({
        "id": user.id,
        "email": user.email,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "common_name": named(user),
        "is_superuser": user.superuser,
        "is_active": user.active,
        "is_qbnewb": false,
        "is_data_analyst": false,
        "tenant_id": null,
        "sso_source": null,
        "locale": null,
        "login_attributes": null,
        "group_ids": user.groups,
        "user_group_memberships": user.groups.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
        "date_joined": EPOCH,
        "updated_at": EPOCH,
        "last_login": null,
        "personal_collection_id": null,
    })
}
