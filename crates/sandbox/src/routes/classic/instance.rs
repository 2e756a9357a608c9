use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use crate::error::ApiError;
use crate::generation::{QueryGrammar, ServedEdition};
use crate::routes::agent;
use crate::state::AppState;

/// `GET /api/health`.
pub(super) async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

/// `GET /api/session/properties`: the settings that need no sign-in.
pub(super) async fn properties(State(app): State<Arc<AppState>>) -> Json<Value> {
    Json(public_settings(&app))
}

pub(super) fn public_settings(app: &AppState) -> Value {
    let settings = &app.settings;
    let licensed = settings.edition == ServedEdition::Pro;
    json!({
        "version": { "tag": settings.version, "hash": "5a4db0c", "date": "2026-03-24", "branch": "sandbox" },
        "agent-api-enabled?": settings.agent_api,
        "ai-features-enabled?": settings.ai_features,
        "mcp-execute-sql-enabled": settings.execute_sql && settings.facts.grammar == Some(QueryGrammar::Portable),
        "token-features": {
            "sso_jwt": licensed,
            "content_verification": licensed,
            "official_collections": licensed,
            "advanced_permissions": licensed,
        },
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

/// `GET /api/docs/openapi.json` (since v0.55): the routes of the Agent API that this instance has, without schemas.
pub(super) async fn openapi(State(app): State<Arc<AppState>>) -> Result<Json<Value>, ApiError> {
    let settings = &app.settings;
    if !settings.facts.document {
        return Err(ApiError::no_endpoint());
    }
    let mut paths = Map::new();
    for route in agent::routes(settings.facts.generation, settings.edition) {
        let responses = json!({ "2XX": { "description": "Success" }, "4XX": { "description": "Error" } });
        let methods = paths
            .entry(format!("/api/agent{}", route.path))
            .or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(route.method.to_owned(), json!({ "responses": responses }));
        }
    }
    Ok(Json(json!({
        "openapi": "3.1.0",
        "info": { "title": "Metabase API", "version": settings.version },
        "paths": paths,
    })))
}
