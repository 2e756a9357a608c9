//! Whether the process runs, and whether it can answer.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use http::StatusCode;

use crate::server::bodies::HealthBody;
use crate::server::http_error::HttpError;
use crate::server::state::SharedState;

/// What is looked at, and what is wrong with it.
type Checks<'a> = [(&'a str, Option<&'a str>)];

pub(super) async fn alive() -> Json<HealthBody> {
    Json(HealthBody {
        status: "ok".to_owned(),
        checks: BTreeMap::new(),
        remarks: BTreeMap::new(),
    })
}

pub(super) async fn ready(State(state): State<SharedState>) -> Response {
    let stopping = state.turns.is_stopping();
    let store = if !state.store.is_readable().await {
        Some("cannot be read")
    } else if !state.store.is_writable().await {
        Some("cannot be written")
    } else {
        None
    };
    let checks = [
        // Without one the server has not begun.
        ("catalog", None),
        ("server", stopping.then_some("is ending")),
        ("store", store),
    ];
    let trouble = state.apps.trouble().map(|why| {
        let remark = format!("could not be loaded again, so the one before serves: {why}");
        ("catalog".to_owned(), remark)
    });
    let keys = state
        .access
        .trouble()
        .map(|why| ("jwt_keys".to_owned(), why.to_owned()));
    told(&checks, trouble.into_iter().chain(keys).collect())
}

/// What a server answers that has no catalog yet: the probes, and to everybody else that it begins.
pub(super) fn before_the_start<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let ready = async || told(&[("catalog", Some("is being loaded"))], BTreeMap::new());
    let begins = async || {
        let detail = "the server is loading its catalog; ask again in a moment";
        HttpError::new(StatusCode::SERVICE_UNAVAILABLE, "starting", detail).after(2)
    };
    Router::new()
        .route("/healthz", axum::routing::get(alive))
        .route("/readyz", axum::routing::get(ready))
        .fallback(begins)
}

fn told(checks: &Checks<'_>, remarks: BTreeMap<String, String>) -> Response {
    let well = checks.iter().all(|(_, wrong)| wrong.is_none());
    let (status, word) = if well {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
    };
    let body = HealthBody {
        status: word.to_owned(),
        checks: checks
            .iter()
            .map(|(name, wrong)| ((*name).to_owned(), wrong.unwrap_or("ok").to_owned()))
            .collect(),
        remarks,
    };
    (status, Json(body)).into_response()
}
