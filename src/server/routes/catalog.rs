//! What can be asked.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use crate::catalog::list_rows;
use crate::result::EntryKind;
use crate::server::http_error::HttpError;
use crate::server::state::SharedState;
use crate::server::suggest::first_questions;

pub(super) async fn list(State(state): State<SharedState>) -> Json<Value> {
    let app = state.app();
    let opened = app.catalog();
    let entries: Vec<Value> = list_rows(&opened.catalog)
        .into_iter()
        .map(|row| {
            let link = app.link(row.kind, row.id);
            with_link(json!(row), link.as_ref())
        })
        .collect();
    Json(json!({
        "fingerprint": opened.catalog.fingerprint(),
        "loaded_at": opened.loaded_at,
        "entries": entries,
        "unreadable": opened.unreadable,
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
    let app = state.app();
    let entry = app.catalog().catalog.entry(wanted, number).ok_or_else(none)?;
    Ok(Json(with_link(json!(entry), app.link(wanted, number).as_ref())))
}

pub(super) async fn suggestions(State(state): State<SharedState>) -> Json<Value> {
    Json(json!({"suggestions": first_questions(&state.app())}))
}
