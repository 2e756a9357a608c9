//! The table of all routes.

use axum::routing::{delete, get, patch, post};
use http::Method;

use super::route::HttpRoute;
use super::{EVENTS, HTML, JSON, JSON_LINES, openapi_document};
use super::{admin, answers, approvals, catalog, dbt, health, me, pages, sessions, wires};
use crate::approvals::Approval;
use crate::server::bodies::{
    AnswerPage, ApprovalsBody, CatalogBody, EvidenceBody, HealthBody, MeBody, SessionPage, SuggestionsBody,
    UsageBody, WholeSession,
};
use crate::server::record::{AnswerRecord, SessionRecord};

const PAGING: [(&str, &str); 3] = [
    ("search", "a text that questions hold"),
    ("limit", "most items, 1 to 200"),
    ("before", "`next` of the page before"),
];

const TRACE: (&str, &str) = ("traceparent", "the span that the turn belongs to");
const SEEN: (&str, &str) = (
    "Last-Event-ID",
    "the last event that was read: what comes behind it is told",
);
const SESSION: (&str, &str) = (
    "X-Cardinal-Session",
    "the session; an id that is not there yet begins one",
);
const ASKED_ONCE: [(&str, &str); 3] = [
    (
        "Idempotency-Key",
        "with a key that was used before, the answer of then is given; at most 255 characters",
    ),
    SEEN,
    TRACE,
];

/// All of them but the probes.
pub(super) fn table() -> Vec<HttpRoute> {
    let mut all = asking();
    all.extend(sessions_and_catalog());
    all.extend(administration());
    all.extend(decisions());
    all.extend(wires_of_others());
    all.extend(operation());
    all
}

fn asking() -> Vec<HttpRoute> {
    vec![
        HttpRoute::post("/v1/answers", "Ask a question", post(answers::ask))
            .takes::<answers::AskBody>()
            .gives::<AnswerRecord>()
            .media(&[JSON, EVENTS])
            .headers(&ASKED_ONCE)
            .naming_answer(),
        HttpRoute::get("/v1/answers/{id}", "Read an answer", get(answers::read)).gives::<AnswerRecord>(),
        HttpRoute::get(
            "/v1/answers/{id}/events",
            "Read the events of an answer",
            get(answers::events),
        )
        .media(&[EVENTS])
        .headers(&[SEEN])
        .also(204, "All of it was read"),
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
        .admin()
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
        .admin()
        .gives::<AnswerRecord>(),
        HttpRoute::get(
            "/v1/admin/answers/{id}/tape",
            "Read a tape of any principal",
            get(admin::tape),
        )
        .admin()
        .media(&[JSON_LINES]),
        HttpRoute::get("/v1/admin/usage", "Read use by day", get(admin::usage))
            .admin()
            .gives::<UsageBody>()
            .query(&[("days", "how many days back")]),
        HttpRoute::get("/metrics", "Read what the server counts", get(admin::metrics))
            .admin()
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
        .media(&[JSON, EVENTS])
        .headers(&[SESSION, TRACE])
        .naming_answer(),
        HttpRoute::post(
            "/v1/responses",
            "Respond, as OpenAI's API does",
            post(wires::responses::respond),
        )
        .takes::<wires::responses::ResponsesRequest>()
        .media(&[JSON, EVENTS])
        .headers(&[SESSION, TRACE])
        .naming_answer(),
        HttpRoute::get("/v1/models", "List the one model", get(wires::models::list)),
        HttpRoute::get("/v1/models/{id}", "Read the one model", get(wires::models::read)),
        HttpRoute::post("/api/chat", "Answer a chat of the AI SDK", post(wires::ui::chat))
            .takes::<wires::ui::UiRequest>()
            .media(&[EVENTS])
            .headers(&[TRACE])
            .naming_answer(),
        HttpRoute::get(
            "/api/chat/{id}/stream",
            "Go on with a running answer",
            get(wires::ui::resume),
        )
        .media(&[EVENTS])
        .naming_answer()
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
pub(super) fn probes() -> Vec<HttpRoute> {
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
