use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::columns::{AgentColumns, PositionalId};
use super::metric::{readable_metric, source_of};
use super::scopes::{MetricScope, TableScope};
use crate::error::ApiError;
use crate::generation::QueryGrammar;
use crate::query::{ColumnValues, RowLimits, WideField};
use crate::routes::decode::QueryParams;
use crate::routes::extract::{AgentRequest, PathId};
use crate::semantic::Access;
use crate::state::AppState;

const DEFAULT_LIMIT: u64 = 30;

/// `GET /v1/table/:id/field/:field-id/values`.
pub(super) async fn of_table(
    AgentRequest { app, access, .. }: AgentRequest<TableScope>,
    PathId(id): PathId,
    Path((_, field_id)): Path<(String, String)>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    readable_table(&app, access, id)?;
    let id = if app.settings.facts.grammar == Some(QueryGrammar::Positional) {
        // The id of another table's column is looked up there, as the real server does.
        PositionalId::parse(&field_id)?.table_id().unwrap_or(id)
    } else {
        id
    };
    readable_table(&app, access, id)?;
    let columns = AgentColumns::of_table(&app, id).await?;
    answer(&app, access, &columns, &field_id, ("source-table", id), limit).await
}

/// `GET /v1/metric/:id/field/:field-id/values`.
pub(super) async fn of_metric(
    AgentRequest { app, access, .. }: AgentRequest<MetricScope>,
    PathId(id): PathId,
    Path((_, field_id)): Path<(String, String)>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    let card = readable_metric(&app, access, id).ok_or_else(|| no_such(&app, "metric", id))??;
    let columns = AgentColumns::of_card(&app, card).await?;
    let source = source_of(card);
    answer(&app, access, &columns, &field_id, source, limit).await
}

fn readable_table(app: &AppState, access: &Access, id: i64) -> Result<(), ApiError> {
    if app.model().table(id).is_none() {
        return Err(no_such(app, "table", id));
    }
    if access.tables.contains(&id) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

fn no_such(app: &AppState, kind: &str, id: i64) -> ApiError {
    if app.settings.facts.grammar == Some(QueryGrammar::Positional) {
        return ApiError::text(StatusCode::NOT_FOUND, format!("No {kind} found with ID {id}"));
    }
    ApiError::not_found()
}

async fn answer(
    app: &AppState,
    access: &Access,
    columns: &AgentColumns,
    field_id: &str,
    source: (&'static str, i64),
    limit: u64,
) -> Result<Json<Value>, ApiError> {
    let field = columns.resolve(field_id)?;
    if field
        .table_id
        .is_some_and(|table| !access.tables.contains(&table))
    {
        return Err(ApiError::forbidden());
    }
    let found = find(app, field, source, limit).await?;
    if app.settings.facts.described_columns {
        let mut metadata = json!({ "field_values": found.values });
        if let (false, Some(members)) = (found.statistics.is_empty(), metadata.as_object_mut()) {
            members.insert("statistics".to_owned(), Value::Object(found.statistics));
        }
        return Ok(Json(
            json!({ "result_type": "field-metadata", "field_id": field_id, "value_metadata": metadata }),
        ));
    }
    let statistics: Map<String, Value> = found
        .statistics
        .into_iter()
        .map(|(key, value)| (key.replace('-', "_"), value))
        .collect();
    let values: Vec<Value> = found
        .values
        .into_iter()
        .filter_map(|row| row.into_iter().next())
        .collect();
    Ok(Json(
        json!({ "field_id": field_id, "statistics": statistics, "values": values }),
    ))
}

/// Values and statistics of a table's column; of a computed one, which nothing was gathered about, only the values.
async fn find(
    app: &AppState,
    field: &WideField,
    (source, source_id): (&'static str, i64),
    limit: u64,
) -> Result<ColumnValues, ApiError> {
    let run = app.start_run("agent", Value::Null);
    if let Some(id) = field.field_id {
        return app.query(&run, move |world| world.field_values(id, limit)).await;
    }
    let stage = json!({
        "lib/type": "mbql.stage/mbql",
        source: source_id,
        "breakout": [field.reference],
        "limit": limit,
    });
    let database = app.model().database.id;
    let query = json!({ "lib/type": "mbql/query", "database": database, "stages": [stage] });
    let result = app
        .query(&run, move |world| world.run(&query, RowLimits::USERLAND))
        .await?;
    Ok(ColumnValues {
        values: result.rows,
        ..ColumnValues::default()
    })
}
