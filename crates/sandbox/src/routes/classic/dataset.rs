//! Queries that are not saved, by those who may run them.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::card_query::{json_query, parameters};
use super::export::writer;
use super::modern_query::modern_query;
use crate::error::{ApiError, failed};
use crate::query::{QueryFailure, RowLimits};
use crate::query_stream::{ContinuationToken, QueryRun, completed};
use crate::routes::decode::{FormOrJson, JsonBody};
use crate::routes::extract::SignedInCaller;
use crate::routes::permission;
use crate::semantic::{Access, Card};
use crate::state::AppState;

/// `POST /api/dataset`: MBQL of either generation, or SQL.
pub(super) async fn run(
    SignedInCaller { app, access, .. }: SignedInCaller,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let adhoc = AdhocQuery::of(&app, &access, &body.into_object()?, RowLimits::USERLAND)?;
    let AdhocQuery {
        card,
        parameters,
        run,
    } = adhoc;
    let result = app
        .query(&run, move |world| {
            world.run_card(&card, &parameters, RowLimits::USERLAND)
        })
        .await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

/// `POST /api/dataset/:export-format`: a file. The query is a member of the body, or a field of a form.
pub(super) async fn export(
    SignedInCaller { app, access, .. }: SignedInCaller,
    Path(format): Path<String>,
    body: FormOrJson,
) -> Result<Response, ApiError> {
    let write = writer(&format)?;
    let body = body.into_object()?;
    let query = body.get("query").and_then(Value::as_object);
    let query =
        query.ok_or_else(|| ApiError::invalid("query", "map", "missing required key, received: nil"))?;
    let adhoc = AdhocQuery::of(&app, &access, query, RowLimits::EXPORT)?;
    let AdhocQuery {
        card,
        parameters,
        run,
    } = adhoc;
    let result = app
        .query(&run, move |world| {
            world.run_card(&card, &parameters, RowLimits::EXPORT)
        })
        .await?;
    write(result)
}

/// `POST /api/dataset/native`: the SQL that a query becomes, for those who may write SQL.
pub(super) async fn native(
    SignedInCaller { app, access, .. }: SignedInCaller,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    if !access.native {
        return Err(no_native(&app));
    }
    let adhoc = AdhocQuery::of(&app, &access, &body.into_object()?, RowLimits::USERLAND)?;
    let AdhocQuery {
        card,
        parameters,
        run,
    } = adhoc;
    let (sql, params) = app
        .query(&run, move |world| world.native_form(&card, &parameters))
        .await?;
    Ok(Json(json!({
        "query": sql,
        "params": (!params.is_empty()).then_some(params),
    })))
}

/// A query that nobody saved, as a card that is not in any list.
struct AdhocQuery {
    card: Card,
    parameters: Vec<Value>,
    run: QueryRun,
}

impl AdhocQuery {
    /// The query of a body, if the caller may run it.
    fn of(
        app: &AppState,
        access: &Access,
        body: &Map<String, Value>,
        limits: RowLimits,
    ) -> Result<Self, ApiError> {
        let database = app.model().database.id;
        match body.get("database").and_then(Value::as_i64) {
            Some(id) if id == database => {}
            Some(_) => return Err(ApiError::not_found()),
            None => {
                let detail =
                    "value must be an integer greater than zero, or the saved questions' virtual database.";
                return Err(ApiError::invalid("database", detail, "missing required key"));
            }
        }
        let parameters = parameters(body.get("parameters"))?;
        let query = modern_query(body);
        let asked = query.as_ref().map_or_else(|_| json!(body), Clone::clone);
        let run = app.start_run("ad-hoc", json_query(&asked, &parameters, limits));
        let query = match query {
            Ok(query) => query,
            Err(problem) => return Err(failed(QueryFailure::invalid(problem), run)),
        };
        let native = query.pointer("/stages/0/native").is_some();
        if native && !access.native || !native && !permission::may_read(app.model(), access, &query) {
            let message = "You do not have permissions to run this query.";
            let failure = QueryFailure {
                status: StatusCode::FORBIDDEN.as_u16(),
                ..QueryFailure::typed("missing-required-permissions", message)
            };
            return Err(failed(failure, run));
        }
        Ok(Self {
            card: Card::adhoc(query),
            parameters,
            run,
        })
    }
}

fn no_native(app: &AppState) -> ApiError {
    ApiError::Exception {
        status: StatusCode::FORBIDDEN,
        message: "You do not have permission to run native queries against this database.".to_owned(),
        data: Map::from_iter([("database_id".to_owned(), json!(app.model().database.id))]),
    }
}
