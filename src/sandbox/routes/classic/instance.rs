use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use crate::sandbox::app::App;

/// `GET /api/health`.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /api/session/properties`: the settings that need no sign-in.
pub(super) async fn properties(State(app): State<Arc<App>>) -> Json<Value> {
    let tag = app.settings.generation.tag();
    Json(json!({
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
    }))
}
