//! The API of metrics (since v0.63): metrics with dimensions that have ids of their own, and figures by them.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::card::dataset_query;
use super::collection_body::collection_body;
use crate::error::ApiError;
use crate::query::{MbqlClause, RowLimits, WideField};
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::decode::{JsonBody, QueryParams};
use crate::routes::extract::{PathId, SignedInCaller};
use crate::routes::permission;
use crate::semantic::{Access, Card, CardKind, stable_uuid};
use crate::state::AppState;

const PAGE: u64 = 500;
/// Values of a dimension that are listed.
const LISTED: u64 = 1000;

/// `GET /api/metric`.
pub(super) async fn list(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    served(&app)?;
    let limit = params.number("limit", 1)?.unwrap_or(PAGE);
    let offset = params.number("offset", 0)?.unwrap_or_default();
    let whole = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let all: Vec<&Card> = app
        .model()
        .cards
        .iter()
        .filter(|card| card.kind == CardKind::Metric && !card.archived)
        .filter(|card| access.collections.contains(&card.collection_id))
        .collect();
    let total = all.len();
    let page = all.into_iter().skip(whole(offset)).take(whole(limit));
    let data: Vec<Value> = page.map(|card| summary(&app, &access, card)).collect();
    Ok(Json(
        json!({ "total": total, "limit": limit, "offset": offset, "data": data }),
    ))
}

/// `GET /api/metric/:id`.
pub(super) async fn get(
    SignedInCaller { app, access, .. }: SignedInCaller,
    PathId(id): PathId,
) -> Result<Json<Value>, ApiError> {
    let card = metric(&app, &access, id)?;
    let fields = fields_of(&app, card).await?;
    let dimensions = fields.iter().enumerate().map(|(at, field)| {
        json!({
            "id": dimension_id(card, at),
            "name": field.name,
            "display-name": field.display_name,
            "effective-type": field.base_type,
            "semantic-type": field.semantic_type,
            "sources": [{ "type": "field", "field-id": field.field_id }],
        })
    });
    let mappings = fields.iter().enumerate().map(|(at, field)| {
        json!({
            "type": "table",
            "table-id": field.table_id,
            "dimension-id": dimension_id(card, at),
            "target": field.reference,
        })
    });
    let mut body = summary(&app, &access, card);
    if let Some(members) = body.as_object_mut() {
        members.insert("dimensions".to_owned(), dimensions.collect());
        members.insert("dimension_mappings".to_owned(), mappings.collect());
        members.insert("dataset_query".to_owned(), dataset_query(&app, card));
        members.insert("database_id".to_owned(), json!(app.model().database.id));
        let figure = app.world.card_columns(card).ok();
        let figure = figure.and_then(|columns| columns.last()?.get("name").cloned());
        members.insert("result_column_name".to_owned(), json!(figure));
    }
    Ok(Json(body))
}

