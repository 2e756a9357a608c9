//! The Agent API of v0.59 and v0.60.

mod ping;

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

use crate::sandbox::app::{App, Generation};

/// The routes below `/api/agent`.
pub(super) fn router(_generation: Generation) -> Router<Arc<App>> {
    Router::new().route("/v1/ping", get(ping::ping))
}
