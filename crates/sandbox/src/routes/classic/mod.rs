//! The routes that every Metabase has: sessions, collections, cards, dashboards, queries, databases, metadata, settings.

mod card;
mod card_metadata;
mod card_query;
mod collection;
mod collection_body;
mod dashboard;
mod database;
mod dataset;
mod export;
mod field;
mod instance;
mod items;
mod legacy_query;
mod metadata_body;
mod metric_api;
mod modern_query;
mod people;
mod search;
mod segment;
mod session;
mod setting;
mod table;
mod user;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::state::AppState;

/// The routes outside `/api/agent`.
pub(super) fn router() -> Router<Arc<AppState>> {
    Router::new()
        .merge(instance_routes())
        .merge(content_routes())
        .merge(query_routes())
        .merge(metadata_routes())
}

fn instance_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/health", get(instance::health))
        .route("/api/session/properties", get(instance::properties))
        .route("/api/docs/openapi.json", get(instance::openapi))
        .route("/api/session", post(session::sign_in).delete(session::sign_out))
        .route("/auth/sso/to_session", post(session::exchange))
        .route("/api/user", get(user::list))
        .route("/api/user/current", get(session::current_user))
        .route("/api/user/recipients", get(user::recipients))
        .route("/api/user/{id}", get(user::get))
        .route("/api/setting", get(setting::list))
        .route("/api/setting/{key}", get(setting::get))
}

fn content_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/search", get(search::search))
        .route("/api/collection", get(collection::list))
        .route("/api/collection/tree", get(collection::tree))
        .route("/api/collection/{id}", get(collection::get))
        .route("/api/collection/{id}/items", get(items::items))
        .route("/api/card", get(card::list))
        .route("/api/card/{id}", get(card::get))
        .route(
            "/api/card/{id}/query_metadata",
            get(card_metadata::query_metadata),
        )
        .route("/api/metric", get(metric_api::list))
        .route("/api/metric/{id}", get(metric_api::get))
        .route(
            "/api/metric/{id}/dimension/{dimension}/values",
            get(metric_api::values),
        )
        .route("/api/dashboard", get(dashboard::list))
        .route("/api/dashboard/{id}", get(dashboard::get))
        .route("/api/segment", get(segment::segments))
        .route("/api/segment/{id}", get(segment::segment))
        .route("/api/measure", get(segment::measures))
        .route("/api/measure/{id}", get(segment::measure))
        .route("/api/activity/recents", get(segment::recents))
        .route("/api/native-query-snippet", get(segment::snippets))
        .route("/api/native-query-snippet/{id}", get(segment::snippet))
}

fn query_routes() -> Router<Arc<AppState>> {
    let on_dashboard = "/api/dashboard/{id}/dashcard/{place}/card/{card}/query";
    let on_dashboard_as_file = "/api/dashboard/{id}/dashcard/{place}/card/{card}/query/{format}";
    Router::new()
        .route("/api/card/{id}/query", post(card_query::run))
        .route("/api/card/{id}/query/{format}", post(export::export))
        .route(
            "/api/card/{id}/params/{param}/remapping",
            get(card_query::remapping),
        )
        .route("/api/card/{id}/params/{param}/values", get(card_query::values))
        .route(
            "/api/card/{id}/params/{param}/search/{query}",
            get(card_query::search),
        )
        .route(on_dashboard, post(dashboard::run_card))
        .route(on_dashboard_as_file, post(dashboard::export_card))
        .route("/api/metric/dataset", post(metric_api::dataset))
        .route("/api/dataset", post(dataset::run))
        .route("/api/dataset/native", post(dataset::native))
        .route("/api/dataset/{format}", post(dataset::export))
}

fn metadata_routes() -> Router<Arc<AppState>> {
    Router::new()
        .route("/api/database", get(database::list))
        .route("/api/database/{id}", get(database::get))
        .route("/api/database/{id}/metadata", get(database::metadata))
        .route("/api/database/{id}/schemas", get(database::schemas))
        .route("/api/database/{id}/schema", get(database::schema))
        .route("/api/database/{id}/schema/{name}", get(database::named_schema))
        .route("/api/table", get(table::list))
        .route("/api/table/{id}", get(table::get))
        .route("/api/table/{id}/query_metadata", get(table::query_metadata))
        .route("/api/table/{id}/fks", get(table::foreign_keys))
        .route("/api/field/{id}", get(field::get))
        .route("/api/field/{id}/search/{search}", get(field::search))
        .route("/api/field/{id}/values", get(field::values))
}
