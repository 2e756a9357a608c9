//! The Agent API of each generation.

mod columns;
mod construct;
mod database;
mod field_body;
mod metric;
mod paged;
mod ping;
mod portable;
mod program;
mod query;
mod question;
mod read_only;
mod resolved;
mod resource;
mod scopes;
mod search;
mod sql;
mod table;
mod values;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post, put};

use crate::generation::{ServedEdition, ServedGeneration};
use crate::state::AppState;

/// A route below `/api/agent`, and the generations that have it.
pub(in crate::routes) struct AgentRoute {
    pub(in crate::routes) method: &'static str,
    pub(in crate::routes) path: &'static str,
    since: ServedGeneration,
    until: ServedGeneration,
    handler: fn() -> MethodRouter<Arc<AppState>>,
}

const fn route(
    method: &'static str,
    path: &'static str,
    (since, until): (ServedGeneration, ServedGeneration),
    handler: fn() -> MethodRouter<Arc<AppState>>,
) -> AgentRoute {
    AgentRoute {
        method,
        path,
        since,
        until,
        handler,
    }
}

use ServedGeneration::{V59, V60, V61, V62, V63, V65};

const NOW: ServedGeneration = V65;

/// Every route that some generation has.
const ROUTES: [AgentRoute; 26] = [
    route("get", "/v1/ping", (V59, NOW), || get(ping::ping)),
    route("get", "/v1/table/{id}", (V59, V61), || get(table::get)),
    route(
        "get",
        "/v1/table/{id}/field/{field-id}/values",
        (V59, V61),
        || get(values::of_table),
    ),
    route("get", "/v1/metric/{id}", (V59, V61), || get(metric::get)),
    route(
        "get",
        "/v1/metric/{id}/field/{field-id}/values",
        (V59, V61),
        || get(values::of_metric),
    ),
    route("post", "/v1/search", (V59, NOW), || post(search::search)),
    route("post", "/v1/construct-query", (V59, V60), || {
        post(query::construct_query)
    }),
    route("post", "/v1/execute", (V59, NOW), || post(query::execute)),
    route("post", "/v1/query", (V60, V60), || post(query::query)),
    route("get", "/v1/database", (V60, V61), || get(database::list)),
    route("get", "/v1/database/{id}", (V60, V61), || get(database::get)),
    route("post", "/v2/construct-query", (V61, V61), || {
        post(program::construct_query)
    }),
    route("post", "/v2/query", (V61, V61), || post(program::query)),
    route("post", "/v2/construct-query", (V62, NOW), || {
        post(portable::construct_query)
    }),
    route("post", "/v2/query", (V62, NOW), || post(portable::query)),
    route("post", "/v1/question", (V61, NOW), || {
        post(read_only::create_question)
    }),
    route("post", "/v1/dashboard", (V61, NOW), || {
        post(read_only::create_dashboard)
    }),
    route("post", "/v1/read-resource", (V62, NOW), || post(resource::read)),
    route("post", "/v1/execute-sql", (V62, NOW), || post(sql::execute)),
    route("put", "/v1/question/{id}", (V62, NOW), || {
        put(read_only::update_question)
    }),
    route("put", "/v1/dashboard/{id}", (V62, NOW), || {
        put(read_only::update_dashboard)
    }),
    route("post", "/v1/collection", (V62, NOW), || {
        post(read_only::create_collection)
    }),
    route("post", "/v1/construct-native-query", (V63, NOW), || {
        post(sql::construct)
    }),
    route("post", "/v1/metric", (V63, NOW), || {
        post(read_only::create_metric)
    }),
    route("put", "/v1/metric/{id}", (V63, NOW), || {
        put(read_only::update_metric)
    }),
    route("post", "/v1/question/{id}/query", (V63, NOW), || {
        post(question::run)
    }),
];

/// The routes that an instance has.
pub(in crate::routes) fn routes(
    generation: ServedGeneration,
    edition: ServedEdition,
) -> impl Iterator<Item = &'static AgentRoute> {
    const { &ROUTES }
        .iter()
        .filter(move |_| generation.has_agent_api(edition))
        .filter(move |route| (route.since..=route.until).contains(&generation))
}

/// The router of an instance.
pub(super) fn router(generation: ServedGeneration, edition: ServedEdition) -> Router<Arc<AppState>> {
    routes(generation, edition).fold(Router::new(), |router, route| {
        router.route(route.path, (route.handler)())
    })
}
