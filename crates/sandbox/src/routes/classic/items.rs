use axum::Json;
use serde_json::{Value, json};
use std::cmp::{Ordering, Reverse};

use super::collection::model_name;
use super::collection_body::effective_parent;
use super::people::last_edit;
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::Readable;
use crate::semantic::{Access, Card, Collection, Dashboard};
use crate::state::AppState;

/// What can lie in a collection, in the order that lists are sorted by.
const MODELS: [&str; 11] = [
    "dashboard",
    "pulse",
    "card",
    "dataset",
    "metric",
    "document",
    "table",
    "snippet",
    "collection",
    "timeline",
    "transform",
];
const PAGE: u64 = 50;

/// `GET /api/collection/:id/items`, also for `root`.
pub(super) async fn items(
    Readable {
        app,
        access,
        item: collection,
    }: Readable<Option<Collection>>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let wanted = models(&params, app.settings.facts.typed_cards)?;
    let archived = params.flag("archived", false)?;
    let order = ItemOrder::of(&params)?;
    let pinned_only =
        choice(&params, "pinned_state", &["all", "is_pinned", "is_not_pinned"])? == Some("is_pinned");
    let (limit, offset) = page(&params)?;
    let collection = collection.map(|collection| collection.id);

    let mut found = content(&app, &access, collection, archived);
    // Nothing in the sandbox is pinned.
    found.retain(|item| !pinned_only && wanted.contains(&item.model));
    found.sort_by(|left, right| order.compare(left, right));
    let count = found.len();
    let data: Vec<Value> = found
        .into_iter()
        .skip(clamp(offset.unwrap_or_default()))
        .take(limit.map_or(usize::MAX, clamp))
        .map(|item| item.body)
        .collect();
    Ok(Json(json!({
        // The total is counted in the page's first row: an empty page has none.
        "total": (!data.is_empty()).then_some(count),
        "data": data,
        "models": wanted,
        "limit": limit,
        "offset": offset,
    })))
}

struct CollectionItem {
    model: &'static str,
    official: bool,
    name: String,
    edited_at: Option<jiff::Timestamp>,
    description: Option<String>,
    body: Value,
}

fn content(app: &AppState, access: &Access, parent: Option<i64>, archived: bool) -> Vec<CollectionItem> {
    let model = app.model();
    let cards = model
        .cards
        .iter()
        .filter(|card| card.collection_id == parent && card.archived == archived && app.knows(card))
        .map(|card| card_item(app, access, card));
    let collections = model
        .collections
        .iter()
        .filter(|inner| inner.archived == archived && access.collections.contains(&Some(inner.id)))
        .filter(|inner| effective_parent(model, access, inner) == parent)
        .map(|inner| collection_item(access, inner));
    let dashboards = model
        .dashboards
        .iter()
        .filter(|dashboard| dashboard.collection_id == parent && !archived)
        .map(|dashboard| dashboard_item(app, access, dashboard));
    cards.chain(dashboards).chain(collections).collect()
}

fn dashboard_item(app: &AppState, access: &Access, dashboard: &Dashboard) -> CollectionItem {
    CollectionItem {
        model: "dashboard",
        official: false,
        name: dashboard.name.to_lowercase(),
        edited_at: None,
        description: dashboard.description.clone(),
        body: json!({
            "id": dashboard.id,
            "name": dashboard.name,
            "description": dashboard.description,
            "entity_id": dashboard.entity_id,
            "model": "dashboard",
            "collection_id": dashboard.collection_id,
            "collection_position": null,
            "collection_preview": true,
            "collection_namespace": null,
            "archived": false,
            "can_write": access.superuser,
            "can_restore": false,
            "can_delete": false,
            "last_used_at": null,
            "last-edit-info": last_edit(app.model(), jiff::Timestamp::UNIX_EPOCH),
            "location": null,
            "is_remote_synced": false,
        }),
    }
}

fn card_item(app: &AppState, access: &Access, card: &Card) -> CollectionItem {
    let kind = model_name(card.kind);
    let needs_values = card.parameters.iter().any(|parameter| {
        parameter.get("required") == Some(&json!(true)) && parameter.get("default").is_none()
    });
    CollectionItem {
        model: kind,
        official: false,
        name: card.name.to_lowercase(),
        edited_at: Some(card.updated_at),
        description: card.description.clone(),
        body: json!({
            "id": card.id,
            "name": card.name,
            "description": card.description,
            "entity_id": card.entity_id,
            "model": kind,
            "display": card.display,
            "database_id": app.model().database.id,
            "table_id": card.table_id,
            "collection_id": card.collection_id,
            "collection_position": null,
            "collection_preview": true,
            "collection_namespace": null,
            "dashboard_id": null,
            "dashboard": null,
            "dashboard_count": 0,
            "archived": card.archived,
            "moderated_status": card.verified.then_some("verified"),
            "fully_parameterized": !needs_values,
            "can_write": access.superuser,
            "can_restore": access.superuser && card.archived,
            "can_delete": access.superuser && card.archived,
            "last_used_at": card.updated_at.to_string(),
            "last-edit-info": last_edit(app.model(), card.updated_at),
            "location": null,
            "is_remote_synced": false,
        }),
    }
}

