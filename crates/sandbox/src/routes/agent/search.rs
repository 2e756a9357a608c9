use axum::Json;
use serde_json::{Map, Value, json};

use super::scopes::SearchScope;
use crate::error::ApiError;
use crate::generation::QueryGrammar;
use crate::routes::decode::{JsonBody, QueryParams};
use crate::routes::extract::AgentRequest;
use crate::routes::ranking::{RankedItem, ranked};
use crate::semantic::{Access, Card, CardKind, Collection, Dashboard, TableMetadata};
use crate::state::AppState;

const DEFAULT_LIMIT: u64 = 50;
/// When tables were made: the model does not know.
const EPOCH: &str = "2026-01-01T00:00:00Z";

/// `POST /v1/search`: tables and metrics, since v0.62 everything that is saved; the best matches first.
pub(super) async fn search(
    AgentRequest { app, access, .. }: AgentRequest<SearchScope>,
    params: QueryParams,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    let body = body.into_object()?;
    let mut queries = terms(&body, "term_queries")?;
    queries.extend(terms(&body, "semantic_queries")?);

    let found = ranked(candidates(&app, access), &queries);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let data: Vec<Value> = found.into_iter().take(limit).collect();
    let total = data.len();
    Ok(Json(json!({ "data": data, "total_count": total })))
}

fn candidates(app: &AppState, access: &Access) -> Vec<RankedItem> {
    let model = app.model();
    // Up to v0.61 only metrics and tables are found.
    let everything = app.settings.facts.grammar == Some(QueryGrammar::Portable);
    let cards = model
        .cards
        .iter()
        .filter(|card| everything || card.kind == CardKind::Metric)
        .filter(|card| !card.archived && access.collections.contains(&card.collection_id))
        .map(|card| {
            let body = card_item(app, access, card);
            item(vec![&card.name], card.description.as_deref(), body)
        });
    let tables = model
        .tables
        .iter()
        .filter(|table| access.tables.contains(&table.id))
        .map(|table| {
            let names = vec![table.name.as_str(), table.display_name.as_str()];
            item(names, table.description.as_deref(), table_item(app, table))
        });
    let mut found: Vec<RankedItem> = cards.chain(tables).collect();
    if everything {
        let dashboards = model
            .dashboards
            .iter()
            .filter(|dashboard| access.collections.contains(&dashboard.collection_id));
        found.extend(dashboards.map(|dashboard| {
            let body = dashboard_item(app, dashboard);
            item(vec![&dashboard.name], dashboard.description.as_deref(), body)
        }));
        let collections = model
            .collections
            .iter()
            .filter(|collection| !collection.archived && access.collections.contains(&Some(collection.id)));
        found.extend(collections.map(|collection| {
            let body = collection_item(collection);
            item(vec![&collection.name], collection.description.as_deref(), body)
        }));
    }
    found
}

fn item(names: Vec<&str>, description: Option<&str>, body: Value) -> RankedItem {
    RankedItem {
        names: names.into_iter().map(str::to_lowercase).collect(),
        description: description.unwrap_or_default().to_lowercase(),
        body,
    }
}

fn dashboard_item(app: &AppState, dashboard: &Dashboard) -> Value {
    json!({
        "id": dashboard.id,
        "type": "dashboard",
        "name": dashboard.name,
        "description": dashboard.description,
        "updated_at": EPOCH,
        "created_at": EPOCH,
        "verified": false,
        "official": false,
        "collection": place(app, dashboard.collection_id),
    })
}

fn collection_item(collection: &Collection) -> Value {
    json!({
        "id": collection.id,
        "type": "collection",
        "name": collection.name,
        "description": collection.description,
        "updated_at": EPOCH,
        "created_at": EPOCH,
        "official": collection.authority_level.as_deref() == Some("official"),
        "location": collection.location,
    })
}

/// The collection that something lies in.
fn place(app: &AppState, collection_id: Option<i64>) -> Value {
    match collection_id.and_then(|id| app.model().collection(id)) {
        Some(collection) => json!({
            "id": collection.id,
            "name": collection.name,
            "authority_level": collection.authority_level,
            "description": collection.description,
        }),
        None => json!({ "id": "root", "name": "Our analytics", "authority_level": null }),
    }
}

fn table_item(app: &AppState, table: &TableMetadata) -> Value {
    let database = &app.model().database;
    json!({
        "id": table.id,
        "type": "table",
        "name": table.name,
        "display_name": table.display_name,
        "description": table.description,
        "updated_at": EPOCH,
        "created_at": EPOCH,
        "database_id": database.id,
        "database_engine": database.engine,
        "database_name": database.name,
    })
}

fn card_item(app: &AppState, access: &Access, card: &Card) -> Value {
    let model = app.model();
    let collection = place(app, card.collection_id);
    let official = collection
        .get("authority_level")
        .is_some_and(|level| level == "official");
    let mut body = json!({
        "id": card.id,
        "type": card.kind.as_str(),
        "name": card.name,
        "description": card.description,
        "updated_at": card.updated_at.to_string(),
        "created_at": card.created_at.to_string(),
        "database_id": model.database.id,
        "database_engine": model.database.engine,
        "database_name": model.database.name,
        "verified": card.verified,
        "official": official,
        "collection": collection,
        "portable_entity_id": card.entity_id,
    });
    let base = card
        .table_id
        .filter(|id| card.kind == CardKind::Metric && access.tables.contains(id));
    if let (Some(table), Some(members)) = (base.and_then(|id| model.table(id)), body.as_object_mut()) {
        members.insert("base_table_id".to_owned(), json!(table.id));
        members.insert("base_table_name".to_owned(), json!(table.name));
        let path = json!([model.database.name, null, table.name]);
        members.insert("base_table_portable_fk".to_owned(), path);
    }
    body
}

/// A list of queries: null, an array of texts, or one text, which may itself hold a JSON array of texts.
fn terms(body: &Map<String, Value>, field: &str) -> Result<Vec<String>, ApiError> {
    let wrong = |received: &Value| {
        ApiError::invalid(
            field,
            "nullable sequence of value must be a non-blank string.",
            &format!("should be a sequence of non-blank strings, received: {received}"),
        )
    };
    let given = match body.get(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Array(texts)) => Value::Array(texts),
            _ => json!([text]),
        },
        Some(other) => other.clone(),
    };
    let Value::Array(items) = &given else {
        return Err(wrong(&given));
    };
    items
        .iter()
        .map(|item| match item {
            Value::String(text) if !text.trim().is_empty() => Ok(text.to_lowercase()),
            _ => Err(wrong(&given)),
        })
        .collect()
}
