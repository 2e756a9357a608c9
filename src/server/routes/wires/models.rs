//! The list of models, which has one.

use axum::Json;
use axum::extract::Path;
use http::StatusCode;
use serde_json::{Value, json};

use super::chat_chunks::MODEL;
use crate::server::http_error::HttpError;

fn model() -> Value {
    json!({"id": MODEL, "object": "model", "created": 0, "owned_by": "cardinal"})
}

pub(in crate::server::routes) async fn list() -> Json<Value> {
    Json(json!({"object": "list", "data": [model()]}))
}

pub(in crate::server::routes) async fn read(Path(id): Path<String>) -> Result<Json<Value>, HttpError> {
    if id == MODEL {
        return Ok(Json(model()));
    }
    let detail = format!("there is no model {id}; the one model is {MODEL}");
    Err(HttpError::new(StatusCode::NOT_FOUND, "no_such_model", detail))
}
