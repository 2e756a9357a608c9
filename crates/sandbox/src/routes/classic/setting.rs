use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::instance::public_settings;
use crate::error::ApiError;
use crate::routes::extract::SignedInCaller;

/// `GET /api/setting`: every setting with its value, for administrators.
pub(super) async fn list(
    SignedInCaller { app, access, .. }: SignedInCaller,
) -> Result<Json<Value>, ApiError> {
    if !access.superuser {
        return Err(ApiError::forbidden());
    }
    let settings = public_settings(&app);
    let listed = settings.as_object().into_iter().flatten().map(|(key, value)| {
        json!({
            "key": key,
            "value": value,
            "is_env_setting": false,
            "env_name": format!("MB_{}", key.trim_end_matches('?').replace('-', "_").to_uppercase()),
            "description": null,
            "default": null,
        })
    });
    Ok(Json(listed.collect()))
}

/// `GET /api/setting/:key`: one setting's value as it is, for administrators; 204 where it has none.
pub(super) async fn get(
    SignedInCaller { app, access, .. }: SignedInCaller,
    Path(key): Path<String>,
) -> Result<Response, ApiError> {
    if !access.superuser {
        return Err(ApiError::forbidden());
    }
    let settings = public_settings(&app);
    match settings.get(&key) {
        None => Err(ApiError::not_found()),
        Some(Value::Null) => Ok(StatusCode::NO_CONTENT.into_response()),
        Some(value) => Ok(Json(value.clone()).into_response()),
    }
}
