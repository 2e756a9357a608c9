//! Who asks, and what answers.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use crate::server::access::Requester;
use crate::server::state::SharedState;

pub(super) async fn me(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
) -> Json<Value> {
    let app = state.app();
    let demo = app.server().is_demo();
    Json(json!({
        "principal": caller.principal,
        "name": caller.name,
        "scopes": caller.scopes,
        "auth": caller.auth,
        "version": env!("CARGO_PKG_VERSION"),
        "model": app.settings().model.id.to_string(),
        "today": app.today(),
        "demo": demo,
        "metabase": (!demo).then(|| app.server().metabase.url.to_string()),
    }))
}
