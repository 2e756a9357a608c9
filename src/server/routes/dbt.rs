//! What dbt tells the server: runs that ended.

use axum::body::Body;
use axum::extract::State;
use http::header::AUTHORIZATION;
use http::{HeaderMap, StatusCode};

use crate::dbt::DbtEvent;
use crate::server::http_error::HttpError;
use crate::server::state::SharedState;
use crate::server::webhook::{delivered, status_of};

/// Takes a delivery of a webhook. It is answered before anything is done with it.
pub(super) async fn webhook(
    State(state): State<SharedState>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, HttpError> {
    let app = state.app();
    let Some(secret) = app.settings().dbt.webhook_secret.clone() else {
        let detail = "no webhook is taken here: set DBT_WEBHOOK_SECRET to the secret of the subscription";
        return Err(HttpError::new(StatusCode::NOT_FOUND, "no_such_route", detail));
    };
    let body = delivered(body).await?;
    let signature = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let event = DbtEvent::read(&secret, signature, &body)
        .map_err(|error| HttpError::new(status_of(&error), "bad_delivery", error.to_string()))?;
    if !state.events.is_new(&event.event_id) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let cloud = app.settings().dbt.cloud.as_ref();
    let run = event.run_id.as_deref().and_then(|run| run.parse().ok());
    // A run of any environment may be followed.
    let of_account = cloud.is_none_or(|cloud| event.is_about(cloud.account_id, None));
    if let Some(run) = run.filter(|_| event.is_ended_run() && of_account) {
        app.run_ended(run);
    }
    let ours = cloud.is_none_or(|cloud| event.is_about(cloud.account_id, cloud.environment_id));
    if event.is_completed_run() && ours {
        tokio::spawn(async move {
            tracing::info!(
                run = event.run_id,
                job = event.job_id,
                status = event.run_status,
                "a run of dbt ended"
            );
            state.apps.forget_run(run).await;
        });
    }
    Ok(StatusCode::NO_CONTENT)
}
