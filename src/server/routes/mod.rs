//! All routes, in one table: what the server answers, who may ask it, and what it reads and writes. Router, OpenAPI document,
//! metrics and log come from that table.

mod admin;
mod answers;
mod approvals;
mod body;
mod catalog;
mod dbt;
mod health;
mod me;
mod openapi;
mod pages;
mod sessions;
mod sse;
mod wires;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, patch, post};
use http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use http::{Method, StatusCode};
use schemars::JsonSchema;

use self::openapi::{SchemaMaker, schema_of};
use super::access::{admit, guard_all};
use super::bodies::{
    AnswerPage, ApprovalsBody, CatalogBody, EvidenceBody, HealthBody, MeBody, SessionPage, SuggestionsBody,
    UsageBody, WholeSession,
};
use super::http_error::{HttpError, write_errors};
use super::record::{AnswerRecord, SessionRecord};
use super::state::SharedState;
use crate::approvals::Approval;

const JSON: &str = "application/json";
const EVENTS: &str = "text/event-stream";
const JSON_LINES: &str = "application/jsonl";
const HTML: &str = "text/html";

/// Who may ask a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RouteAccess {
    /// Everybody who reaches the server.
    Public,
    /// Who has the scope `ask`.
    Requesters,
}

/// One route: a method of a path.
struct HttpRoute {
    method: Method,
    path: &'static str,
    access: RouteAccess,
    /// What it does, in one line.
    about: &'static str,
    handler: MethodRouter<SharedState>,
    takes: Option<SchemaMaker>,
    gives: Option<SchemaMaker>,
    media: &'static [&'static str],
    query: &'static [(&'static str, &'static str)],
    /// The status of success.
    status: u16,
    /// Another status that is no error, and what it says.
    also: Option<(u16, &'static str)>,
}

impl HttpRoute {
    fn new(
        method: Method,
        path: &'static str,
        about: &'static str,
        handler: MethodRouter<SharedState>,
    ) -> Self {
        Self {
            method,
            path,
            access: RouteAccess::Requesters,
            about,
            handler,
            takes: None,
            gives: None,
            media: &[JSON],
            query: &[],
            status: 200,
            also: None,
        }
    }

    fn get(path: &'static str, about: &'static str, handler: MethodRouter<SharedState>) -> Self {
        Self::new(Method::GET, path, about, handler)
    }

    fn post(path: &'static str, about: &'static str, handler: MethodRouter<SharedState>) -> Self {
        Self::new(Method::POST, path, about, handler)
    }

    fn public(mut self) -> Self {
        self.access = RouteAccess::Public;
        self
    }

    fn takes<T: JsonSchema>(mut self) -> Self {
        self.takes = Some(schema_of::<T>);
        self
    }

    fn gives<T: JsonSchema>(mut self) -> Self {
        self.gives = Some(schema_of::<T>);
        self
    }

    fn media(mut self, media: &'static [&'static str]) -> Self {
        self.media = media;
        self
    }

    fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    fn also(mut self, status: u16, about: &'static str) -> Self {
        self.also = Some((status, about));
        self
    }
}

const PAGING: [(&str, &str); 3] = [
    ("search", "a text that questions hold"),
    ("limit", "most items, 1 to 200"),
    ("before", "`next` of the page before"),
];

fn table() -> Vec<HttpRoute> {
    let mut all = answers();
    all.extend(sessions_and_catalog());
    all.extend(administration());
    all.extend(decisions());
    all.extend(wires_of_others());
    all.extend(operation());
    all
}

