//! All routes stand in one table (`table.rs`): what the server answers, who may ask it, and what it reads and writes. Router,
//! OpenAPI document, metrics and log come from that table.

mod accept;
mod admin;
mod answers;
mod approvals;
mod body;
mod catalog;
mod dbt;
mod health;
mod log;
mod me;
mod openapi;
mod pages;
mod route;
mod sessions;
mod sse;
mod table;
mod wires;

use std::fmt::Write as _;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Router};
use http::StatusCode;
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};

pub(super) use self::body::whole;
use self::route::RouteAccess;
use self::table::{probes, table};
use super::access::{Requester, Scope, admit, guard_all};
use super::http_error::{HttpError, write_errors};
use super::state::SharedState;
use crate::telemetry::TraceParent;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const JSON_LINES: &str = "application/jsonl";
const HTML: &str = "text/html";

/// The router of all routes, with what stands before them.
pub(super) fn router(state: &SharedState) -> Router {
    let (mut open, mut closed, mut administration) = (Router::new(), Router::new(), Router::new());
    for route in table() {
        let part = match route.access {
            RouteAccess::Public => &mut open,
            RouteAccess::Requesters => &mut closed,
            RouteAccess::Administrators => &mut administration,
        };
        *part = std::mem::take(part).route(route.path, route.handler);
    }
    let administration = administration.route_layer(from_fn(administrators_only));
    let closed = closed
        .merge(administration)
        .route_layer(from_fn_with_state(state.clone(), admit));
    let mut probed = Router::new();
    for route in probes() {
        probed = probed.route(route.path, route.handler);
    }
    open.merge(closed)
        .fallback(no_route)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(state.clone(), guard_all))
        .merge(probed)
        .route_layer(from_fn_with_state(state.clone(), count))
        .layer(from_fn(no_endless_address))
        .layer(from_fn(write_errors))
        .layer(from_fn(headers_of_all))
        .with_state(state.clone())
}

/// Lets nobody else in. It stands behind what finds out who asks.
async fn administrators_only(caller: Extension<Requester>, request: Request, next: Next) -> Response {
    if caller.may(Scope::Admin) {
        return next.run(request).await;
    }
    let detail =
        "this needs the scope `admin`: `cardinal token create --scope admin`, or `admins` under [server]";
    HttpError::forbidden(detail).into_response()
}

/// All routes as a table of Markdown: what each does, and what it needs. `docs/server.md` has it.
pub fn route_table() -> String {
    let mut text = "| route | what it does | scope |\n|---|---|---|\n".to_owned();
    for route in table().iter().chain(&probes()) {
        let scope = match route.access {
            RouteAccess::Public => "",
            RouteAccess::Requesters => "`ask`",
            RouteAccess::Administrators => "`admin`",
        };
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "| `{} {}` | {} | {scope} |",
            route.method, route.path, route.about
        );
    }
    text
}

/// What is answered until [`router`] can be.
pub(super) fn router_before_the_start() -> Router {
    health::before_the_start()
        .layer(from_fn(write_errors))
        .layer(from_fn(headers_of_all))
}

/// The OpenAPI document of all routes, with a line end. A copy lies in `schemas/openapi.json`.
pub fn openapi() -> String {
    let mut all = table();
    all.extend(probes());
    openapi::document(&all)
}

async fn openapi_document() -> Response {
    static DOCUMENT: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    let kind = [(http::header::CONTENT_TYPE, http::HeaderValue::from_static(JSON))];
    (kind, DOCUMENT.get_or_init(openapi).as_str()).into_response()
}

/// Counts requests by their route, and logs them. Neither says what was asked.
async fn count(
    State(state): State<SharedState>,
    route: MatchedPath,
    request: Request,
    next: Next,
) -> Response {
    let (method, begun) = (request.method().clone(), std::time::Instant::now());
    let trace = TraceParent::of(request.headers());
    let response = trace.over(next.run(request)).await;
    let status = response.status();
    state.metrics.request(route.as_str(), &method, status);
    let ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let answer = response
        .headers()
        .get("x-cardinal-answer")
        .and_then(|id| id.to_str().ok());
    tracing::info!(%method, route = route.as_str(), status = status.as_u16(), ms, answer, "request");
    response
}

/// Longest address of a request that is looked at, in bytes.
const LONGEST_ADDRESS: usize = 16 * 1024;

/// Refuses addresses that nothing here has, while it can still be said why.
async fn no_endless_address(request: Request, next: Next) -> Response {
    let address = request.uri();
    let length = address.path().len() + address.query().map_or(0, str::len);
    if length <= LONGEST_ADDRESS {
        return next.run(request).await;
    }
    let detail = format!("the address of the request is longer than {LONGEST_ADDRESS} bytes");
    HttpError::new(StatusCode::URI_TOO_LONG, "too_large", detail).into_response()
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
