use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::lists::readable_card;
use super::{ResourceRead, numeric};
use crate::error::ApiError;
use crate::query::{ColumnValues, WideField};
use crate::routes::agent::metric::readable_metric;
use crate::routes::lookup;
use crate::semantic::{Access, SemanticModel};
use crate::state::AppState;

const LISTED: u64 = 30;

/// Values and statistics of a table's column, or of one that a foreign key of it leads to.
pub(super) async fn of_table(app: &AppState, access: &Access, id: &str, field: &str) -> ResourceRead {
    let id = lookup::table(app, access, numeric("table", id)?)?.id;
    let wide = app.blocking(move |world| world.wide_fields_of_table(id)).await?;
    values(app, access, &wide, field).await
}

/// Values and statistics of a column that a model or question returns.
pub(super) async fn of_card(app: &AppState, access: &Access, id: &str, field: &str) -> ResourceRead {
    let card = readable_card(app, access, "card", id)?.clone();
    let wide = app
        .blocking(move |world| world.wide_fields_of_card(&card))
        .await?
        .map_err(|failure| ApiError::exception(failure.error))?;
    values(app, access, &wide, field).await
}

/// Values and statistics of what a metric can be filtered and grouped by.
pub(super) async fn of_metric(app: &AppState, access: &Access, id: &str, field: &str) -> ResourceRead {
    let id = numeric("metric", id)?;
    let card = readable_metric(app, access, id).ok_or_else(ApiError::not_found)??;
    let card = card.clone();
    let wide = app
        .blocking(move |world| world.wide_fields_of_card(&card))
        .await?
        .map_err(|failure| ApiError::exception(failure.error))?;
    values(app, access, &wide, field).await
}

async fn values(app: &AppState, access: &Access, wide: &[WideField], id: &str) -> ResourceRead {
    let number = id.parse::<i64>().ok();
    let found = wide
        .iter()
        .find(|field| number.is_some() && field.field_id == number);
    let field =
        found.ok_or_else(|| ApiError::text(StatusCode::NOT_FOUND, format!("Field {id} not found")))?;
    if field
        .table_id
        .is_some_and(|table| !access.tables.contains(&table))
    {
        return Err(ApiError::forbidden());
    }
    let known = match field.field_id {
        Some(field_id) => {
            let run = app.start_run("agent", Value::Null);
            app.query(&run, move |world| world.field_values(field_id, LISTED))
                .await?
        }
        None => ColumnValues::default(),
    };
    let mut metadata = Map::new();
    if !known.statistics.is_empty() {
        metadata.insert("statistics".to_owned(), Value::Object(known.statistics));
    }
    if !known.values.is_empty() {
        metadata.insert("field_values".to_owned(), json!(known.values));
    }
    let mut body = json!({ "result-type": "field-metadata", "field_id": id, "value_metadata": metadata });
    if let (Some(members), Some(path)) = (body.as_object_mut(), portable_path(app.model(), field.field_id)) {
        members.insert("portable_fk".to_owned(), path);
        if let Some(reference) = &field.table_reference {
            members.insert("table_reference".to_owned(), json!(reference));
        }
    }
    Ok(body)
}

/// A column with its id and with the names that queries call it by.
pub(super) fn column(app: &AppState, field: &WideField) -> Value {
    let model = app.model();
    let mut body = json!({
        "field_id": field.field_id.map_or_else(|| json!(field.name), |id| json!(id)),
        "name": field.name,
        "display_name": field.display_name,
        "type": field.simple_type(),
        "base_type": field.base_type,
    });
    let optional = [
        ("description", field.description.as_deref().map(Value::from)),
        ("semantic_type", field.semantic_type.as_deref().map(Value::from)),
        ("database_type", field.database_type.as_deref().map(Value::from)),
        ("portable_fk", portable_path(model, field.field_id)),
        (
            "fk_target_portable_fk",
            portable_path(model, field.fk_target_field_id),
        ),
        (
            "table_reference",
            field.table_reference.as_deref().map(Value::from),
        ),
    ];
    if let Some(members) = body.as_object_mut() {
        let known = optional
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?)));
        members.extend(known.map(|(key, value)| (key.to_owned(), value)));
    }
    body
}

/// Database, schema, table, column.
fn portable_path(model: &SemanticModel, field_id: Option<i64>) -> Option<Value> {
    let (table, field) = model.field(field_id?)?;
    Some(json!([model.database.name, null, table.name, field.name]))
}
