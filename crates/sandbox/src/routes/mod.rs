//! The routes: the Agent API under `/api/agent`, everything else as Metabase has it since long before.

mod agent;
mod classic;
mod decode;
mod extract;
mod lookup;
mod permission;
mod ranking;

use std::sync::Arc;

use axum::Router;

use super::error::ApiError;
use super::generation::{ServedEdition, ServedGeneration};
use super::state::AppState;

/// Every route of an instance. Whatever it does not have is 404, also a known path with another method.
pub(super) fn router(generation: ServedGeneration, edition: ServedEdition) -> Router<Arc<AppState>> {
    Router::new()
        .nest("/api/agent", agent::router(generation, edition))
        .merge(classic::router())
        .fallback(async || ApiError::no_endpoint())
        .method_not_allowed_fallback(async || ApiError::no_endpoint())
}
