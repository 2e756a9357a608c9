use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::metadata_body::{database_body, field_body, measure_body, metric_body, segment_body, table_body};
use crate::app::App;
use crate::auth::ClassicCaller;
use crate::error::{ApiError, FailedQuery};
use crate::routes::decode::{Params, path_id};
use crate::routes::lookup;
use crate::semantic::{Field, Table};
use crate::stream::RunInfo;

/// Most values that are listed for a column.
const VALUES: u64 = 1000;

/// `GET /api/table`: the tables the caller may query.
pub(super) async fn list(State(app): State<Arc<App>>, ClassicCaller(caller): ClassicCaller) -> Json<Value> {
    let tables = app.model().tables.iter();
    let readable = tables.filter(|table| caller.access.tables.contains(&table.id));
    Json(Value::Array(readable.map(table_body).collect()))
}

/// `GET /api/table/:id`.
pub(super) async fn get(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let table = lookup::table(&app, &caller.access, path_id("id", &id)?)?;
    let mut body = table_body(table);
    if let Some(members) = body.as_object_mut() {
        members.insert("db".to_owned(), database_body(&app, &caller.access));
    }
    Ok(Json(body))
}

/// `GET /api/table/:id/query_metadata`: the table with its columns, segments, measures and metrics.
pub(super) async fn query_metadata(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let access = &caller.access;
    let table = lookup::table(&app, access, path_id("id", &id)?)?;
    let model = app.model();
    let mut body = table_body(table);
    if let Some(members) = body.as_object_mut() {
        let segments = model
            .segments
            .iter()
            .filter(|segment| segment.table_id == table.id);
        let measures = model
            .measures
            .iter()
            .filter(|measure| measure.table_id == table.id);
        let metrics = model
            .metrics_of(table.id)
            .filter(|card| access.collections.contains(&card.collection_id));
        let parts: [(&str, Vec<Value>); 4] = [
            (
                "fields",
                table
                    .visible_fields()
                    .map(|field| field_body(model, field))
                    .collect(),
            ),
            (
                "segments",
                segments.map(|segment| segment_body(model, segment)).collect(),
            ),
            (
                "measures",
                measures.map(|measure| measure_body(model, measure)).collect(),
            ),
            ("metrics", metrics.map(metric_body).collect()),
        ];
        members.insert("db".to_owned(), database_body(&app, access));
        members.insert("dimension_options".to_owned(), json!({}));
        members.extend(parts.map(|(key, values)| (key.to_owned(), Value::Array(values))));
    }
    Ok(Json(body))
}

/// `GET /api/field/:id/values`: the values of a column whose values are listed; empty for any other.
pub(super) async fn field_values(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let id = path_id("id", &id)?;
    let (_, field) = lookup::field(&app, &caller.access, id)?;
    if field.has_field_values != "list" {
        return Ok(Json(
            json!({ "values": [], "field_id": id, "has_more_values": false }),
        ));
    }
    let run = RunInfo::start("question", Value::Null, app.model().database.id);
    let found = app
        .blocking(move |world| world.field_values(id, VALUES))
        .await?
        .map_err(|failure| ApiError::Failed(Box::new(FailedQuery { failure, run })))?;
    Ok(Json(json!({
        "values": found.values,
        "field_id": id,
        "has_more_values": found.has_more_values,
    })))
}

/// `GET /api/field/:id/search/:search-id?value=`: the values of the second column that contain the text, whatever its
/// case, in pairs with the first column's where the two differ. Here both are the same column.
pub(super) async fn field_search(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path((id, search_id)): Path<(String, String)>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let (id, search_id) = (path_id("id", &id)?, path_id("search-id", &search_id)?);
    lookup::field(&app, &caller.access, id)?;
    lookup::field(&app, &caller.access, search_id)?;
    if id != search_id {
        let message = "Values are searched in the column itself only.";
        return Err(ApiError::text(StatusCode::BAD_REQUEST, message));
    }
    let wanted = params.get("value").unwrap_or_default().to_lowercase();
    let limit = params.number("limit", 1)?.unwrap_or(VALUES);
    let run = RunInfo::start("question", Value::Null, app.model().database.id);
    let found = app
        .blocking(move |world| world.field_values(id, u64::MAX))
        .await?
        .map_err(|failure| ApiError::Failed(Box::new(FailedQuery { failure, run })))?;
    let matching = found.values.into_iter().filter(|row| {
        row.iter().any(|value| {
            value
                .as_str()
                .is_some_and(|text| text.to_lowercase().contains(&wanted))
        })
    });
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Json(matching.take(limit).map(Value::Array).collect()))
}

/// `GET /api/table/:id/fks`: the foreign keys that point at a table, from tables the caller may query.
pub(super) async fn foreign_keys(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let access = &caller.access;
    let table = lookup::table(&app, access, path_id("id", &id)?)?;
    let model = app.model();
    let with_table = |table: &Table, field: &Field| {
        let mut body = field_body(model, field);
        if let Some(members) = body.as_object_mut() {
            members.insert("table".to_owned(), table_body(table));
        }
        body
    };
    let keys = model
        .tables
        .iter()
        .filter(|origin| access.tables.contains(&origin.id))
        .flat_map(|origin| origin.visible_fields().map(move |key| (origin, key)));
    let pointing = keys.filter_map(|(origin, key)| {
        let (_, target) = model
            .field(key.fk_target_field_id?)
            .filter(|(at, _)| at.id == table.id)?;
        Some(json!({
            "relationship": "Mt1",
            "origin_id": key.id,
            "origin": with_table(origin, key),
            "destination_id": target.id,
            "destination": with_table(table, target),
        }))
    });
    Ok(Json(pointing.collect()))
}
