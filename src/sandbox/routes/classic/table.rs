use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::metadata_body::{database_body, field_body, measure_body, metric_body, segment_body, table_body};
use crate::sandbox::app::App;
use crate::sandbox::auth::ClassicCaller;
use crate::sandbox::error::{ApiError, FailedQuery};
use crate::sandbox::routes::decode::path_id;
use crate::sandbox::routes::lookup;
use crate::sandbox::stream::RunInfo;

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
