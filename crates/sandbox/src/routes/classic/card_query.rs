use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::ClassicCaller;
use crate::error::{ApiError, FailedQuery};
use crate::query::{CardFailure, Constraints, ParameterException, ParameterValues};
use crate::routes::decode::{JsonBody, Params};
use crate::routes::lookup;
use crate::semantic::Card;
use crate::stream::{Continuation, RunInfo, completed};

/// Most values that a search for parameter values returns.
const SEARCH_LIMIT: usize = 1000;

/// `POST /api/card/:id/query`.
pub(super) async fn run(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path(id): Path<String>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let body = body.into_object()?;
    let parameters = parameters(body.get("parameters"))?;
    let card = lookup::card(&app, &caller.access, &id)?.clone();
    let constraints = Constraints::USERLAND;
    let json_query = json_query(&card, &parameters, constraints);
    let run = RunInfo::start("question", json_query, app.model().database.id);
    let outcome = app
        .blocking(move |world| world.run_card(&card, &parameters, constraints))
        .await?;
    match outcome {
        Ok(result) => Ok(completed(&run, result, Continuation::Absent)),
        Err(failure) => Err(card_error(failure, run)),
    }
}

/// `GET /api/card/:id/params/:param/values`.
pub(super) async fn values(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path((id, parameter)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let card = lookup::card(&app, &caller.access, &id)?;
    let found = parameter_values(&app, card, parameter).await?;
    Ok(Json(
        json!({ "values": found.values, "has_more_values": found.has_more_values }),
    ))
}

/// `GET /api/card/:id/params/:param/search/:query`: the values (or labels) that contain the text, whatever its case.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path((id, parameter, query)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let card = lookup::card(&app, &caller.access, &id)?;
    let found = parameter_values(&app, card, parameter).await?;
    let wanted = query.to_lowercase();
    let matching: Vec<Vec<Value>> = found
        .values
        .into_iter()
        .filter(|row| {
            row.iter()
                .any(|value| shown(value).to_lowercase().contains(&wanted))
        })
        .collect();
    let has_more = matching.len() > SEARCH_LIMIT || found.has_more_values;
    let values: Vec<_> = matching.into_iter().take(SEARCH_LIMIT).collect();
    Ok(Json(json!({ "values": values, "has_more_values": has_more })))
}

/// `GET /api/card/:id/params/:param/remapping?value=`: a value with its label, where it has one.
pub(super) async fn remapping(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path((id, parameter)): Path<(String, String)>,
    params: Params,
) -> Result<Json<Value>, ApiError> {
    let card = lookup::card(&app, &caller.access, &id)?;
    let found = parameter_values(&app, card, parameter).await?;
    let wanted = params.get("value").unwrap_or_default();
    let row = found
        .values
        .into_iter()
        .find(|row| row.first().is_some_and(|value| shown(value) == wanted));
    Ok(Json(row.map_or_else(|| json!([wanted]), Value::Array)))
}

async fn parameter_values(app: &App, card: &Card, parameter: String) -> Result<ParameterValues, ApiError> {
    let run = RunInfo::start("question", Value::Null, app.model().database.id);
    let card = card.clone();
    app.blocking(move |world| world.parameter_values(&card, &parameter))
        .await?
        .map_err(|failure| card_error(failure, run))
}

/// What the wire says when a card does not run.
pub(super) fn card_error(failure: CardFailure, run: RunInfo) -> ApiError {
    match failure {
        CardFailure::Query(failure) => ApiError::Failed(Box::new(FailedQuery { failure, run })),
        CardFailure::Exception(exception) => exception_error(exception),
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// An exception with a status and no data of its own is plain text; any other is the map.
fn exception_error(exception: ParameterException) -> ApiError {
    let status = StatusCode::from_u16(exception.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if exception.data.is_empty() && status.is_client_error() {
        return ApiError::text(status, exception.message);
    }
    ApiError::Exception {
        status,
        message: exception.message,
        data: exception.data,
    }
}

/// The parameters of a body: a list of objects, absent is empty.
pub(super) fn parameters(value: Option<&Value>) -> Result<Vec<Value>, ApiError> {
    let wrong = |received: &Value| {
        ApiError::invalid(
            "parameters",
            "nullable sequence of parameter must be a map with :id and :type keys",
            &format!("invalid type, received: {received}"),
        )
    };
    match value {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => match items.iter().find(|item| !item.is_object()) {
            Some(item) => Err(wrong(item)),
            None => Ok(items.clone()),
        },
        Some(other) => Err(wrong(other)),
    }
}

/// The query as the server reports having run it.
fn json_query(card: &Card, parameters: &[Value], constraints: Constraints) -> Value {
    let mut query = card.dataset_query.clone();
    if let Some(members) = query.as_object_mut() {
        members.insert(
            "constraints".to_owned(),
            json!({
                "max-results": constraints.max_rows,
                "max-results-bare-rows": constraints.max_bare_rows,
            }),
        );
        members.insert("parameters".to_owned(), json!(parameters));
        members.insert(
            "middleware".to_owned(),
            json!({ "js-int-to-string?": true, "userland-query?": true }),
        );
    }
    query
}
