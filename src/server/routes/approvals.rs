//! Requests that wait for a person: whoever is named as an approver sees them and decides.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use jiff::Timestamp;

use crate::approvals::{Approval, ApprovalError, ApprovalStore, ApproverIdentity};
use crate::server::access::Requester;
use crate::server::bodies::ApprovalsBody;
use crate::server::http_error::HttpError;
use crate::server::state::SharedState;

/// The store, for somebody who may approve. An open server knows nobody by name, so that nobody approves there.
fn store(state: &SharedState, caller: &Requester) -> Result<(ApprovalStore, ApproverIdentity), HttpError> {
    let Some(settings) = state.app().settings().approvals.clone() else {
        let detail = "no approvals are kept: set `dir` under [approvals]";
        return Err(HttpError::new(StatusCode::NOT_FOUND, "no_approvals", detail));
    };
    let store = ApprovalStore::new(settings);
    let who = ApproverIdentity::Principal(caller.principal.clone());
    if caller.auth == "open" {
        let detail = "an open server knows nobody by name: decide with `cardinal approvals`";
        return Err(HttpError::forbidden(detail));
    }
    store.approver(&who).map_err(|error| http(&error))?;
    Ok((store, who))
}

fn http(error: &ApprovalError) -> HttpError {
    match error {
        ApprovalError::Missing { .. } => {
            HttpError::new(StatusCode::NOT_FOUND, "no_such_approval", error.to_string())
        }
        ApprovalError::Decided { .. } | ApprovalError::Expired { .. } => {
            HttpError::new(StatusCode::CONFLICT, "decided", error.to_string())
        }
        ApprovalError::SameCredential { .. } | ApprovalError::NotAnApprover(_) => {
            HttpError::forbidden(error.to_string())
        }
        _ => {
            tracing::error!(%error, "the approvals failed");
            let detail = "the approvals failed; the server's log says more";
            HttpError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail)
        }
    }
}

fn now(mut one: Approval) -> Approval {
    one.state = one.state_at(Timestamp::now());
    one
}

pub(super) async fn list(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
) -> Result<Json<ApprovalsBody>, HttpError> {
    let (store, _) = store(&state, &caller)?;
    let all = store.list().await.map_err(|error| http(&error))?;
    Ok(Json(ApprovalsBody {
        approvals: all.into_iter().map(now).collect(),
    }))
}

pub(super) async fn read(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path(id): Path<String>,
) -> Result<Json<Approval>, HttpError> {
    let (store, _) = store(&state, &caller)?;
    Ok(Json(now(store.get(&id).await.map_err(|error| http(&error))?)))
}

pub(super) async fn grant(
    state: State<SharedState>,
    caller: Extension<Requester>,
    id: Path<String>,
) -> Result<Json<Approval>, HttpError> {
    decide(&state, &caller, &id, true).await
}

pub(super) async fn deny(
    state: State<SharedState>,
    caller: Extension<Requester>,
    id: Path<String>,
) -> Result<Json<Approval>, HttpError> {
    decide(&state, &caller, &id, false).await
}

async fn decide(
    state: &SharedState,
    caller: &Requester,
    id: &str,
    grant: bool,
) -> Result<Json<Approval>, HttpError> {
    let (store, who) = store(state, caller)?;
    let decided = store.decide(id, grant, who).await;
    Ok(Json(decided.map_err(|error| http(&error))?))
}
