use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::AdminState;
use super::body::object;
use crate::access::TokenRight;
use crate::envelope::{AdminFault, thin};
use crate::paging::PageQuery;
use crate::webhooks::AnnouncedEvent;

const REQUIRED: [&str; 5] = ["name", "event_types", "job_ids", "client_url", "active"];

pub(super) async fn list(
    State(app): State<AdminState>,
    Path(account): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountViewer)?;
    let query = PageQuery::parse(&query.unwrap_or_default())?;
    Ok(query.page(app.webhooks.list(), &["id", "name"]))
}

pub(super) async fn get(
    State(app): State<AdminState>,
    Path((account, subscription)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountViewer)?;
    let found = app.webhooks.get(&subscription).ok_or(AdminFault::NotFound)?;
    Ok(thin(StatusCode::OK, &found))
}

pub(super) async fn create(
    State(app): State<AdminState>,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::WebhookSender)?;
    let fields = object(&body, &REQUIRED)?;
    check(&fields)?;
    let told = app.webhooks.subscribe(app.account.id, &fields);
    Ok(thin(StatusCode::CREATED, &told))
}

pub(super) async fn update(
    State(app): State<AdminState>,
    Path((account, subscription)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::WebhookSender)?;
    let fields = object(&body, &[])?;
    check(&fields)?;
    let updated = app
        .webhooks
        .update(&subscription, &fields)
        .ok_or(AdminFault::NotFound)?;
    Ok(thin(StatusCode::OK, &updated))
}

pub(super) async fn delete(
    State(app): State<AdminState>,
    Path((account, subscription)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::WebhookSender)?;
    if !app.webhooks.remove(&subscription) {
        return Err(AdminFault::NotFound);
    }
    Ok(thin(StatusCode::OK, &json!({ "id": subscription })))
}

/// Sends one event now, and says what came back.
pub(super) async fn test(
    State(app): State<AdminState>,
    Path((account, subscription)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::WebhookSender)?;
    let outcome = app
        .webhooks
        .test(app.account.id, &subscription)
        .await
        .ok_or(AdminFault::NotFound)?;
    let (error, status) = match outcome {
        Ok(status) => (Value::Null, json!(status.to_string())),
        Err(reason) => (json!(reason), json!("0")),
    };
    Ok(thin(
        StatusCode::OK,
        &json!({ "verification_error": error, "verification_status_code": status }),
    ))
}

/// What was sent so far.
pub(super) async fn events(
    State(app): State<AdminState>,
    Path((account, subscription)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Response, AdminFault> {
    app.enter(&headers, &account, TokenRight::AccountViewer)?;
    let sent = app
        .webhooks
        .deliveries(&subscription)
        .ok_or(AdminFault::NotFound)?;
    Ok(thin(StatusCode::OK, &json!(sent)))
}

fn check(fields: &Map<String, Value>) -> Result<(), AdminFault> {
    if let Some(types) = fields.get("event_types") {
        let known = |name: &Value| {
            AnnouncedEvent::ALL
                .iter()
                .any(|event| name.as_str() == Some(event.name()))
        };
        if !types
            .as_array()
            .is_some_and(|types| !types.is_empty() && types.iter().all(known))
        {
            return Err(AdminFault::invalid(
                "event_types",
                "Expected a list of job.run.started, job.run.completed and job.run.errored.",
            ));
        }
    }
    if let Some(address) = fields.get("client_url")
        && !address
            .as_str()
            .is_some_and(|address| address.starts_with("http"))
    {
        return Err(AdminFault::invalid("client_url", "Enter a valid URL."));
    }
    Ok(())
}
