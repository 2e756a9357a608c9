use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value};

use super::card_query::parameters;
use crate::error::{ApiError, JSON};
use crate::query::{QueryResult, RowLimits};
use crate::routes::decode::FormOrJson;
use crate::routes::extract::Readable;
use crate::semantic::Card;

const CSV: HeaderValue = HeaderValue::from_static("text/csv;charset=utf-8");

/// `POST /api/card/:id/query/:export-format`: a file (`csv` or `json`) without the row limits of questions. The
/// parameters come as JSON, or as JSON inside a form's field, as browsers and most clients send them.
pub(super) async fn export(
    Readable { app, item: card, .. }: Readable<Card>,
    Path((_, format)): Path<(String, String)>,
    body: FormOrJson,
) -> Result<Response, ApiError> {
    let write = writer(&format)?;
    let parameters = parameters(body.into_object()?.get("parameters"))?;
    let run = app.start_run("question", card.dataset_query.clone());
    let result = app
        .query(&run, move |world| {
            world.run_card(&card, &parameters, RowLimits::EXPORT)
        })
        .await?;
    write(result)
}

/// Writes a result as a file.
pub(super) type FileWriter = fn(QueryResult) -> Result<Response, ApiError>;

/// What writes a file of this format; 400 for any other.
pub(super) fn writer(format: &str) -> Result<FileWriter, ApiError> {
    match format {
        "csv" => Ok(csv_file),
        "json" => Ok(json_file),
        _ => {
            let detail = format!("should be either csv or json, received: {}", Value::from(format));
            Err(ApiError::invalid("export-format", "enum of csv, json", &detail))
        }
    }
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "the two writers are used in each other's place"
)]
fn json_file(result: QueryResult) -> Result<Response, ApiError> {
    let titles = titles(&result);
    let rows: Vec<Value> = result
        .rows
        .into_iter()
        .map(|row| Value::Object(titles.iter().cloned().zip(row).collect::<Map<_, _>>()))
        .collect();
    let headers = [(header::CONTENT_TYPE, JSON)];
    Ok((StatusCode::OK, headers, Value::Array(rows).to_string()).into_response())
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
