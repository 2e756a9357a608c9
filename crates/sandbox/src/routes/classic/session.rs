use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use crate::auth::{AuthFailure, ClassicCaller, session_token, uuid};
use crate::error::ApiError;
use crate::routes::decode::{JsonBody, required_text};
use crate::state::AppState;

/// `POST /api/session`: signs in with e-mail and password.
pub(super) async fn sign_in(
    State(app): State<Arc<AppState>>,
    ConnectInfo(address): ConnectInfo<SocketAddr>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let body = body.into_object()?;
    let username = required_text(&body, "username")?;
    let password = required_text(&body, "password")?;
    let address = address.ip().to_string();
    app.throttle.check(username, &address).map_err(|throttled| {
        let wait = throttled.wait;
        let message = format!("Too many attempts! You must wait {wait} seconds before trying again.");
        refused(throttled.field, &message)
    })?;
    let email = username.trim().to_lowercase();
    let user = app
        .model()
        .users
        .iter()
        .find(|user| user.email == email && user.password.expose_secret() == password);
    let Some(user) = user else {
        app.throttle.failed(username, &address);
        return Err(refused("password", "did not match stored password"));
    };
    if !user.active {
        return Err(refused(
            "_error",
            "Your account is disabled. Please contact your administrator.",
        ));
    }
    let token = app.sessions.open(user.id);
    let cookies = [
        format!("metabase.SESSION={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600"),
        "metabase.TIMEOUT=alive; Path=/; SameSite=Lax; Max-Age=1209600".to_owned(),
        format!(
            "metabase.DEVICE={}; Path=/; HttpOnly; SameSite=Lax; Max-Age=630720000",
            uuid()
        ),
    ];
    let headers = AppendHeaders(cookies.map(|cookie| (header::SET_COOKIE, cookie)));
    Ok((headers, Json(json!({ "id": token }))).into_response())
}

/// `DELETE /api/session`: signs out.
pub(super) async fn sign_out(
    State(app): State<Arc<AppState>>,
    headers: HeaderMap,
    _: ClassicCaller,
) -> Result<Response, ApiError> {
    let closed = session_token(&headers).is_some_and(|token| app.sessions.close(token));
    if !closed {
        return Err(ApiError::not_found());
    }
    let cookie = "metabase.SESSION=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT".to_owned();
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// `POST /auth/sso/to_session`: a session for a signed token.
pub(super) async fn exchange(
    State(app): State<Arc<AppState>>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let Some(key) = &app.jwt else {
        return Err(ApiError::text(
            StatusCode::BAD_REQUEST,
            "JWT SSO has not been enabled and/or configured",
        ));
    };
    let body = body.into_object()?;
    let token = required_text(&body, "jwt")?;
    let person = key
        .verify(token)
        .and_then(|claims| app.person_by_email(&claims.email))
        .ok_or(AuthFailure::InvalidJwt)?;
    Ok(Json(
        json!({ "session_token": app.sessions.open(person.user_id) }),
    ))
}

/// `GET /api/user/current`.
pub(super) async fn current_user(ClassicCaller(caller): ClassicCaller) -> Json<Value> {
    let common_name = format!("{} {}", caller.first_name, caller.last_name);
    Json(json!({
        "id": caller.user_id,
        "email": caller.email,
        "first_name": caller.first_name,
        "last_name": caller.last_name,
        "common_name": common_name.trim(),
        "is_superuser": caller.access.superuser,
        "is_active": true,
        "is_qbnewb": false,
        "is_installer": false,
        "locale": null,
        "group_ids": caller.groups,
        "user_group_memberships":
            caller.groups.iter().map(|id| json!({ "id": id })).collect::<Vec<_>>(),
        "personal_collection_id": null,
        "has_invited_second_user": true,
        "can_write_any_collection": caller.access.superuser,
    }))
}

fn refused(field: &str, message: &str) -> ApiError {
    ApiError::Validation {
        status: StatusCode::UNAUTHORIZED,
        errors: json!({ field: message }),
        specific: None,
    }
}
