use axum::Json;
use axum::extract::Path;
use axum::response::Response;
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::query::{ParameterValues, RowLimits};
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::decode::{JsonBody, QueryParams};
use crate::routes::extract::Readable;
use crate::semantic::Card;
use crate::state::AppState;

/// Most values that a search for parameter values returns.
const SEARCH_LIMIT: usize = 1000;

/// `POST /api/card/:id/query`.
pub(super) async fn run(
    Readable { app, item: card, .. }: Readable<Card>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let parameters = parameters(body.into_object()?.get("parameters"))?;
    let limits = RowLimits::USERLAND;
    let run = app.start_run("question", json_query(&card.dataset_query, &parameters, limits));
    let result = app
        .query(&run, move |world| world.run_card(&card, &parameters, limits))
        .await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

/// `GET /api/card/:id/params/:param/values`.
pub(super) async fn values(
    Readable { app, item, .. }: Readable<Card>,
    Path((_, parameter)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let found = parameter_values(&app, item, parameter).await?;
    Ok(Json(
        json!({ "values": found.values, "has_more_values": found.has_more_values }),
    ))
}

/// `GET /api/card/:id/params/:param/search/:query`: the values (or labels) that contain the text, whatever its case.
pub(super) async fn search(
    Readable { app, item, .. }: Readable<Card>,
    Path((_, parameter, query)): Path<(String, String, String)>,
) -> Result<Json<Value>, ApiError> {
    let found = parameter_values(&app, item, parameter).await?;
    let wanted = query.to_lowercase();
    let matches = |value: &Value| shown(value).to_lowercase().contains(&wanted);
    let mut values = found.values;
    values.retain(|row| row.iter().any(matches));
    let has_more = values.len() > SEARCH_LIMIT || found.has_more_values;
    values.truncate(SEARCH_LIMIT);
    Ok(Json(json!({ "values": values, "has_more_values": has_more })))
}

/// `GET /api/card/:id/params/:param/remapping?value=`: a value with its label, where it has one.
pub(super) async fn remapping(
    Readable { app, item, .. }: Readable<Card>,
    Path((_, parameter)): Path<(String, String)>,
    params: QueryParams,
) -> Result<Json<Value>, ApiError> {
    let found = parameter_values(&app, item, parameter).await?;
    let wanted = params.get("value").unwrap_or_default();
    let row = found
        .values
        .into_iter()
        .find(|row| row.first().is_some_and(|value| shown(value) == wanted));
    Ok(Json(row.map_or_else(|| json!([wanted]), Value::Array)))
}

async fn parameter_values(
    app: &AppState,
    card: Card,
    parameter: String,
) -> Result<ParameterValues, ApiError> {
    let run = app.start_run("question", Value::Null);
    app.query(&run, move |world| world.parameter_values(&card, &parameter))
        .await
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
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
pub(super) fn json_query(query: &Value, parameters: &[Value], limits: RowLimits) -> Value {
    let mut query = query.clone();
    if let Some(members) = query.as_object_mut() {
        members.insert(
            "constraints".to_owned(),
            json!({
                "max-results": limits.max_rows,
                "max-results-bare-rows": limits.max_bare_rows,
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
