use axum::Json;
use serde_json::{Map, Value, json};

use super::scopes::SearchScope;
use crate::error::ApiError;
use crate::routes::decode::{JsonBody, QueryParams};
use crate::routes::extract::AgentRequest;
use crate::routes::ranking::{RankedItem, ranked};
use crate::semantic::{Access, Card, CardKind, TableMetadata};
use crate::state::AppState;

const DEFAULT_LIMIT: u64 = 50;
/// When tables were made: the model does not know.
const EPOCH: &str = "2026-01-01T00:00:00Z";

/// `POST /v1/search`: tables and metrics, the best matches first.
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
    let metrics = model
        .cards
        .iter()
        .filter(|card| card.kind == CardKind::Metric && !card.archived)
        .filter(|card| access.collections.contains(&card.collection_id))
        .map(|card| RankedItem {
            names: vec![card.name.to_lowercase()],
            description: card.description.as_deref().unwrap_or_default().to_lowercase(),
            body: metric_item(app, access, card),
        });
    let tables = model
        .tables
        .iter()
        .filter(|table| access.tables.contains(&table.id))
        .map(|table| RankedItem {
            names: vec![table.name.to_lowercase(), table.display_name.to_lowercase()],
            description: table.description.as_deref().unwrap_or_default().to_lowercase(),
            body: table_item(app, table),
        });
    metrics.chain(tables).collect()
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

fn metric_item(app: &AppState, access: &Access, card: &Card) -> Value {
    let model = app.model();
    let collection = match card.collection_id.and_then(|id| model.collection(id)) {
        Some(collection) => json!({
            "id": collection.id,
            "name": collection.name,
            "authority_level": collection.authority_level,
            "description": collection.description,
        }),
        None => json!({ "id": "root", "name": "Our analytics", "authority_level": null }),
    };
    let official = collection
        .get("authority_level")
        .is_some_and(|level| level == "official");
    let mut body = json!({
        "id": card.id,
        "type": "metric",
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
    let base = card.table_id.filter(|id| access.tables.contains(id));
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
