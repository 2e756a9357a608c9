use axum::Json;
use serde_json::{Value, json};

use super::scopes::AnyScope;
use crate::routes::extract::AgentRequest;

/// `GET /v1/ping`: the Agent API is there and the credential is good.
pub(super) async fn ping(_: AgentRequest<AnyScope>) -> Json<Value> {
    Json(json!({ "message": "pong" }))
}