fn answers() -> Vec<HttpRoute> {
    vec![
        HttpRoute::post("/v1/answers", "Ask a question", post(answers::ask))
            .takes::<answers::AskBody>()
            .gives::<AnswerRecord>()
            .media(&[JSON, EVENTS]),
        HttpRoute::get("/v1/answers/{id}", "Read an answer", get(answers::read)).gives::<AnswerRecord>(),
        HttpRoute::get(
            "/v1/answers/{id}/events",
            "Read the events of an answer",
            get(answers::events),
        )
        .media(&[EVENTS]),
        HttpRoute::get(
            "/v1/answers/{id}/evidence",
            "Read what an answer rests on",
            get(answers::evidence),
        )
        .gives::<EvidenceBody>(),
        HttpRoute::get(
            "/v1/answers/{id}/tape",
            "Read how a question was answered",
            get(answers::tape),
        )
        .media(&[JSON_LINES]),
        HttpRoute::post(
            "/v1/answers/{id}/stop",
            "End a turn with what is known",
            post(answers::stop),
        )
        .gives::<AnswerRecord>()
        .status(202),
        HttpRoute::post(
            "/v1/answers/{id}/feedback",
            "Say what you think of an answer",
            post(answers::feedback),
        )
        .takes::<answers::FeedbackBody>()
        .gives::<AnswerRecord>(),
    ]
}

fn sessions_and_catalog() -> Vec<HttpRoute> {
    vec![
        HttpRoute::get("/v1/sessions", "List your sessions", get(sessions::list))
            .gives::<SessionPage>()
            .query(&PAGING),
        HttpRoute::post("/v1/sessions", "Begin a session", post(sessions::create))
            .takes::<sessions::TitleBody>()
            .gives::<SessionRecord>()
            .status(201),
        HttpRoute::get(
            "/v1/sessions/{id}",
            "Read a session with its answers",
            get(sessions::read),
        )
        .gives::<WholeSession>(),
        HttpRoute::new(
            Method::PATCH,
            "/v1/sessions/{id}",
            "Rename a session",
            patch(sessions::rename),
        )
        .takes::<sessions::TitleBody>()
        .gives::<SessionRecord>(),
        HttpRoute::new(
            Method::DELETE,
            "/v1/sessions/{id}",
            "Delete a session with its answers, rows and tapes",
            delete(sessions::delete),
        )
        .media(&[])
        .status(204),
        HttpRoute::post(
            "/v1/sessions/{id}/stop",
            "End the turns of a session",
            post(sessions::stop),
        )
        .gives::<SessionRecord>()
        .status(202),
        HttpRoute::get(
            "/v1/sessions/{id}/export",
            "Keep a session as a file",
            get(sessions::export),
        )
        .media(&["text/markdown", HTML])
        .query(&[("format", "`markdown` or `html`")]),
        HttpRoute::get("/v1/catalog", "List what can be asked", get(catalog::list)).gives::<CatalogBody>(),
        HttpRoute::get(
            "/v1/catalog/{kind}/{id}",
            "Read one entry of the catalog",
            get(catalog::read),
        ),
        HttpRoute::get(
            "/v1/suggestions",
            "List questions that the catalog can answer",
            get(catalog::suggestions),
        )
        .gives::<SuggestionsBody>(),
        HttpRoute::get("/v1/me", "Read who asks, and what answers", get(me::me)).gives::<MeBody>(),
    ]
}

fn administration() -> Vec<HttpRoute> {
    vec![
        HttpRoute::get(
            "/v1/admin/answers",
            "List answers of all principals",
            get(admin::answers),
        )
        .gives::<AnswerPage>()
        .query(&[
            ("principal", "who asked"),
            ("outcome", "how it ended"),
            ("rating", "`up` or `down`"),
            ("search", "a text that the question holds"),
            ("limit", "most items, 1 to 200"),
            ("before", "`next` of the page before"),
        ]),
        HttpRoute::get(
            "/v1/admin/answers/{id}",
            "Read an answer of any principal",
            get(admin::answer),
        )
        .gives::<AnswerRecord>(),
        HttpRoute::get(
            "/v1/admin/answers/{id}/tape",
            "Read a tape of any principal",
            get(admin::tape),
        )
        .media(&[JSON_LINES]),
        HttpRoute::get("/v1/admin/usage", "Read use by day", get(admin::usage))
            .gives::<UsageBody>()
            .query(&[("days", "how many days back")]),
        HttpRoute::get("/metrics", "Read what the server counts", get(admin::metrics))
            .media(&["application/openmetrics-text"]),
    ]
}

