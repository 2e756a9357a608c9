use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::body::object;
use super::request::AdminRequest;
use crate::access::TokenRight;
use crate::envelope::{AdminFault, thin};
use crate::webhooks::AnnouncedEvent;

const REQUIRED: [&str; 5] = ["name", "event_types", "job_ids", "client_url", "active"];

pub(super) async fn list(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let query = request.page()?;
    Ok(query.page(app.webhooks.list(), &["id", "name"]))
}

pub(super) async fn get(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let found = app
        .webhooks
        .get(request.text("subscription"))
        .ok_or(AdminFault::NotFound)?;
    Ok(thin(StatusCode::OK, &found))
}

pub(super) async fn create(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::WebhookSender)?;
    let fields = object(&body, &REQUIRED)?;
    check(&fields)?;
    let told = app.webhooks.subscribe(app.account.id, &fields);
    Ok(thin(StatusCode::CREATED, &told))
}

pub(super) async fn update(request: AdminRequest, body: Bytes) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::WebhookSender)?;
    let fields = object(&body, &[])?;
    check(&fields)?;
    let updated = app
        .webhooks
        .update(request.text("subscription"), &fields)
        .ok_or(AdminFault::NotFound)?;
    Ok(thin(StatusCode::OK, &updated))
}

pub(super) async fn delete(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::WebhookSender)?;
    if !app.webhooks.remove(request.text("subscription")) {
        return Err(AdminFault::NotFound);
    }
    Ok(thin(
        StatusCode::OK,
        &json!({ "id": request.text("subscription") }),
    ))
}

/// Sends one event now, and says what came back.
pub(super) async fn test(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::WebhookSender)?;
    let outcome = app
        .webhooks
        .test(app.account.id, request.text("subscription"))
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
pub(super) async fn events(request: AdminRequest) -> Result<Response, AdminFault> {
    let app = request.allowed(TokenRight::AccountViewer)?;
    let sent = app
        .webhooks
        .deliveries(request.text("subscription"))
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
