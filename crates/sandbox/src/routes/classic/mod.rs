//! The routes that every Metabase has: sessions, collections, cards, databases, metadata, settings.

mod card;
mod card_metadata;
mod card_query;
mod collection;
mod collection_body;
mod database;
mod export;
mod instance;
mod items;
mod legacy;
mod metadata_body;
mod people;
mod session;
mod table;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;

/// The routes outside `/api/agent`.
pub(super) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/api/health", get(instance::health))
        .route("/api/session/properties", get(instance::properties))
        .route("/api/docs/openapi.json", get(instance::openapi))
        .route("/api/session", post(session::sign_in).delete(session::sign_out))
        .route("/auth/sso/to_session", post(session::exchange))
        .route("/api/user/current", get(session::current_user))
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
        .route("/api/database", get(database::list))
        .route("/api/database/{id}", get(database::get))
        .route("/api/database/{id}/metadata", get(database::metadata))
        .route("/api/database/{id}/schemas", get(database::schemas))
        .route("/api/database/{id}/schema/", get(database::schema))
        .route("/api/database/{id}/schema/{name}", get(database::named_schema))
        .route("/api/table", get(table::list))
        .route("/api/table/{id}", get(table::get))
        .route("/api/table/{id}/query_metadata", get(table::query_metadata))
        .route("/api/table/{id}/fks", get(table::foreign_keys))
        .route("/api/field/{id}/search/{search}", get(table::field_search))
        .route("/api/field/{id}/values", get(table::field_values))
}
