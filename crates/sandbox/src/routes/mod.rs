//! The routes: the Agent API under `/api/agent`, everything else as Metabase has it since long before.

mod agent;
mod classic;
mod decode;
mod lookup;

use std::sync::Arc;

use axum::Router;

use super::app::{App, Generation};
use super::error::ApiError;

/// Every route of this generation. Whatever it does not have is 404, also a known path with another method.
pub(super) fn router(generation: Generation) -> Router<Arc<App>> {
    Router::new()
        .nest("/api/agent", agent::router(generation))
        .merge(classic::router())
        .fallback(async || ApiError::no_endpoint())
        .method_not_allowed_fallback(async || ApiError::no_endpoint())
}
