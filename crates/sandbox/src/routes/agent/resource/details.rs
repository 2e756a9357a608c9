use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::fields::column;
use super::lists::readable_card;
use super::{ResourceRead, numeric};
use crate::error::ApiError;
use crate::query::WideField;
use crate::routes::agent::metric::{default_time_field, readable_metric};
use crate::routes::lookup;
use crate::semantic::{Access, Card, CardKind, SavedMeasure, SavedSegment, TableMetadata};
use crate::state::AppState;

/// A table, with its columns or without; the tables that its foreign keys lead to, its metrics, measures and segments.
pub(super) async fn table(app: &AppState, access: &Access, id: &str, with_fields: bool) -> ResourceRead {
    let table = lookup::table(app, access, numeric("table", id)?)?;
    let table_id = table.id;
    let wide = app
        .blocking(move |world| world.wide_fields_of_table(table_id))
        .await?;
    let fields = if with_fields {
        own_fields(app, table)
    } else {
        Vec::new()
    };
    let mut body = summary(app, table, &fields);
    let metrics: Vec<Value> = app
        .model()
        .metrics_of(table.id)
        .filter(|card| access.collections.contains(&card.collection_id))
        .map(|card| metric_summary(app, access, card))
        .collect();
    put_list(&mut body, "metrics", metrics);
    put_list(&mut body, "measures", measures_of(app, table.id));
    put_list(&mut body, "segments", segments_of(app, table.id));
    put_list(
        &mut body,
        "related_tables",
        related_tables(app, access, &wide, with_fields),
    );
    body.insert("result-type".to_owned(), json!("entity"));
    Ok(Value::Object(body))
}

/// A model or question, with the columns that it returns or without.
pub(super) async fn card(
    app: &AppState,
    access: &Access,
    kind: &str,
    id: &str,
    with_fields: bool,
) -> ResourceRead {
    let card = readable_card(app, access, kind, id)?;
    if card.kind.as_str() != kind {
        let message = format!("ID {id} is not a valid {kind} id, it's a {}", card.kind.as_str());
        return Err(ApiError::text(StatusCode::BAD_REQUEST, message));
    }
    let fields = if with_fields {
        let wanted = card.clone();
        let wide = app
            .blocking(move |world| world.wide_fields_of_card(&wanted))
            .await?
            .map_err(|failure| ApiError::exception(failure.error))?;
        let own = wide.iter().filter(|field| field.source_field_id.is_none());
        own.map(|field| column(app, field)).collect()
    } else {
        Vec::new()
    };
    let database = &app.model().database;
    let mut body = json!({
        "id": card.id,
        "type": kind,
        "fields": fields,
        "name": card.name,
        "display_name": card.name,
        "database_id": database.id,
        "database_name": database.name,
        "database_engine": database.engine,
        "portable_entity_id": card.entity_id,
        "verified": card.verified,
        "result-type": "entity",
    });
    if let (Some(members), Some(description)) = (body.as_object_mut(), &card.description) {
        members.insert("description".to_owned(), json!(description));
    }
    Ok(body)
}

/// A metric, with what it can be filtered and grouped by or without.
pub(super) async fn metric(app: &AppState, access: &Access, id: &str, with_dimensions: bool) -> ResourceRead {
    let id = numeric("metric", id)?;
    let card = readable_metric(app, access, id)
        .ok_or_else(|| ApiError::text(StatusCode::NOT_FOUND, format!("Metric {id} not found")))??;
    let Value::Object(mut body) = metric_summary(app, access, card) else {
        return Err(ApiError::not_found());
    };
    body.insert("verified".to_owned(), json!(card.verified));
    if with_dimensions && may_query_base(access, card) {
        let wanted = card.clone();
        let wide = app
            .blocking(move |world| world.wide_fields_of_card(&wanted))
            .await?
            .map_err(|failure| ApiError::exception(failure.error))?;
        let readable = wide
            .iter()
            .filter(|field| field.table_id.is_none_or(|table| access.tables.contains(&table)));
        let dimensions = readable.map(|field| column(app, field)).collect();
        body.insert("queryable-dimensions".to_owned(), dimensions);
    }
    body.insert("result-type".to_owned(), json!("entity"));
    Ok(Value::Object(body))
}

pub(super) fn measure(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    let id = numeric("measure", id)?;
    let measure = app.model().measure(id).ok_or_else(ApiError::not_found)?;
    let table = lookup::table(app, access, measure.table_id)?;
    Ok(with_base_table(app, table, "measure", measure_item(measure)))
}

pub(super) fn segment(app: &AppState, access: &Access, id: &str) -> ResourceRead {
    let id = numeric("segment", id)?;
    let segment = app.model().segment(id).ok_or_else(ApiError::not_found)?;
    let table = lookup::table(app, access, segment.table_id)?;
    Ok(with_base_table(app, table, "segment", segment_item(segment)))
}

