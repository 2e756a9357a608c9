//! The Agent API of v0.59 and v0.60.

mod columns;
mod construct;
mod database;
mod field_body;
mod metric;
mod ping;
mod query;
mod scopes;
mod search;
mod table;
mod values;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::state::{AgentApiVersion, AppState};

/// The routes below `/api/agent`.
pub(super) fn router(generation: AgentApiVersion) -> Router<Arc<AppState>> {
    let router = Router::new()
        .route("/v1/ping", get(ping::ping))
        .route("/v1/table/{id}", get(table::get))
        .route("/v1/table/{id}/field/{field}/values", get(values::of_table))
        .route("/v1/metric/{id}", get(metric::get))
        .route("/v1/metric/{id}/field/{field}/values", get(values::of_metric))
        .route("/v1/search", post(search::search))
        .route("/v1/construct-query", post(query::construct_query))
        .route("/v1/execute", post(query::execute));
    match generation {
        AgentApiVersion::V59 => router,
        AgentApiVersion::V60 => router
            .route("/v1/query", post(query::query))
            .route("/v1/database", get(database::list))
            .route("/v1/database/{id}", get(database::get)),
    }
}