fn collection_item(access: &Access, collection: &Collection) -> CollectionItem {
    CollectionItem {
        model: "collection",
        official: collection.authority_level.is_some(),
        name: collection.name.to_lowercase(),
        edited_at: None,
        description: collection.description.clone(),
        body: json!({
            "id": collection.id,
            "name": collection.name,
            "description": collection.description,
            "entity_id": collection.entity_id,
            "model": "collection",
            "authority_level": collection.authority_level,
            "collection_id": collection.parent,
            "collection_position": null,
            "collection_preview": null,
            "collection_namespace": null,
            "type": null,
            "archived": collection.archived,
            "can_write": access.superuser,
            "can_restore": false,
            "can_delete": false,
            "location": collection.location,
            "effective_location": collection.location,
            "is_remote_synced": false,
        }),
    }
}

/// How a list is sorted.
struct ItemOrder {
    column: Option<&'static str>,
    descending: bool,
    official_first: bool,
}

impl ItemOrder {
    fn of(params: &QueryParams) -> Result<Self, ApiError> {
        let columns = ["name", "last_edited_at", "last_edited_by", "model", "description"];
        Ok(Self {
            column: choice(params, "sort_column", &columns)?,
            descending: choice(params, "sort_direction", &["asc", "desc"])? == Some("desc"),
            official_first: params.flag("official_collections_first", true)?,
        })
    }

    fn compare(&self, left: &CollectionItem, right: &CollectionItem) -> Ordering {
        let official = self.official_first && (left.official || right.official);
        let first = if official {
            Reverse(left.official).cmp(&Reverse(right.official))
        } else {
            Ordering::Equal
        };
        let by_name = || left.name.cmp(&right.name);
        let wanted = match self.column {
            Some("name") => by_name(),
            // Everything was last edited by the same person.
            Some("last_edited_at" | "last_edited_by") => left.edited_at.cmp(&right.edited_at),
            Some("description") => left.description.cmp(&right.description),
            _ => rank(left).cmp(&rank(right)),
        };
        let wanted = if self.descending { wanted.reverse() } else { wanted };
        first
            .then(wanted)
            .then_with(by_name)
            .then_with(|| rank(left).cmp(&rank(right)))
    }
}

fn rank(item: &CollectionItem) -> Option<usize> {
    MODELS.iter().position(|model| *model == item.model)
}

/// The kinds of content asked for, in the order of [`MODELS`]; all of them when none is named. Where cards have no type,
/// metrics are not a kind of content.
fn models(params: &QueryParams, typed_cards: bool) -> Result<Vec<&'static str>, ApiError> {
    let mut wanted = Vec::new();
    let mut named = false;
    for name in params.all("models") {
        named = true;
        match MODELS
            .iter()
            .find(|model| **model == name && (typed_cards || name != "metric"))
        {
            Some(model) => wanted.push(*model),
            None if matches!(name, "no_models" | "measure") => {}
            None => {
                return Err(ApiError::invalid(
                    "models",
                    "nullable sequence of enum of card, dataset, metric, dashboard, collection, no_models, …",
                    &format!("should be a kind of content, received: {}", Value::from(name)),
                ));
            }
        }
    }
    Ok(MODELS
        .iter()
        .copied()
        .filter(|model| {
            if named {
                wanted.contains(model)
            } else {
                typed_cards || *model != "metric"
            }
        })
        .collect())
}

/// Limit and offset: both null when neither is given, else each with its default.
fn page(params: &QueryParams) -> Result<(Option<u64>, Option<u64>), ApiError> {
    let (limit, offset) = (params.number("limit", 0)?, params.number("offset", 0)?);
    if limit.is_none() && offset.is_none() {
        return Ok((None, None));
    }
    Ok((Some(limit.unwrap_or(PAGE)), Some(offset.unwrap_or_default())))
}

fn choice(
    params: &QueryParams,
    name: &str,
    allowed: &[&'static str],
) -> Result<Option<&'static str>, ApiError> {
    let Some(value) = params.get(name) else {
        return Ok(None);
    };
    match allowed.iter().find(|known| **known == value) {
        Some(known) => Ok(Some(known)),
        None => Err(ApiError::invalid(
            name,
            &format!("nullable enum of {}", allowed.join(", ")),
            &format!(
                "should be one of {}, received: {}",
                allowed.join(", "),
                Value::from(value)
            ),
        )),
    }
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
