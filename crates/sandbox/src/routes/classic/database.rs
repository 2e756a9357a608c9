use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::metadata_body::{database_body, field_body, table_body};
use crate::app::App;
use crate::auth::ClassicCaller;
use crate::error::ApiError;
use crate::routes::decode::{Params, path_id};
use crate::semantic::{Access, Table};

/// The made-up database that holds saved questions.
const SAVED_QUESTIONS: i64 = -1337;

/// `GET /api/database`.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let access = &caller.access;
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
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    check(&app, &caller.access, &id)?;
    let mut body = database_body(&app, &caller.access);
    if let (Some(include @ ("tables" | "tables.fields")), Some(members)) =
        (params.get("include"), body.as_object_mut())
    {
        let tables = tables(&app, &caller.access, include == "tables.fields");
        members.insert("tables".to_owned(), Value::Array(tables));
    }
    Ok(Json(body))
}

/// `GET /api/database/:id/metadata`: the database with every table and column the caller may query.
pub(super) async fn metadata(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    check(&app, &caller.access, &id)?;
    let mut body = database_body(&app, &caller.access);
    if let Some(members) = body.as_object_mut() {
        members.insert(
            "tables".to_owned(),
            Value::Array(tables(&app, &caller.access, true)),
        );
    }
    Ok(Json(body))
}

/// `GET /api/database/:id/schemas`: SQLite has none, which the wire writes as one without a name.
pub(super) async fn schemas(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    check(&app, &caller.access, &id)?;
    Ok(Json(json!([""])))
}

/// `GET /api/database/:id/schema/`: the tables of the schema without a name.
pub(super) async fn schema(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    check(&app, &caller.access, &id)?;
    Ok(Json(Value::Array(tables(&app, &caller.access, false))))
}

/// `GET /api/database/:id/schema/:name`: no schema has a name here.
pub(super) async fn named_schema(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path((id, _)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    check(&app, &caller.access, &id)?;
    Err(ApiError::not_found())
}

fn check(app: &App, access: &Access, id: &str) -> Result<(), ApiError> {
    if path_id("id", id)? != app.model().database.id {
        return Err(ApiError::not_found());
    }
    if readable_tables(app, access).next().is_none() {
        return Err(ApiError::forbidden());
    }
    Ok(())
}

fn tables(app: &App, access: &Access, with_fields: bool) -> Vec<Value> {
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

fn readable_tables<'a>(app: &'a App, access: &'a Access) -> impl Iterator<Item = &'a Table> {
    app.model()
        .tables
        .iter()
        .filter(|table| access.tables.contains(&table.id))
}