fn decisions() -> Vec<HttpRoute> {
    vec![
        HttpRoute::get(
            "/v1/approvals",
            "List requests that wait for an approval, and what became of others",
            get(approvals::list),
        )
        .gives::<ApprovalsBody>(),
        HttpRoute::get(
            "/v1/approvals/{id}",
            "Read one with what would be sent",
            get(approvals::read),
        )
        .gives::<Approval>(),
        HttpRoute::post(
            "/v1/approvals/{id}/grant",
            "Let a request through, once",
            post(approvals::grant),
        )
        .gives::<Approval>(),
        HttpRoute::post(
            "/v1/approvals/{id}/deny",
            "Refuse a request",
            post(approvals::deny),
        )
        .gives::<Approval>(),
        HttpRoute::post(
            "/v1/dbt/webhook",
            "Take a delivery of a dbt webhook, signed with the subscription's secret",
            post(dbt::webhook),
        )
        .public()
        .media(&[])
        .status(204),
    ]
}

fn wires_of_others() -> Vec<HttpRoute> {
    vec![
        HttpRoute::post(
            "/v1/chat/completions",
            "Complete a chat, as OpenAI's API does",
            post(wires::chat::complete),
        )
        .takes::<wires::chat_messages::ChatRequest>()
        .media(&[JSON, EVENTS]),
        HttpRoute::post(
            "/v1/responses",
            "Respond, as OpenAI's API does",
            post(wires::responses::respond),
        )
        .takes::<wires::responses::ResponsesRequest>()
        .media(&[JSON, EVENTS]),
        HttpRoute::get("/v1/models", "List the one model", get(wires::models::list)),
        HttpRoute::get("/v1/models/{id}", "Read the one model", get(wires::models::read)),
        HttpRoute::post("/api/chat", "Answer a chat of the AI SDK", post(wires::ui::chat))
            .takes::<wires::ui::UiRequest>()
            .media(&[EVENTS]),
        HttpRoute::get(
            "/api/chat/{id}/stream",
            "Go on with a running answer",
            get(wires::ui::resume),
        )
        .media(&[EVENTS])
        .also(204, "None runs"),
    ]
}

fn operation() -> Vec<HttpRoute> {
    let page = |path| {
        HttpRoute::get(path, "Show the page", get(pages::index))
            .public()
            .media(&[HTML])
    };
    vec![
        page("/"),
        page("/s/{session}"),
        page("/catalog"),
        page("/admin"),
        HttpRoute::get(
            "/assets/{hash}/{*name}",
            "Read a file of the page",
            get(pages::asset),
        )
        .public()
        .media(&["*/*"]),
        HttpRoute::get("/openapi.json", "Read this document", get(openapi_document)).public(),
    ]
}

/// Probes ask by address, so that they are not asked for a name.
fn probes() -> Vec<HttpRoute> {
    vec![
        HttpRoute::get("/healthz", "Whether the process runs", get(health::alive))
            .public()
            .gives::<HealthBody>(),
        HttpRoute::get("/readyz", "Whether the server can answer", get(health::ready))
            .public()
            .gives::<HealthBody>()
            .also(503, "It cannot, and why"),
    ]
}

/// The router of all routes, with what stands before them.
pub(super) fn router(state: &SharedState) -> Router {
    let (mut open, mut closed) = (Router::new(), Router::new());
    for route in table() {
        match route.access {
            RouteAccess::Public => open = open.route(route.path, route.handler),
            RouteAccess::Requesters => closed = closed.route(route.path, route.handler),
        }
    }
    let closed = closed.route_layer(from_fn_with_state(state.clone(), admit));
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
        .layer(from_fn(write_errors))
        .layer(from_fn(headers_of_all))
        .with_state(state.clone())
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
    let response = next.run(request).await;
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
