//! Whether the process runs, and whether it can answer.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;

use crate::server::bodies::HealthBody;
use crate::server::state::SharedState;

pub(super) async fn alive() -> Json<HealthBody> {
    Json(HealthBody {
        status: "ok".to_owned(),
        checks: BTreeMap::new(),
    })
}

pub(super) async fn ready(State(state): State<SharedState>) -> Response {
    let store = state.store.is_readable().await;
    let checks = [
        ("catalog", true, ""),
        ("server", !state.turns.is_stopping(), "is ending"),
        ("store", store, "cannot be read"),
    ];
    let well = checks.iter().all(|(_, good, _)| *good);
    let body = HealthBody {
        status: if well { "ok" } else { "unavailable" }.to_owned(),
        checks: checks
            .into_iter()
            .map(|(name, good, bad)| (name.to_owned(), if good { "ok" } else { bad }.to_owned()))
            .collect(),
    };
    let status = if well {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(body)).into_response()
}
