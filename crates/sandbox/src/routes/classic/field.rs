use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::metadata_body::{field_body, table_body};
use crate::error::ApiError;
use crate::routes::decode::{QueryParams, path_id};
use crate::routes::extract::Readable;
use crate::routes::lookup;
use crate::semantic::FieldMetadata;

/// Most values that are listed for a column.
const VALUES: u64 = 1000;

/// `GET /api/field/:id`: a column with its table.
pub(super) async fn get(Readable { app, item, .. }: Readable<FieldMetadata>) -> Json<Value> {
    let model = app.model();
    let mut body = field_body(model, &item);
    if let (Some(table), Some(members)) = (model.table(item.table_id), body.as_object_mut()) {
        members.insert("table".to_owned(), table_body(table));
    }
    Json(body)
}

/// `GET /api/field/:id/values`: the values of a column whose values are listed; empty for any other.
pub(super) async fn values(
    Readable { app, item, .. }: Readable<FieldMetadata>,
) -> Result<Json<Value>, ApiError> {
    let id = item.id;
    let found = if item.has_field_values == "list" {
        let run = app.start_run("question", Value::Null);
        app.query(&run, move |world| world.distinct_values(id, VALUES))
            .await?
    } else {
        (Vec::new(), false)
    };
    let (values, has_more_values) = found;
    Ok(Json(
        json!({ "values": values, "field_id": id, "has_more_values": has_more_values }),
    ))
}

/// `GET /api/field/:id/search/:search-id?value=`: the values of the second column that contain the text, whatever its
/// case, in pairs with the first column's where the two differ. Here both are the same column.
pub(super) async fn search(
    Readable { app, access, item }: Readable<FieldMetadata>,
    Path((_, search_id)): Path<(String, String)>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let (id, search_id) = (item.id, path_id("search-id", &search_id)?);
    lookup::field(&app, &access, search_id)?;
    if id != search_id {
        let message = "Values are searched in the column itself only.";
        return Err(ApiError::text(StatusCode::BAD_REQUEST, message));
    }
    let wanted = params.get("value").unwrap_or_default().to_lowercase();
    let limit = params.number("limit", 1)?.unwrap_or(VALUES);
    let run = app.start_run("question", Value::Null);
    let (values, _) = app
        .query(&run, move |world| world.distinct_values(id, u64::MAX))
        .await?;
    let matches = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.to_lowercase().contains(&wanted))
    };
    let matching = values.into_iter().filter(|row| row.iter().any(matches));
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Json(matching.take(limit).map(Value::Array).collect()))
}
