use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::scopes;
use crate::app::App;
use crate::auth::AgentCaller;
use crate::error::ApiError;
use crate::routes::decode::{JsonBody, Params};
use crate::semantic::{Access, Card, CardKind, Table};

const DEFAULT_LIMIT: u64 = 50;
/// What being asked for by name is worth, in found words.
const NAMED: usize = 1000;
/// When tables were made: the model does not know.
const EPOCH: &str = "2026-01-01T00:00:00Z";

/// `POST /v1/search`: tables and metrics, the best matches first.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    AgentCaller(caller): AgentCaller,
    params: Params,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let access = caller.permit(scopes::SEARCH)?;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    let body = body.into_object()?;
    let mut queries = terms(&body, "term_queries")?;
    queries.extend(terms(&body, "semantic_queries")?);

    let found = ranked(candidates(&app, access), &queries);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let data: Vec<Value> = found.into_iter().take(limit).map(|found| found.body).collect();
    let total = data.len();
    Ok(Json(json!({ "data": data, "total_count": total })))
}

struct Candidate {
    /// What it is called, in lower case: a table has a physical name and a pretty one.
    names: Vec<String>,
    description: String,
    body: Value,
}

fn candidates(app: &App, access: &Access) -> Vec<Candidate> {
    let model = app.model();
    let metrics = model
        .cards
        .iter()
        .filter(|card| card.kind == CardKind::Metric && !card.archived)
        .filter(|card| access.collections.contains(&card.collection_id))
        .map(|card| Candidate {
            names: vec![card.name.to_lowercase()],
            description: card.description.as_deref().unwrap_or_default().to_lowercase(),
            body: metric_item(app, access, card),
        });
    let tables = model
        .tables
        .iter()
        .filter(|table| access.tables.contains(&table.id))
        .map(|table| Candidate {
            names: vec![table.name.to_lowercase(), table.display_name.to_lowercase()],
            description: table.description.as_deref().unwrap_or_default().to_lowercase(),
            body: table_item(app, table),
        });
    metrics.chain(tables).collect()
}

/// Fuses the rankings of several queries by reciprocal rank; without a query everything is found.
fn ranked(candidates: Vec<Candidate>, queries: &[String]) -> Vec<Candidate> {
    if queries.is_empty() {
        return candidates;
    }
    let mut fused: BTreeMap<usize, f64> = BTreeMap::new();
    for query in queries {
        let mut hits: Vec<(usize, usize)> = candidates
            .iter()
            .enumerate()
            .map(|(index, candidate)| (score(candidate, query), index))
            .filter(|(score, _)| *score > 0)
            .collect();
        hits.sort_by_key(|(score, index)| (usize::MAX - score, *index));
        for (rank, (_, index)) in (1_u32..).zip(hits) {
            *fused.entry(index).or_default() += 1.0 / (60.0 + f64::from(rank));
        }
    }
    let mut kept: Vec<(f64, usize, Candidate)> = candidates
        .into_iter()
        .enumerate()
        .filter_map(|(index, candidate)| Some((*fused.get(&index)?, index, candidate)))
        .collect();
    kept.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    kept.into_iter().map(|(_, _, candidate)| candidate).collect()
}

/// Words found in the name count more than words found in the description; the very name counts more than any words.
fn score(candidate: &Candidate, query: &str) -> usize {
    let named = candidate.names.iter().any(|name| name == query.trim());
    let words = query.split(|letter: char| !letter.is_alphanumeric());
    let found: usize = words
        .filter(|word| !word.is_empty())
        .map(|word| {
            let stem = word
                .strip_suffix('s')
                .filter(|stem| stem.len() > 2)
                .unwrap_or(word);
            let in_name = candidate.names.iter().any(|name| name.contains(stem));
            3 * usize::from(in_name) + usize::from(candidate.description.contains(stem))
        })
        .sum();
    found + NAMED * usize::from(named)
}

fn table_item(app: &App, table: &Table) -> Value {
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

fn metric_item(app: &App, access: &Access, card: &Card) -> Value {
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
