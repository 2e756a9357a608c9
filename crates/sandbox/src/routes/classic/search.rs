use axum::Json;
use serde_json::{Value, json};

use super::collection::model_name;
use super::metadata_body::EPOCH;
use super::people::creator_id;
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::SignedInCaller;
use crate::routes::lookup::readable_tables;
use crate::routes::ranking::{RankedItem, ranked};
use crate::semantic::{Access, Card, Collection, Dashboard, SemanticModel, TableMetadata};
use crate::state::AppState;

/// What can be found here.
const MODELS: [&str; 6] = ["dashboard", "dataset", "metric", "card", "collection", "table"];
const DEFAULT_LIMIT: u64 = 50;

/// `GET /api/search?q=&models=`: whatever the caller may see, the best matches first; everything without `q`.
pub(super) async fn search(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let archived = params.flag("archived", false)?;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    let offset = params.number("offset", 0)?.unwrap_or_default();
    let named: Vec<&str> = params.all("models").collect();
    let wanted: Vec<&str> = MODELS
        .into_iter()
        .filter(|model| named.is_empty() || named.contains(model))
        .collect();
    let words = params.get("q").map(str::trim).filter(|words| !words.is_empty());

    let everything = items(&app, &access, archived);
    let queries: Vec<String> = words.map(str::to_lowercase).into_iter().collect();
    let found = ranked(everything, &queries);
    let mut available: Vec<String> = Vec::new();
    let mut kept = Vec::new();
    for body in found {
        let model = body
            .get("model")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        if wanted.contains(&model.as_str()) {
            kept.push(body);
        }
        if !available.contains(&model) {
            available.push(model);
        }
    }
    let total = kept.len();
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let page: Vec<Value> = kept.into_iter().skip(size(offset)).take(size(limit)).collect();
    Ok(Json(json!({
        "data": page,
        "total": total,
        "limit": limit,
        "offset": offset,
        "models": wanted,
        "available_models": available,
        "table_db_id": null,
        "engine": "search.engine/in-place",
    })))
}

fn items(app: &AppState, access: &Access, archived: bool) -> Vec<RankedItem> {
    let model = app.model();
    let readable = |collection: Option<i64>| access.collections.contains(&collection);
    let cards = model.cards.iter();
    let cards = cards.filter(|card| card.archived == archived && app.knows(card));
    let cards = cards.filter(|card| readable(card.collection_id));
    let collections = model.collections.iter();
    let collections = collections.filter(|one| one.archived == archived && readable(Some(one.id)));
    // The rest cannot be archived here.
    let dashboards = model.dashboards.iter();
    let dashboards = dashboards.filter(|one| !archived && readable(one.collection_id));
    let tables = readable_tables(app, access).filter(|_| !archived);
    cards
        .map(|card| card_item(app, card))
        .chain(collections.map(|collection| collection_item(app, collection)))
        .chain(dashboards.map(|dashboard| dashboard_item(app, dashboard)))
        .chain(tables.map(|table| table_item(app, table)))
        .collect()
}

fn card_item(app: &AppState, card: &Card) -> RankedItem {
    let own = json!({
        "id": card.id,
        "model": model_name(card.kind),
        "display": card.display,
        "archived": card.archived,
        "collection": in_collection(app.model(), card.collection_id),
        "database_id": app.model().database.id,
        "table_id": card.table_id,
        "moderated_status": card.verified.then_some("verified"),
        "created_at": card.created_at.to_string(),
        "updated_at": card.updated_at.to_string(),
    });
    item(app, &card.name, card.description.as_deref(), own)
}

fn collection_item(app: &AppState, collection: &Collection) -> RankedItem {
    let own = json!({
        "id": collection.id,
        "model": "collection",
        "archived": collection.archived,
        "collection": in_collection(app.model(), Some(collection.id)),
        "collection_authority_level": collection.authority_level,
        "location": collection.location,
    });
    item(app, &collection.name, collection.description.as_deref(), own)
}

fn dashboard_item(app: &AppState, dashboard: &Dashboard) -> RankedItem {
    let own = json!({
        "id": dashboard.id,
        "model": "dashboard",
        "collection": in_collection(app.model(), dashboard.collection_id),
    });
    item(app, &dashboard.name, dashboard.description.as_deref(), own)
}

fn table_item(app: &AppState, table: &TableMetadata) -> RankedItem {
    let database = &app.model().database;
    let own = json!({
        "id": table.id,
        "model": "table",
        "database_id": database.id,
        "database_name": database.name,
        "table_id": table.id,
        "table_name": table.name,
        "table_schema": null,
        "table_description": table.description,
        "initial_sync_status": "complete",
    });
    let mut found = item(app, &table.display_name, table.description.as_deref(), own);
    found.names.push(table.name.to_lowercase());
    found
}

/// The collection that something lies in, as items show it.
fn in_collection(model: &SemanticModel, id: Option<i64>) -> Value {
    match id.and_then(|id| model.collection(id)) {
        Some(found) => json!({
            "id": found.id,
            "name": found.name,
            "authority_level": found.authority_level,
            "type": null,
        }),
        None => json!({ "id": "root", "name": "Our analytics", "authority_level": null, "type": null }),
    }
}

/// An item with what all of them have; `own` replaces and adds what it has itself.
fn item(app: &AppState, name: &str, description: Option<&str>, own: Value) -> RankedItem {
    let mut body = json!({
        "name": name,
        "description": description,
        "collection": { "id": null, "name": null, "authority_level": null, "type": null },
        "collection_position": null,
        "archived": false,
        "bookmark": null,
        "creator_id": creator_id(app.model()),
        "created_at": EPOCH,
        "updated_at": EPOCH,
        "context": null,
        "scores": [],
    });
    if let (Some(members), Value::Object(own)) = (body.as_object_mut(), own) {
        members.extend(own);
    }
    RankedItem {
        names: vec![name.to_lowercase()],
        description: description.unwrap_or_default().to_lowercase(),
        body,
    }
}
