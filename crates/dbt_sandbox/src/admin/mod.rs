//! The Administrative API: routes of versions 2 and 3, with dbt's slashes at the end, or their absence.

pub(crate) mod access;
mod account;
mod artifacts;
mod body;
mod environments;
mod jobs;
mod projects;
mod request;
mod runs;
mod warehouse;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post, put};

use crate::envelope::AdminFault;
use crate::state::DbtState;

type AdminState = Arc<DbtState>;

pub(crate) fn router() -> Router<AdminState> {
    let two = Router::new()
        .route("/jobs/", get(jobs::list).post(jobs::create))
        .route(
            "/jobs/{job}/",
            get(jobs::get).post(jobs::update).delete(jobs::delete),
        )
        .route("/jobs/{job}/run/", post(jobs::run))
        .route("/jobs/{job}/rerun/", post(jobs::rerun))
        .route("/runs/", get(runs::list))
        .route("/runs/{run}/", get(runs::get))
        .route("/runs/{run}/cancel/", post(runs::cancel))
        .route("/runs/{run}/retry/", get(runs::failed_step).post(runs::retry))
        .route("/runs/{run}/artifacts/", get(artifacts::list))
        .route("/runs/{run}/artifacts/{*path}", get(artifacts::get))
        .route("/environments/{environment}/", get(environments::get));
    let three = Router::new()
        .route("/projects/", get(projects::list).post(projects::create))
        .route(
            "/projects/{project}/",
            get(projects::get).delete(projects::delete),
        )
        .route(
            "/projects/{project}/environments/",
            get(environments::list).post(environments::create),
        )
        .route(
            "/projects/{project}/environments/{environment}/",
            get(environments::get_of_project).post(environments::update),
        )
        .route(
            "/projects/{project}/connections/",
            get(warehouse::connections_of_project).post(warehouse::connect_project),
        )
        .route(
            "/connections/",
            get(warehouse::connections).post(warehouse::connect),
        )
        .route(
            "/projects/{project}/repositories/",
            get(warehouse::repositories).post(warehouse::create_repository),
        )
        .route("/users/", get(access::users))
        .route("/groups/", get(access::groups).post(access::create_group))
        .route("/group-permissions/{group}/", post(access::set_group_permissions))
        .route(
            "/service-tokens/",
            get(access::service_tokens).post(access::create_service_token),
        )
        .route(
            "/service-tokens/{token}/permissions/",
            get(access::permissions_of_token),
        )
        .route(
            "/webhooks/subscriptions",
            get(webhooks::list).post(webhooks::create),
        )
        .route(
            "/webhooks/subscription/{subscription}",
            put(webhooks::update).get(webhooks::get).delete(webhooks::delete),
        )
        .route("/webhooks/subscription/{subscription}/test", get(webhooks::test))
        .route(
            "/webhooks/subscription/{subscription}/events",
            get(webhooks::events),
        );
    Router::new()
        .route("/api/v2/whoami/", get(account::who_am_i))
        .route("/api/v2/accounts/{account}/", get(account::get_account))
        .route("/api/v2/accounts/", get(account::list_accounts))
        .route("/api/v3/accounts/", get(account::list_accounts))
        .nest("/api/v2/accounts/{account}", two)
        .nest("/api/v3/accounts/{account}", three)
        .method_not_allowed_fallback(|| async { AdminFault::MethodNotAllowed })
}
