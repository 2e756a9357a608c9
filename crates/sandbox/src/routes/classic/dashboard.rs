use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use super::card::card_body;
use super::card_query::{json_query, parameters};
use super::collection_body::collection_body;
use super::export::writer;
use super::metadata_body::EPOCH;
use super::people::{creator, creator_id};
use crate::error::ApiError;
use crate::query::RowLimits;
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::decode::{FormOrJson, JsonBody, path_id};
use crate::routes::extract::{Readable, SignedInCaller};
use crate::semantic::{Access, Card, Dashboard, DashboardCard};
use crate::state::AppState;

/// `GET /api/dashboard`: every dashboard the caller may read, without its cards.
pub(super) async fn list(SignedInCaller { app, access, .. }: SignedInCaller) -> Json<Value> {
    let dashboards = app.model().dashboards.iter();
    let readable = dashboards.filter(|dashboard| access.collections.contains(&dashboard.collection_id));
    Json(
        readable
            .map(|dashboard| summary(&app, &access, dashboard))
            .collect(),
    )
}

/// `GET /api/dashboard/:id`: a dashboard with its cards; of a card the caller may not read, only the place.
pub(super) async fn get(Readable { app, access, item }: Readable<Dashboard>) -> Json<Value> {
    let mut body = summary(&app, &access, &item);
    let collection = item.collection_id.and_then(|id| app.model().collection(id));
    let cards: Vec<Value> = item
        .cards
        .iter()
        .map(|place| dashcard_body(&app, &access, &item, place))
        .collect();
    if let Some(members) = body.as_object_mut() {
        members.insert("dashcards".to_owned(), Value::Array(cards));
        members.insert("tabs".to_owned(), json!([]));
        members.insert("param_fields".to_owned(), json!({}));
        let collection = collection.map(|collection| collection_body(&access, collection));
        members.insert("collection".to_owned(), json!(collection));
    }
    Json(body)
}

/// `POST /api/dashboard/:id/dashcard/:dashcard-id/card/:card-id/query`: a card as it runs on its dashboard.
pub(super) async fn run_card(
    Readable { app, access, item }: Readable<Dashboard>,
    Path((_, place, card)): Path<(String, String, String)>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let card = card_on(&app, &access, &item, &place, &card)?;
    let parameters = parameters(body.into_object()?.get("parameters"))?;
    let limits = RowLimits::USERLAND;
    let run = app.start_run("dashboard", json_query(&card.dataset_query, &parameters, limits));
    let result = app
        .query(&run, move |world| world.run_card(&card, &parameters, limits))
        .await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

/// `POST /api/dashboard/:id/dashcard/:dashcard-id/card/:card-id/query/:export-format`.
pub(super) async fn export_card(
    Readable { app, access, item }: Readable<Dashboard>,
    Path((_, place, card, format)): Path<(String, String, String, String)>,
    body: FormOrJson,
) -> Result<Response, ApiError> {
    let write = writer(&format)?;
    let card = card_on(&app, &access, &item, &place, &card)?;
    let parameters = parameters(body.into_object()?.get("parameters"))?;
    let run = app.start_run("dashboard", card.dataset_query.clone());
    let result = app
        .query(&run, move |world| {
            world.run_card(&card, &parameters, RowLimits::EXPORT)
        })
        .await?;
    write(result)
}

/// The card at a place of a dashboard; 404 when the path does not fit together. Who may read a dashboard may run what is
/// on it, but for cards that lie where they may not look.
fn card_on(
    app: &AppState,
    access: &Access,
    dashboard: &Dashboard,
    place: &str,
    card: &str,
) -> Result<Card, ApiError> {
    let (place, card) = (path_id("dashcard-id", place)?, path_id("card-id", card)?);
    let mut places = dashboard.cards.iter();
    let found = places.any(|known| known.id == place && known.card_id == card);
    let card = app.model().card(card).filter(|_| found);
    let card = card.ok_or_else(ApiError::not_found)?;
    if access.collections.contains(&card.collection_id) {
        Ok(card.clone())
    } else {
        Err(ApiError::forbidden())
    }
}

fn summary(app: &AppState, access: &Access, dashboard: &Dashboard) -> Value {
    let model = app.model();
    json!({
        "id": dashboard.id,
        "entity_id": dashboard.entity_id,
        "name": dashboard.name,
        "description": dashboard.description,
        "collection_id": dashboard.collection_id,
        "collection_position": null,
        "archived": false,
        "parameters": [],
        "width": "fixed",
        "auto_apply_filters": true,
        "cache_ttl": null,
        "enable_embedding": false,
        "embedding_params": null,
        "public_uuid": null,
        "made_public_by_id": null,
        "caveats": null,
        "points_of_interest": null,
        "position": null,
        "show_in_getting_started": false,
        "can_write": access.superuser,
        "can_delete": false,
        "can_restore": false,
        "creator": creator(model),
        "creator_id": creator_id(model),
        "view_count": 0,
        "last_viewed_at": EPOCH,
        "created_at": EPOCH,
        "updated_at": EPOCH,
    })
}

fn dashcard_body(app: &AppState, access: &Access, dashboard: &Dashboard, place: &DashboardCard) -> Value {
    let card = app.model().card(place.card_id);
    let readable = card.filter(|card| access.collections.contains(&card.collection_id));
    json!({
        "id": place.id,
        "entity_id": place.entity_id,
        "dashboard_id": dashboard.id,
        "dashboard_tab_id": null,
        "card_id": place.card_id,
        "card": readable.map_or_else(|| json!({ "id": place.card_id }), |card| card_body(app, access, card)),
        "row": place.row,
        "col": place.column,
        "size_x": place.width,
        "size_y": place.height,
        "series": [],
        "parameter_mappings": [],
        "visualization_settings": {},
        "inline_parameters": [],
        "action_id": null,
        "created_at": EPOCH,
        "updated_at": EPOCH,
    })
}
