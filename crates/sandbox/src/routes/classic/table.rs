use axum::Json;
use serde_json::{Value, json};

use super::metadata_body::{database_body, field_body, measure_body, metric_body, segment_body, table_body};
use crate::routes::extract::{Readable, SignedInCaller};
use crate::routes::lookup::readable_tables;
use crate::semantic::{Access, FieldMetadata, TableMetadata};
use crate::state::AppState;

/// `GET /api/table`: the tables the caller may query, each with its database.
pub(super) async fn list(SignedInCaller { app, access, .. }: SignedInCaller) -> Json<Value> {
    let tables = readable_tables(&app, &access).map(|table| with_database(&app, &access, table));
    Json(tables.collect())
}

/// `GET /api/table/:id`.
pub(super) async fn get(Readable { app, access, item }: Readable<TableMetadata>) -> Json<Value> {
    Json(with_database(&app, &access, &item))
}

fn with_database(app: &AppState, access: &Access, table: &TableMetadata) -> Value {
    let mut body = table_body(table);
    if let Some(members) = body.as_object_mut() {
        members.insert("db".to_owned(), database_body(app, access));
    }
    body
}

/// `GET /api/table/:id/query_metadata`: the table with its columns, segments, measures and metrics.
pub(super) async fn query_metadata(Readable { app, access, item }: Readable<TableMetadata>) -> Json<Value> {
    let model = app.model();
    let of_table = |table_id: i64| table_id == item.id;
    let fields = item.visible_fields().map(|field| field_body(model, field));
    let segments = model.segments.iter().filter(|segment| of_table(segment.table_id));
    let measures = model.measures.iter().filter(|measure| of_table(measure.table_id));
    let metrics = model
        .metrics_of(item.id)
        .filter(|card| access.collections.contains(&card.collection_id));
    let parts: [(&str, Vec<Value>); 4] = [
        ("fields", fields.collect()),
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
    let mut body = with_database(&app, &access, &item);
    if let Some(members) = body.as_object_mut() {
        members.insert("dimension_options".to_owned(), json!({}));
        members.extend(parts.map(|(key, values)| (key.to_owned(), Value::Array(values))));
    }
    Json(body)
}

/// `GET /api/table/:id/fks`: the foreign keys that point at a table, from tables the caller may query.
pub(super) async fn foreign_keys(Readable { app, access, item }: Readable<TableMetadata>) -> Json<Value> {
    let model = app.model();
    let with_table = |table: &TableMetadata, field: &FieldMetadata| {
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
            .filter(|(at, _)| at.id == item.id)?;
        Some(json!({
            "relationship": "Mt1",
            "origin_id": key.id,
            "origin": with_table(origin, key),
            "destination_id": target.id,
            "destination": with_table(&item, target),
        }))
    });
    Json(pointing.collect())
}
