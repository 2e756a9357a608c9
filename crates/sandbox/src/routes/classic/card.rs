use axum::Json;
use serde_json::{Value, json};

use super::collection_body::collection_body;
use super::legacy_query::legacy_query;
use super::people::{creator, creator_id, last_edit};
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{Readable, SignedInCaller};
use crate::semantic::{Access, Card, CardKind};
use crate::state::AppState;

/// Version of the card format that the instance reports.
const CARD_SCHEMA: i64 = 23;

/// `GET /api/card/:id`; with `legacy-mbql=true` its query is MBQL 4.
pub(super) async fn get(
    Readable {
        app,
        access,
        item: card,
    }: Readable<Card>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let legacy = params.flag("legacy-mbql", false)?;
    // The columns of a card that cannot run are null, as on a server that never ran it.
    let (card, columns) = app
        .blocking(move |world| {
            let columns = world.card_columns(&card).ok();
            (card, columns)
        })
        .await?;
    let mut body = card_body(&app, &access, &card);
    if let Some(members) = body.as_object_mut() {
        members.insert("result_metadata".to_owned(), json!(columns));
        if legacy {
            members.insert("dataset_query".to_owned(), legacy_query(&card.dataset_query));
        }
    }
    Ok(Json(body))
}

/// `GET /api/card`: every card the caller may read, without `result_metadata`; `f=archived` for those in the trash.
pub(super) async fn list(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let archived = params.get("f") == Some("archived");
    let cards: Vec<Value> = app
        .model()
        .cards
        .iter()
        .filter(|card| card.archived == archived && app.knows(card))
        .filter(|card| access.collections.contains(&card.collection_id))
        .map(|card| card_body(&app, &access, card))
        .collect();
    Ok(Json(Value::Array(cards)))
}

/// The body of a card, `result_metadata` aside.
pub(super) fn card_body(app: &AppState, access: &Access, card: &Card) -> Value {
    let model = app.model();
    let can_write = access.superuser;
    let reviews = if card.verified {
        json!([{
            "id": card.id,
            "moderated_item_id": card.id,
            "moderated_item_type": "card",
            "moderator_id": creator_id(model),
            "status": "verified",
            "most_recent": true,
            "text": null,
            "created_at": card.created_at.to_string(),
        }])
    } else {
        json!([])
    };
    let collection = card
        .collection_id
        .and_then(|id| model.collection(id))
        .map_or(Value::Null, |collection| collection_body(access, collection));
    let mut body = identity(app, card);
    let rest = json!({
        "collection_id": card.collection_id,
        "collection": collection,
        "collection_position": null,
        "collection_preview": true,
        "dashboard": null,
        "dashboard_id": null,
        "dashboard_count": 0,
        "document_id": null,
        "archived": card.archived,
        "archived_directly": card.archived,
        "is_remote_synced": false,
        "based_on_upload": null,
        "initially_published_at": null,
        "moderation_reviews": reviews,
        "can_write": can_write,
        "can_delete": can_write && card.archived,
        "can_restore": can_write && card.archived,
        "can_manage_db": access.superuser,
        "can_run_adhoc_query": card.table_id.map_or(access.native, |id| access.tables.contains(&id)),
        "creator": creator(model),
        "creator_id": creator_id(model),
        "last-edit-info": last_edit(model, card.updated_at),
        "created_at": card.created_at.to_string(),
        "updated_at": card.updated_at.to_string(),
        "average_query_time": null,
        "last_query_start": null,
        "last_used_at": card.updated_at.to_string(),
        "view_count": 0,
        "cache_ttl": null,
        "cache_invalidated_at": null,
        "enable_embedding": false,
        "embedding_type": null,
        "embedding_params": null,
        "public_uuid": null,
        "made_public_by_id": null,
    });
    if let (Some(members), Value::Object(rest)) = (body.as_object_mut(), rest) {
        members.extend(rest);
    }
    body
}

/// What the card is and what it asks.
fn identity(app: &AppState, card: &Card) -> Value {
    let mut body = json!({
        "id": card.id,
        "entity_id": card.entity_id,
        "name": card.name,
        "description": card.description,
        "type": card.kind.as_str(),
        "display": card.display,
        "card_schema": CARD_SCHEMA,
        "metabase_version": app.settings.version,
        "dataset_query": dataset_query(app, card),
        "query_type": card.query_type(),
        "parameters": card.parameters,
        "parameter_mappings": [],
        "visualization_settings": {},
        "database_id": app.model().database.id,
        "table_id": card.table_id,
        "source_card_id": card.source_card_id,
        "param_fields": {},
        "parameter_usage_count": 0,
    });
    if !app.settings.facts.typed_cards
        && let Some(members) = body.as_object_mut()
    {
        members.remove("type");
        members.insert("dataset".to_owned(), json!(card.kind == CardKind::Model));
        // Parameters were only in the tags of the SQL.
        members.insert("parameters".to_owned(), json!([]));
    }
    body
}

/// The card's query: MBQL 4 before v0.57; template tags are an object by name, or a list as since v0.63.
pub(super) fn dataset_query(app: &AppState, card: &Card) -> Value {
    if !app.settings.facts.modern_cards {
        return legacy_query(&card.dataset_query);
    }
    let mut query = card.dataset_query.clone();
    if app.settings.template_tags_as_list
        && let Some(tags) = query.pointer_mut("/stages/0/template-tags")
        && let Value::Object(by_name) = tags
    {
        *tags = Value::Array(std::mem::take(by_name).into_iter().map(|(_, tag)| tag).collect());
    }
    query
}
