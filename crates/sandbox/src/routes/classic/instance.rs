use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::state::{AgentApiVersion, AppState};

/// `GET /api/health`.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /api/session/properties`: the settings that need no sign-in.
pub(super) async fn properties(State(app): State<Arc<AppState>>) -> Json<Value> {
    Json(public_settings(&app))
}

/// The settings by name.
pub(super) fn public_settings(app: &AppState) -> Value {
    let tag = app.settings.generation.tag();
    json!({
        "version": { "tag": tag, "hash": "5a4db0c", "date": "2026-03-24", "branch": "sandbox" },
        "agent-api-enabled?": app.settings.agent_api,
        "ai-features-enabled?": app.settings.ai_features,
        "mcp-execute-sql-enabled": false,
        "site-url": null,
        "site-name": "Sandbox",
        "site-locale": "en",
        "start-of-week": "sunday",
        "report-timezone-short": "UTC",
        "report-timezone-long": "UTC",
        "has-user-setup": true,
        "enable-password-login": true,
        "anon-tracking-enabled": false,
    })
}

const AGENT_ROUTES: [(&str, &str); 8] = [
    ("/api/agent/v1/ping", "get"),
    ("/api/agent/v1/table/{id}", "get"),
    ("/api/agent/v1/table/{id}/field/{field-id}/values", "get"),
    ("/api/agent/v1/metric/{id}", "get"),
    ("/api/agent/v1/metric/{id}/field/{field-id}/values", "get"),
    ("/api/agent/v1/search", "post"),
    ("/api/agent/v1/construct-query", "post"),
    ("/api/agent/v1/execute", "post"),
];
const SINCE_V60: [(&str, &str); 3] = [
    ("/api/agent/v1/query", "post"),
    ("/api/agent/v1/database", "get"),
    ("/api/agent/v1/database/{id}", "get"),
];

/// `GET /api/docs/openapi.json`: the routes of the Agent API that this generation has, without schemas.
pub(super) async fn openapi(State(app): State<Arc<AppState>>) -> Json<Value> {
    let generation = app.settings.generation;
    let since_v60 = SINCE_V60.iter().filter(|_| generation == AgentApiVersion::V60);
    let paths: Map<String, Value> = AGENT_ROUTES
        .iter()
        .chain(since_v60)
        .map(|(path, method)| {
            let responses = json!({ "2XX": { "description": "Success" }, "4XX": { "description": "Error" } });
            ((*path).to_owned(), json!({ *method: { "responses": responses } }))
        })
        .collect();
    Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "Metabase API", "version": generation.tag() },
        "paths": paths,
    }))
}