/// `GET /api/metric/:id/dimension/:uuid/values`.
pub(super) async fn values(
    SignedInCaller { app, access, .. }: SignedInCaller,
    PathId(id): PathId,
    Path((_, dimension)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let card = metric(&app, &access, id)?;
    let fields = fields_of(&app, card).await?;
    let field = named(card, &fields, &dimension)?;
    let Some(field_id) = field.field_id else {
        return Ok(Json(json!({ "values": [], "has_more_values": false })));
    };
    let run = app.start_run("question", Value::Null);
    let (values, more) = app
        .query(&run, move |world| world.distinct_values(field_id, LISTED))
        .await?;
    Ok(Json(
        json!({ "field_id": field_id, "values": values, "has_more_values": more }),
    ))
}

/// `POST /api/metric/dataset`: a metric, or arithmetic over metrics of one source, filtered and grouped by dimensions.
pub(super) async fn dataset(
    SignedInCaller { app, access, .. }: SignedInCaller,
    body: JsonBody,
) -> Result<Response, ApiError> {
    served(&app)?;
    let body = body.into_object()?;
    let definition = body
        .get("definition")
        .and_then(Value::as_object)
        .ok_or_else(|| ApiError::invalid("definition", "map", "missing required key, received: nil"))?;
    let mut reader = DefinitionReader {
        app: &app,
        access: &access,
        leaves: Vec::new(),
    };
    let figure = reader.expression(definition.get("expression").unwrap_or(&Value::Null))?;
    let query = reader.query(&figure, definition).await?;
    if !permission::may_read(app.model(), &access, &query) {
        return Err(ApiError::forbidden());
    }
    let run = app.start_run("question", query.clone());
    let limits = RowLimits::USERLAND;
    let result = app.query(&run, move |world| world.run(&query, limits)).await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

struct DefinitionReader<'a> {
    app: &'a AppState,
    access: &'a Access,
    /// The metrics of the expression, with the ids that filters and projections call them by.
    leaves: Vec<(Option<String>, &'a Card)>,
}

impl DefinitionReader<'_> {
    /// A metric, or `+ - * /` over expressions and numbers.
    fn expression(&mut self, value: &Value) -> Result<Value, ApiError> {
        if value.is_number() {
            return Ok(value.clone());
        }
        let clause = MbqlClause::parse(value).ok_or_else(|| malformed("expression", value))?;
        match (clause.op, clause.args) {
            ("metric", [id]) => {
                let id = id.as_i64().ok_or_else(|| malformed("expression", value))?;
                let card = metric(self.app, self.access, id)?;
                let uuid = clause.text_option("lib/uuid").map(str::to_owned);
                self.leaves.push((uuid, card));
                Ok(json!(["metric", {}, id]))
            }
            ("+" | "-" | "*" | "/", args) if args.len() > 1 => {
                let head = [json!(clause.op), json!({})];
                let args: Vec<Value> = args
                    .iter()
                    .map(|arg| self.expression(arg))
                    .collect::<Result<_, _>>()?;
                Ok(head.into_iter().chain(args).collect())
            }
            _ => Err(malformed("expression", value)),
        }
    }

    async fn query(&self, figure: &Value, definition: &Map<String, Value>) -> Result<Value, ApiError> {
        let Some((_, first)) = self.leaves.first() else {
            return Err(malformed("expression", figure));
        };
        let fields = fields_of(self.app, first).await?;
        let source = |card: &Card| (card.table_id, card.source_card_id);
        if self.leaves.iter().any(|(_, card)| source(card) != source(first)) {
            let message = "Metrics of different sources cannot be combined here.";
            return Err(ApiError::text(StatusCode::BAD_REQUEST, message));
        }
        let list = |key: &str| definition.get(key).and_then(Value::as_array).cloned();
        let mut filters = Vec::new();
        for filter in list("filters").unwrap_or_default() {
            let clause = filter.get("filter").unwrap_or(&filter);
            filters.push(self.with_fields(clause, &fields)?);
        }
        let mut breakouts: Vec<Value> = Vec::new();
        for projection in list("projections").unwrap_or_default() {
            for dimension in projection
                .get("projection")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                let breakout = self.with_fields(dimension, &fields)?;
                // Each metric of an expression brings the same groups.
                if !breakouts.contains(&breakout) {
                    breakouts.push(breakout);
                }
            }
        }
        let mut stage = json!({
            "lib/type": "mbql.stage/mbql",
            "aggregation": [figure],
            "filters": filters,
            "breakout": breakouts,
        });
        if let Some(members) = stage.as_object_mut() {
            let (key, id) = match source(first) {
                (Some(table), _) => ("source-table", table),
                (None, card) => ("source-card", card.unwrap_or_default()),
            };
            members.insert(key.to_owned(), json!(id));
        }
        let database = self.app.model().database.id;
        Ok(json!({ "lib/type": "mbql/query", "database": database, "stages": [stage] }))
    }

    /// A clause with columns in place of dimensions.
    fn with_fields(&self, value: &Value, fields: &[WideField]) -> Result<Value, ApiError> {
        let Some(clause) = MbqlClause::parse(value) else {
            return Ok(value.clone());
        };
        if clause.op == "dimension" {
            let id = clause.args.first().and_then(Value::as_str).unwrap_or_default();
            let field = self
                .leaves
                .iter()
                .find_map(|(_, card)| named(card, fields, id).ok())
                .ok_or_else(|| malformed("dimension", value))?;
            let mut reference = field.reference.clone();
            if let (Some(Value::Object(options)), Some(unit)) =
                (reference.get_mut(1), clause.text_option("temporal-unit"))
            {
                options.insert("temporal-unit".to_owned(), json!(unit));
            }
            return Ok(reference);
        }
        let options = clause.options.cloned().unwrap_or_default();
        let head = [json!(clause.op), Value::Object(options)];
        let args: Vec<Value> = clause
            .args
            .iter()
            .map(|arg| self.with_fields(arg, fields))
            .collect::<Result<_, _>>()?;
        Ok(head.into_iter().chain(args).collect())
    }
}

/// 404 where the generation has no such API.
fn served(app: &AppState) -> Result<(), ApiError> {
    if app.settings.facts.metric_api {
        Ok(())
    } else {
        Err(ApiError::no_endpoint())
    }
}

fn metric<'a>(app: &'a AppState, access: &Access, id: i64) -> Result<&'a Card, ApiError> {
    served(app)?;
    let card = app.model().metric(id).ok_or_else(ApiError::not_found)?;
    if access.collections.contains(&card.collection_id) {
        Ok(card)
    } else {
        Err(ApiError::forbidden())
    }
}

fn summary(app: &AppState, access: &Access, card: &Card) -> Value {
    let collection = card.collection_id.and_then(|id| app.model().collection(id));
    json!({
        "id": card.id,
        "name": card.name,
        "description": card.description,
        "collection_id": card.collection_id,
        "collection": collection.map(|collection| collection_body(access, collection)),
    })
}

async fn fields_of(app: &AppState, card: &Card) -> Result<Vec<WideField>, ApiError> {
    let card = card.clone();
    app.blocking(move |world| world.wide_fields_of_card(&card))
        .await?
        .map_err(|failure| ApiError::exception(failure.error))
}

fn dimension_id(card: &Card, at: usize) -> String {
    stable_uuid("dimension", &format!("{}/{at}", card.entity_id))
}

fn named<'a>(card: &Card, fields: &'a [WideField], id: &str) -> Result<&'a WideField, ApiError> {
    let mut places = fields.iter().enumerate();
    let found = places.find(|(at, _)| dimension_id(card, *at) == id);
    found.map(|(_, field)| field).ok_or_else(ApiError::not_found)
}

fn malformed(what: &str, received: &Value) -> ApiError {
    ApiError::invalid(
        "definition",
        &format!("invalid {what}"),
        &format!("invalid {what}, received: {received}"),
    )
}
