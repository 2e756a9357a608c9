//! All routes, in one table: what the server answers, what the log calls it, and who may ask it.

mod admin;
mod answers;
mod body;
mod catalog;
mod health;
mod me;
mod pages;
mod sessions;
mod sse;
mod wires;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use http::StatusCode;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};

use super::access::{admit, guard_all};
use super::http_error::{HttpError, write_errors};
use super::state::SharedState;

/// Who may ask a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RouteAccess {
    /// Everybody who reaches the server.
    Public,
    /// Who has the scope `ask`.
    Callers,
}

/// One route.
struct HttpRoute {
    path: &'static str,
    access: RouteAccess,
    methods: MethodRouter<SharedState>,
}

fn public(path: &'static str, methods: MethodRouter<SharedState>) -> HttpRoute {
    HttpRoute {
        path,
        access: RouteAccess::Public,
        methods,
    }
}

fn callers(path: &'static str, methods: MethodRouter<SharedState>) -> HttpRoute {
    HttpRoute {
        path,
        access: RouteAccess::Callers,
        methods,
    }
}

fn table() -> Vec<HttpRoute> {
    vec![
        public("/", get(pages::index)),
        public("/s/{session}", get(pages::index)),
        public("/catalog", get(pages::index)),
        public("/admin", get(pages::index)),
        public("/assets/{hash}/{*name}", get(pages::asset)),
        callers("/v1/answers", post(answers::ask)),
        callers("/v1/answers/{id}", get(answers::read)),
        callers("/v1/answers/{id}/events", get(answers::events)),
        callers("/v1/answers/{id}/evidence", get(answers::evidence)),
        callers("/v1/answers/{id}/tape", get(answers::tape)),
        callers("/v1/answers/{id}/stop", post(answers::stop)),
        callers("/v1/answers/{id}/feedback", post(answers::feedback)),
        callers("/v1/sessions", get(sessions::list).post(sessions::create)),
        callers(
            "/v1/sessions/{id}",
            get(sessions::read)
                .patch(sessions::rename)
                .delete(sessions::delete),
        ),
        callers("/v1/sessions/{id}/stop", post(sessions::stop)),
        callers("/v1/sessions/{id}/export", get(sessions::export)),
        callers("/v1/catalog", get(catalog::list)),
        callers("/v1/catalog/{kind}/{id}", get(catalog::read)),
        callers("/v1/suggestions", get(catalog::suggestions)),
        callers("/v1/me", get(me::me)),
        callers("/v1/chat/completions", post(wires::chat::complete)),
        callers("/v1/models", get(wires::models::list)),
        callers("/v1/models/{id}", get(wires::models::read)),
        callers("/v1/responses", post(wires::responses::respond)),
        callers("/api/chat", post(wires::ui::chat)),
        callers("/api/chat/{id}/stream", get(wires::ui::resume)),
        callers("/v1/admin/answers", get(admin::answers)),
        callers("/v1/admin/answers/{id}", get(admin::answer)),
        callers("/v1/admin/answers/{id}/tape", get(admin::tape)),
        callers("/v1/admin/usage", get(admin::usage)),
    ]
}

/// The router of all routes, with what stands before them.
pub(super) fn router(state: &SharedState) -> Router {
    let (mut open, mut closed) = (Router::new(), Router::new());
    for route in table() {
        match route.access {
            RouteAccess::Public => open = open.route(route.path, route.methods),
            RouteAccess::Callers => closed = closed.route(route.path, route.methods),
        }
    }
    let closed = closed.route_layer(from_fn_with_state(state.clone(), admit));
    // Probes ask by address, so that they are not asked for a name.
    let probes = Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready));
    open.merge(closed)
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), guard_all))
        .merge(probes)
        .layer(from_fn(write_errors))
        .layer(from_fn(headers_of_all))
        .with_state(state.clone())
}

async fn no_route(request: Request) -> Response {
    let detail = format!("there is no route {}", request.uri().path());
    HttpError::new(StatusCode::NOT_FOUND, "no_such_route", detail).into_response()
}

async fn wrong_method(request: Request) -> Response {
    let detail = format!("{} does not take {}", request.uri().path(), request.method());
    HttpError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", detail).into_response()
}

/// No response is taken for something else than it says, and none but the page's files is kept by a cache.
async fn headers_of_all(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, http::HeaderValue::from_static("nosniff"));
    headers
        .entry(CACHE_CONTROL)
        .or_insert(http::HeaderValue::from_static("no-store"));
    response
}
