//! The routes that every Metabase has: sessions, collections, cards, databases, metadata, settings.

mod instance;
mod session;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::sandbox::app::App;

/// The routes outside `/api/agent`.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/health", get(instance::health))
        .route("/api/session/properties", get(instance::properties))
        .route("/api/session", post(session::sign_in).delete(session::sign_out))
        .route("/auth/sso/to_session", post(session::exchange))
        .route("/api/user/current", get(session::current_user))
}
