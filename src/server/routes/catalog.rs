//! What can be asked.

use axum::extract::{Path, State};
use axum::{Extension, Json};
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::catalog::list_rows;
use crate::result::EntryKind;
use crate::server::access::Requester;
use crate::server::bodies::{CatalogBody, SuggestionsBody};
use crate::server::http_error::HttpError;
use crate::server::state::SharedState;
use crate::server::suggest::first_questions;

pub(super) async fn list(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
) -> Result<Json<CatalogBody>, HttpError> {
    let app = state.app_of(&caller.principal).await?;
    let opened = app.catalog();
    let entries: Vec<Value> = list_rows(&opened.catalog)
        .into_iter()
        .map(|row| {
            let link = app.link(row.kind, row.id);
            with_link(json!(row), link.as_ref())
        })
        .collect();
    Ok(Json(CatalogBody {
        fingerprint: opened.catalog.fingerprint(),
        loaded_at: opened.loaded_at,
        entries,
        unreadable: opened
            .unreadable
            .iter()
            .chain(&opened.limits)
            .map(|why| state.addresses.text(why).into_owned())
            .collect(),
    }))
}

fn with_link(mut entry: Value, link: Option<&Url>) -> Value {
    if let Some(map) = entry.as_object_mut() {
        map.insert("link".to_owned(), json!(link));
    }
    entry
}

pub(super) async fn read(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
    Path((kind, id)): Path<(String, String)>,
) -> Result<Json<Value>, HttpError> {
    let none = || {
        let detail = format!("the catalog has no {kind} {id}; GET /v1/catalog lists what it has");
        HttpError::new(StatusCode::NOT_FOUND, "no_such_entry", detail)
    };
    let wanted = match kind.as_str() {
        "card" => EntryKind::Card,
        "metric" => EntryKind::Metric,
        "table" => EntryKind::Table,
        _ => return Err(none()),
    };
    let number: u32 = id.parse().map_err(|_| none())?;
    let app = state.app_of(&caller.principal).await?;
    let entry = app.catalog().catalog.entry(wanted, number).ok_or_else(none)?;
    Ok(Json(with_link(json!(entry), app.link(wanted, number).as_ref())))
}

pub(super) async fn suggestions(
    State(state): State<SharedState>,
    Extension(caller): Extension<Requester>,
) -> Result<Json<SuggestionsBody>, HttpError> {
    let app = state.app_of(&caller.principal).await?;
    Ok(Json(SuggestionsBody {
        suggestions: first_questions(&app),
    }))
}
