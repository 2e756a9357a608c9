use axum::Json;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::columns::AgentColumns;
use super::field_body::{ListedValues, field_body, listed_values};
use super::metric::metric_summary;
use super::scopes::TableScope;
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{AgentRequest, PathId};
use crate::routes::lookup;
use crate::semantic::{Access, SemanticModel, TableMetadata};
use crate::state::AppState;

/// `GET /v1/table/:id`: a table, what can be asked of it, and the tables its foreign keys lead to.
pub(super) async fn get(
    AgentRequest { app, access, .. }: AgentRequest<TableScope>,
    PathId(id): PathId,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let with_fields = params.flag("with-fields", true)?;
    let with_values = params.flag("with-field-values", false)?;
    let with_related = params.flag("with-related-tables", true)?;
    let with_metrics = params.flag("with-metrics", true)?;
    let with_measures = params.flag("with-measures", false)?;
    let with_segments = params.flag("with-segments", false)?;
    let table = lookup::table(&app, access, id)?;

    let columns = AgentColumns::of_table(&app, table.id).await?;
    let listed = if with_fields && with_values {
        listed_values(&app, &columns).await?
    } else {
        ListedValues::new()
    };
    let model = app.model();
    let mut body = table_summary(model, table);
    let own = columns
        .iter()
        .filter(|(_, field)| field.source_field_id.is_none());
    let fields: Vec<Value> = own
        .filter(|_| with_fields)
        .map(|(id, field)| field_body(app.settings.facts, &id, field, &listed))
        .collect();
    body.insert("fields".to_owned(), Value::Array(fields));
    if with_related {
        let related = related_tables(&app, access, &columns, with_fields, &listed);
        body.insert("related_tables".to_owned(), related);
    }
    if with_metrics {
        let mut metrics = Vec::new();
        for card in model.metrics_of(table.id) {
            if access.collections.contains(&card.collection_id) {
                metrics.push(metric_summary(&app, card, true));
            }
        }
        body.insert("metrics".to_owned(), Value::Array(metrics));
    }
    if with_measures {
        body.insert("measures".to_owned(), measures(model, table.id));
    }
    if with_segments {
        body.insert("segments".to_owned(), segments(model, table.id));
    }
    Ok(Json(Value::Object(body)))
}

/// A table without its columns.
fn table_summary(model: &SemanticModel, table: &TableMetadata) -> Map<String, Value> {
    let body = json!({
        "id": table.id,
        "type": "table",
        "name": table.name,
        "display_name": table.display_name,
        "database_id": table.database_id,
        "database_engine": model.database.engine,
        "database_schema": null,
        "description": table.description,
    });
    match body {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// One entry per foreign key; its columns have ids of the table that was asked for, so that its queries can use them.
fn related_tables(
    app: &AppState,
    access: &Access,
    columns: &AgentColumns,
    with_fields: bool,
    listed: &ListedValues,
) -> Value {
    let model = app.model();
    let mut by_key: BTreeMap<i64, (i64, Vec<Value>)> = BTreeMap::new();
    for (id, field) in columns.iter() {
        let (Some(key), Some(table)) = (field.source_field_id, field.table_id) else {
            continue;
        };
        let (_, fields) = by_key.entry(key).or_insert_with(|| (table, Vec::new()));
        if with_fields {
            fields.push(field_body(app.settings.facts, &id, field, listed));
        }
    }
    by_key
        .into_iter()
        .filter(|(_, (table, _))| access.tables.contains(table))
        .filter_map(|(key, (table, fields))| {
            let mut body = table_summary(model, model.table(table)?);
            let (_, key) = model.field(key)?;
            body.insert("related_by".to_owned(), json!(key.name));
            body.insert("fields".to_owned(), Value::Array(fields));
            Some(Value::Object(body))
        })
        .collect()
}

fn measures(model: &SemanticModel, table_id: i64) -> Value {
    let own = model
        .measures
        .iter()
        .filter(|measure| measure.table_id == table_id);
    own.map(|measure| named(measure.id, &measure.name, measure.description.as_deref()))
        .collect()
}

pub(super) fn segments(model: &SemanticModel, table_id: i64) -> Value {
    let own = model
        .segments
        .iter()
        .filter(|segment| segment.table_id == table_id);
    own.map(|segment| named(segment.id, &segment.name, segment.description.as_deref()))
        .collect()
}

fn named(id: i64, name: &str, description: Option<&str>) -> Value {
    let mut body = json!({ "id": id, "name": name, "display_name": name });
    if let (Some(description), Some(members)) = (description, body.as_object_mut()) {
        members.insert("description".to_owned(), json!(description));
    }
    body
}
