//! SQL through the Agent API: written down since v0.63, run since v0.62.

use axum::Json;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::construct::problem::BodyError;
use super::construct::reader::{BodyReader, positive};
use super::resolved::encode;
use super::scopes::{ConstructNativeScope, ExecuteSqlScope};
use crate::error::ApiError;
use crate::query::RowLimits;
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::decode::JsonBody;
use crate::routes::extract::AgentRequest;
use crate::routes::lookup;
use crate::semantic::Card;

/// `POST /v1/construct-native-query`: SQL as a query, neither run nor looked into.
pub(super) async fn construct(
    AgentRequest { app, access, .. }: AgentRequest<ConstructNativeScope>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let body = body.into_object()?;
    let closed = body
        .iter()
        .find(|(key, _)| *key != "database_id" && *key != "sql");
    if let Some((key, value)) = closed {
        let detail = format!("disallowed key, received: {value}");
        return Err(ApiError::invalid(key, "disallowed key", &detail));
    }
    let (database, sql) = asked(&body).map_err(BodyError::into_error)?;
    lookup::database(&app, &access, database)?;
    Ok(Json(json!({ "query": encode(&native(database, sql)) })))
}

/// `POST /v1/execute-sql`.
pub(super) async fn execute(
    AgentRequest { app, access, .. }: AgentRequest<ExecuteSqlScope>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let body = body.into_object()?;
    let (database, sql) = asked(&body).map_err(BodyError::into_error)?;
    if !app.settings.execute_sql {
        let message = "execute_sql is disabled on this instance";
        return Err(ApiError::text(StatusCode::FORBIDDEN, message));
    }
    if !access.native || database != app.model().database.id {
        return Err(ApiError::Exception {
            status: StatusCode::FORBIDDEN,
            message: "You do not have permission to run native queries against this database.".to_owned(),
            data: Map::from_iter([("database_id".to_owned(), json!(database))]),
        });
    }
    let asked = json!({ "database": database, "type": "native", "native": { "query": sql } });
    let run = app.start_run("agent", asked);
    let card = Card::adhoc(native(database, sql));
    let result = app
        .query(&run, move |world| world.run_card(&card, &[], RowLimits::USERLAND))
        .await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

fn asked(body: &Map<String, Value>) -> Result<(i64, &str), BodyError> {
    let mut reader = BodyReader::of(body);
    let database = reader.required(
        "database_id",
        "value must be an integer greater than zero.",
        positive,
    );
    let sql = reader.required("sql", "value must be a non-blank string.", |value| {
        let text = value.as_str().filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| {
            let description = "value must be a non-blank string.";
            BodyError::wrong(description, "should be a non-blank string", value)
        })
    });
    reader.finish()?;
    database
        .zip(sql)
        .ok_or_else(|| BodyError::missing("database_id and sql"))
}

fn native(database: i64, sql: &str) -> Value {
    json!({
        "lib/type": "mbql/query",
        "database": database,
        "stages": [{ "lib/type": "mbql.stage/native", "native": sql }],
    })
}
