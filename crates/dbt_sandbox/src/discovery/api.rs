use std::sync::{Arc, LazyLock};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::resolve::DiscoveryResolver;
use crate::access::TokenRight;
use crate::faults::refused;
use crate::graphql::{GraphqlFault, GraphqlSchema, respond};
use crate::state::DbtState;

static SCHEMA: LazyLock<Result<GraphqlSchema, String>> =
    LazyLock::new(|| GraphqlSchema::parse(include_str!("discovery.graphql")));

/// `POST /graphql`. What is wrong with a query is a GraphQL error in a 200.
pub(crate) async fn answer(State(app): State<Arc<DbtState>>, headers: HeaderMap, body: Bytes) -> Response {
    if let Err(seconds) = app.throttle.take() {
        return refused(StatusCode::TOO_MANY_REQUESTS.as_u16(), Some(seconds));
    }
    let Some(caller) = app.tokens.caller(&headers) else {
        return refused(StatusCode::UNAUTHORIZED.as_u16(), None);
    };
    if !caller.may(TokenRight::MetadataOnly) {
        let fault = GraphqlFault::new(
            "You do not have permission to perform this action. It needs the permission set Metadata Only.",
        );
        return Json(json!({ "data": null, "errors": [fault.coded("FORBIDDEN").json()] })).into_response();
    }
    respond(&SCHEMA, DiscoveryResolver { app }, &body).await
}
