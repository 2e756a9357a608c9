use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::card_query::{card_error, parameters};
use crate::app::App;
use crate::auth::ClassicCaller;
use crate::error::{ApiError, JSON};
use crate::query::{Constraints, QueryResult};
use crate::routes::decode::JsonBody;
use crate::routes::lookup;
use crate::stream::RunInfo;

const CSV: HeaderValue = HeaderValue::from_static("text/csv;charset=utf-8");

/// `POST /api/card/:id/query/:export-format`: a file (`csv` or `json`) without the row limits of questions.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    ClassicCaller(caller): ClassicCaller,
    Path((id, format)): Path<(String, String)>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    if !matches!(format.as_str(), "csv" | "json") {
        let detail = format!("should be either csv or json, received: {}", Value::from(format));
        return Err(ApiError::invalid("export-format", "enum of csv, json", &detail));
    }
    let parameters = parameters(body.into_object()?.get("parameters"))?;
    let card = lookup::card(&app, &caller.access, &id)?.clone();
    let run = RunInfo::start("question", card.dataset_query.clone(), app.model().database.id);
    let outcome = app
        .blocking(move |world| world.run_card(&card, &parameters, Constraints::EXPORT))
        .await?;
    let result = outcome.map_err(|failure| card_error(failure, run))?;
    if format == "csv" {
        csv_file(result)
    } else {
        Ok(json_file(result))
    }
}

fn json_file(result: QueryResult) -> Response {
    let titles = titles(&result);
    let rows: Vec<Value> = result
        .rows
        .into_iter()
        .map(|row| Value::Object(titles.iter().cloned().zip(row).collect::<Map<_, _>>()))
        .collect();
    let headers = [(header::CONTENT_TYPE, JSON)];
    (StatusCode::OK, headers, Value::Array(rows).to_string()).into_response()
}

fn csv_file(result: QueryResult) -> Result<Response, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let failed = |_| ApiError::exception("The file could not be written.");
    writer.write_record(titles(&result)).map_err(failed)?;
    for row in result.rows {
        let cells = row.into_iter().map(|cell| match cell {
            Value::Null => String::new(),
            Value::String(text) => text,
            other => other.to_string(),
        });
        writer.write_record(cells).map_err(failed)?;
    }
    let bytes = writer
        .into_inner()
        .map_err(|_| ApiError::exception("The file could not be written."))?;
    Ok((StatusCode::OK, [(header::CONTENT_TYPE, CSV)], bytes).into_response())
}

/// The columns' names as people read them.
fn titles(result: &QueryResult) -> Vec<String> {
    let title = |column: &Value| {
        column
            .get("display_name")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    result
        .cols
        .iter()
        .map(|column| title(column).unwrap_or_default())
        .collect()
}