fn with_base_table(app: &AppState, table: &TableMetadata, kind: &str, item: Value) -> Value {
    let database = &app.model().database;
    let mut body = json!({
        "type": kind,
        "database_id": database.id,
        "base_table_id": table.id,
        "base_table_name": table.name,
        "base_table_portable_fk": [database.name, null, table.name],
        "result-type": "entity",
    });
    if let (Some(members), Value::Object(item)) = (body.as_object_mut(), item) {
        members.extend(item);
    }
    body
}

fn summary(app: &AppState, table: &TableMetadata, fields: &[Value]) -> Map<String, Value> {
    let database = &app.model().database;
    let body = json!({
        "id": table.id,
        "type": "table",
        "fields": fields,
        "name": table.name,
        "display_name": table.display_name,
        "database_id": database.id,
        "database_name": database.name,
        "database_engine": database.engine,
        "database_schema": null,
        "portable_fk": [database.name, null, table.name],
    });
    let Value::Object(mut body) = body else {
        return Map::new();
    };
    if let Some(description) = &table.description {
        body.insert("description".to_owned(), json!(description));
    }
    body
}

fn own_fields(app: &AppState, table: &TableMetadata) -> Vec<Value> {
    let wide = app.world.wide_fields_of_table(table.id);
    let own = wide.iter().filter(|field| field.source_field_id.is_none());
    own.map(|field| column(app, field)).collect()
}

/// A table for each foreign key, under the name of the key's column.
fn related_tables(app: &AppState, access: &Access, wide: &[WideField], with_fields: bool) -> Vec<Value> {
    let model = app.model();
    let mut keys: Vec<i64> = wide.iter().filter_map(|field| field.source_field_id).collect();
    keys.dedup();
    let related = keys.into_iter().filter_map(|key| {
        let (_, key) = model.field(key)?;
        let (target, _) = model.field(key.fk_target_field_id?)?;
        if !access.tables.contains(&target.id) {
            return None;
        }
        let fields = if with_fields {
            own_fields(app, target)
        } else {
            Vec::new()
        };
        let mut body = summary(app, target, &fields);
        body.insert("related_by".to_owned(), json!(key.name));
        Some(Value::Object(body))
    });
    related.collect()
}

/// A metric as its table lists it. Its table is named only to those who may query it.
fn metric_summary(app: &AppState, access: &Access, card: &Card) -> Value {
    let database = &app.model().database;
    let mut body = json!({
        "id": card.id,
        "type": "metric",
        "name": card.name,
        "description": card.description,
        "database_id": database.id,
        "database_name": database.name,
        "portable_entity_id": card.entity_id,
    });
    let table = card.table_id.and_then(|id| app.model().table(id));
    if let (Some(members), Some(table)) = (
        body.as_object_mut(),
        table.filter(|table| access.tables.contains(&table.id)),
    ) {
        members.insert("base_table_id".to_owned(), json!(table.id));
        members.insert("base_table_name".to_owned(), json!(table.name));
        let path = json!([database.name, null, table.name]);
        members.insert("base_table_portable_fk".to_owned(), path);
        let time = default_time_field(app, card).unwrap_or(Value::Null);
        members.insert("default_time_dimension_field_id".to_owned(), time);
    }
    body
}

fn may_query_base(access: &Access, card: &Card) -> bool {
    card.kind == CardKind::Metric && card.table_id.is_none_or(|table| access.tables.contains(&table))
}

fn measures_of(app: &AppState, table_id: i64) -> Vec<Value> {
    let all = app.model().measures.iter();
    all.filter(|measure| measure.table_id == table_id)
        .map(measure_item)
        .collect()
}

fn segments_of(app: &AppState, table_id: i64) -> Vec<Value> {
    let all = app.model().segments.iter();
    all.filter(|segment| segment.table_id == table_id)
        .map(segment_item)
        .collect()
}

fn measure_item(measure: &SavedMeasure) -> Value {
    named(
        measure.id,
        &measure.entity_id,
        &measure.name,
        measure.description.as_deref(),
    )
}

fn segment_item(segment: &SavedSegment) -> Value {
    named(
        segment.id,
        &segment.entity_id,
        &segment.name,
        segment.description.as_deref(),
    )
}

fn named(id: i64, entity_id: &str, name: &str, description: Option<&str>) -> Value {
    json!({
        "id": id,
        "name": name,
        "display-name": name,
        "description": description,
        "portable-entity-id": entity_id,
    })
}

/// Adds a list, unless it is empty.
fn put_list(body: &mut Map<String, Value>, key: &str, items: Vec<Value>) {
    if !items.is_empty() {
        body.insert(key.to_owned(), Value::Array(items));
    }
}
