use axum::Json;
use serde_json::{Value, json};

use crate::auth::{AgentCaller, Scope};
use crate::error::ApiError;

/// `GET /v1/ping`: the Agent API is there and the credential is good.
pub(super) async fn ping(AgentCaller(caller): AgentCaller) -> Result<Json<Value>, ApiError> {
    caller.permit(Scope::Free)?;
    Ok(Json(json!({ "message": "pong" })))
}
