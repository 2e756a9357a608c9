use std::sync::LazyLock;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::execute::execute;
use super::{FieldResolver, GraphqlFault, GraphqlSchema, PostedQuery};

/// Answers the request in a body. Everything that is wrong with it is a GraphQL error in a 200.
pub(crate) async fn respond(
    schema: &'static LazyLock<Result<GraphqlSchema, String>>,
    resolver: impl FieldResolver + Send + 'static,
    body: &[u8],
) -> Response {
    let request: PostedQuery = match serde_json::from_slice(body) {
        Ok(request) => request,
        Err(error) => {
            let fault = GraphqlFault::new(format!("The body is not a GraphQL request: {error}"));
            return Json(json!({ "errors": [fault.json()] })).into_response();
        }
    };
    // The artifacts are read here for the first time.
    let answered = tokio::task::spawn_blocking(move || match schema.as_ref() {
        Ok(schema) => execute(schema, &resolver, &request),
        Err(error) => json!({ "errors": [{ "message": error }] }),
    });
    let answered = answered
        .await
        .unwrap_or_else(|error| json!({ "errors": [{ "message": error.to_string() }] }));
    Json(answered).into_response()
}
