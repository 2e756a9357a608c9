use axum::Json;
use serde_json::{Value, json};

use super::scopes::DatabaseScope;
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{AgentRequest, PathId};
use crate::semantic::{Access, TableMetadata};
use crate::state::AppState;

/// `GET /v1/database` (v0.60).
pub(super) async fn list(
    AgentRequest { app, access, .. }: AgentRequest<DatabaseScope>,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let data: Vec<Value> = if readable(&app, access).next().is_some() {
        vec![body(&app)]
    } else {
        Vec::new()
    };
    let total = data.len();
    Ok(Json(json!({ "data": data, "total_count": total })))
}

/// `GET /v1/database/:id` (v0.60); `with-tables` and `with-fields` nest what the caller may query.
pub(super) async fn get(
    AgentRequest { app, access, .. }: AgentRequest<DatabaseScope>,
    PathId(id): PathId,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let with_tables = params.flag("with-tables", true)?;
    let with_fields = params.flag("with-fields", false)?;
    if id != app.model().database.id {
        return Err(ApiError::not_found());
    }
    if readable(&app, access).next().is_none() {
        return Err(ApiError::forbidden());
    }
    let mut body = body(&app);
    if with_tables && let Some(members) = body.as_object_mut() {
        let tables = readable(&app, access)
            .map(|table| table_body(table, with_fields))
            .collect();
        members.insert("tables".to_owned(), tables);
    }
    Ok(Json(body))
}

fn body(app: &AppState) -> Value {
    let database = &app.model().database;
    json!({
        "id": database.id,
        "type": "database",
        "name": database.name,
        "engine": database.engine,
        "description": database.description,
    })
}

fn table_body(table: &TableMetadata, with_fields: bool) -> Value {
    let mut body = json!({
        "id": table.id,
        "type": "table",
        "name": table.name,
        "display_name": table.display_name,
        "database_schema": null,
        "description": table.description,
    });
    if with_fields && let Some(members) = body.as_object_mut() {
        let fields = table
            .visible_fields()
            .map(|field| {
                json!({
                    "id": field.id,
                    "name": field.name,
                    "display_name": field.display_name,
                    "base_type": field.base_type,
                    "semantic_type": field.semantic_type,
                    "description": field.description,
                })
            })
            .collect();
        members.insert("fields".to_owned(), fields);
    }
    body
}

fn readable<'a>(app: &'a AppState, access: &'a Access) -> impl Iterator<Item = &'a TableMetadata> {
    app.model()
        .tables
        .iter()
        .filter(|table| access.tables.contains(&table.id))
}
