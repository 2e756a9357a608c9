//! Whether the process runs, and whether it can answer.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::json;

use crate::server::state::SharedState;

pub(super) async fn alive() -> Response {
    Json(json!({"status": "ok", "checks": {}})).into_response()
}

pub(super) async fn ready(State(state): State<SharedState>) -> Response {
    let store = state
        .store
        .read(|connection| connection.query_row("SELECT 1", [], |_| Ok(())))
        .await;
    let stopping = state.turns.is_stopping();
    let word = |good: bool, bad: &'static str| if good { "ok" } else { bad };
    let well = store.is_ok() && !stopping;
    let body = json!({
        "status": word(well, "unavailable"),
        "checks": {
            "store": word(store.is_ok(), "cannot be read"),
            "catalog": "ok",
            "server": word(!stopping, "is ending"),
        },
    });
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}
