//! Who asks, and what answers.

use axum::extract::State;
use axum::{Extension, Json};

use crate::server::access::Requester;
use crate::server::bodies::MeBody;
use crate::server::state::SharedState;

pub(super) async fn me(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
) -> Json<MeBody> {
    let app = state.app();
    let demo = app.server().is_demo();
    Json(MeBody {
        principal: caller.principal,
        name: caller.name,
        scopes: caller.scopes,
        auth: caller.auth.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        model: app.settings().model.id.to_string(),
        today: app.today(),
        demo,
        metabase: (!demo && app.server().has_metabase()).then(|| app.server().metabase.url.to_string()),
    })
}
