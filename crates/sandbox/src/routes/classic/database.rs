use axum::Json;
use serde_json::{Value, json};

use super::metadata_body::{database_body, field_body, table_body};
use crate::error::ApiError;
use crate::routes::decode::QueryParams;
use crate::routes::extract::{Readable, SignedInCaller};
use crate::routes::lookup::readable_tables;
use crate::semantic::{Access, DatabaseMetadata};
use crate::state::AppState;

/// The made-up database that holds saved questions.
const SAVED_QUESTIONS: i64 = -1337;

/// `GET /api/database`.
pub(super) async fn list(
    SignedInCaller { app, access, .. }: SignedInCaller,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let include_tables = params.get("include") == Some("tables");
    let saved = params.flag("saved", false)?;
    let mut databases = Vec::new();
    if readable_tables(&app, access).next().is_some() {
        let mut body = database_body(&app, access);
        if include_tables && let Some(members) = body.as_object_mut() {
            let tables: Vec<Value> = readable_tables(&app, access).map(table_body).collect();
            members.insert("tables".to_owned(), Value::Array(tables));
        }
        databases.push(body);
    }
    if saved {
        databases.push(json!({
            "id": SAVED_QUESTIONS,
            "name": "Saved Questions",
            "is_saved_questions": true,
            "features": ["basic-aggregations"],
        }));
    }
    let total = databases.len();
    Ok(Json(json!({ "data": databases, "total": total })))
}

/// `GET /api/database/:id`; `include=tables` or `include=tables.fields` nests them.
pub(super) async fn get(
    Readable { app, access, .. }: Readable<DatabaseMetadata>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let mut body = database_body(&app, &access);
    if let (Some(include @ ("tables" | "tables.fields")), Some(members)) =
        (params.get("include"), body.as_object_mut())
    {
        let tables = tables(&app, &access, include == "tables.fields");
        members.insert("tables".to_owned(), Value::Array(tables));
    }
    Ok(Json(body))
}

/// `GET /api/database/:id/metadata`: the database with every table and column the caller may query.
pub(super) async fn metadata(Readable { app, access, .. }: Readable<DatabaseMetadata>) -> Json<Value> {
    let mut body = database_body(&app, &access);
    if let Some(members) = body.as_object_mut() {
        members.insert("tables".to_owned(), Value::Array(tables(&app, &access, true)));
    }
    Json(body)
}

/// `GET /api/database/:id/schemas`: SQLite has none, which the wire writes as one without a name.
pub(super) async fn schemas(_: Readable<DatabaseMetadata>) -> Json<Value> {
    Json(json!([""]))
}

/// `GET /api/database/:id/schema/`: the tables of the schema without a name.
pub(super) async fn schema(Readable { app, access, .. }: Readable<DatabaseMetadata>) -> Json<Value> {
    Json(Value::Array(tables(&app, &access, false)))
}

/// `GET /api/database/:id/schema/:name`: no schema has a name here.
pub(super) async fn named_schema(_: Readable<DatabaseMetadata>) -> ApiError {
    ApiError::not_found()
}

fn tables(app: &AppState, access: &Access, with_fields: bool) -> Vec<Value> {
    readable_tables(app, access)
        .map(|table| {
            let mut body = table_body(table);
            if with_fields && let Some(members) = body.as_object_mut() {
                let fields: Vec<Value> = table
                    .visible_fields()
                    .map(|field| field_body(app.model(), field))
                    .collect();
                members.insert("fields".to_owned(), Value::Array(fields));
            }
            body
        })
        .collect()
}
