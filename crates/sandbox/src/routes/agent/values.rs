use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::columns::{Columns, FieldId};
use super::metric::{readable_metric, source_of};
use super::scopes;
use crate::app::{App, Generation};
use crate::auth::AgentCaller;
use crate::error::{ApiError, FailedQuery};
use crate::query::{Constraints, FieldValues, WideField};
use crate::routes::decode::{Params, path_id};
use crate::semantic::Access;
use crate::stream::RunInfo;

const DEFAULT_LIMIT: u64 = 30;

/// `GET /v1/table/:id/field/:field-id/values`.
pub(super) async fn of_table(
    State(app): State<Arc<App>>,
    AgentCaller(caller): AgentCaller,
    Path((id, field_id)): Path<(String, String)>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let access = caller.permit(scopes::TABLE)?;
    let id = path_id("id", &id)?;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    readable_table(&app, access, id)?;
    // The id of another table's column is looked up there, as the real server does.
    let id = FieldId::parse(&field_id)?.table_id().unwrap_or(id);
    readable_table(&app, access, id)?;
    let columns = Columns::of_table(&app, id).await?;
    answer(&app, access, &columns, &field_id, ("source-table", id), limit).await
}

/// `GET /v1/metric/:id/field/:field-id/values`.
pub(super) async fn of_metric(
    State(app): State<Arc<App>>,
    AgentCaller(caller): AgentCaller,
    Path((id, field_id)): Path<(String, String)>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let access = caller.permit(scopes::METRIC)?;
    let id = path_id("id", &id)?;
    let limit = params.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
    let card = readable_metric(&app, access, id)
        .ok_or_else(|| ApiError::text(StatusCode::NOT_FOUND, format!("No metric found with ID {id}")))??;
    let columns = Columns::of_card(&app, card).await?;
    let source = source_of(card);
    answer(&app, access, &columns, &field_id, source, limit).await
}

fn readable_table(app: &App, access: &Access, id: i64) -> Result<(), ApiError> {
    if app.model().table(id).is_none() {
        return Err(ApiError::text(
            StatusCode::NOT_FOUND,
            format!("No table found with ID {id}"),
        ));
    }
    if access.tables.contains(&id) {
        Ok(())
    } else {
        Err(ApiError::forbidden())
    }
}

async fn answer(
    app: &App,
    access: &Access,
    columns: &Columns,
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
    Ok(Json(match app.settings.generation {
        Generation::V59 => {
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
            json!({ "field_id": field_id, "statistics": statistics, "values": values })
        }
        Generation::V60 => {
            let mut metadata = json!({ "field_values": found.values });
            if let (false, Some(members)) = (found.statistics.is_empty(), metadata.as_object_mut()) {
                members.insert("statistics".to_owned(), Value::Object(found.statistics));
            }
            json!({ "result_type": "field-metadata", "field_id": field_id, "value_metadata": metadata })
        }
    }))
}

/// Values and statistics of a table's column; of a computed one, which nothing was gathered about, only the values.
async fn find(
    app: &App,
    field: &WideField,
    (source, source_id): (&'static str, i64),
    limit: u64,
) -> Result<FieldValues, ApiError> {
    let database = app.model().database.id;
    let run = RunInfo::start("agent", Value::Null, database);
    let reference = field.reference.clone();
    let outcome = if let Some(id) = field.field_id {
        app.blocking(move |world| world.field_values(id, limit)).await?
    } else {
        let stage = json!({
            "lib/type": "mbql.stage/mbql",
            source: source_id,
            "breakout": [reference],
            "limit": limit,
        });
        let query = json!({ "lib/type": "mbql/query", "database": database, "stages": [stage] });
        app.blocking(move |world| {
            world
                .run(&query, Constraints::USERLAND)
                .map(|result| FieldValues {
                    values: result.rows,
                    ..FieldValues::default()
                })
        })
        .await?
    };
    outcome.map_err(|failure| ApiError::Failed(Box::new(FailedQuery { failure, run })))
}
