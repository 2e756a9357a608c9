//! `construct-query` and `query` of the first two generations, and `execute` of all.

use axum::Json;
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::construct::construct;
use super::resolved::{decode, encode, run, set_last_stage};
use super::scopes::{ConstructScope, ExecuteScope, QueryScope};
use crate::error::ApiError;
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::decode::{JsonBody, required_text};
use crate::routes::extract::AgentRequest;
use crate::routes::permission;

/// Rows of a page, and most rows of an answer.
const PAGE: i64 = 200;
/// What a body with a continuation token cannot ask as well.
const CONSTRUCT_KEYS: [&str; 8] = [
    "table_id",
    "metric_id",
    "filters",
    "fields",
    "aggregations",
    "group_by",
    "order_by",
    "limit",
];

/// `POST /v1/construct-query`.
pub(super) async fn construct_query(
    AgentRequest { app, access, .. }: AgentRequest<ConstructScope>,
    body: JsonBody,
) -> Result<Json<Value>, ApiError> {
    let access = &access;
    let constructed = construct(&app, access, &body.into_object()?).await?;
    let mut query = constructed.query;
    let limit = constructed.limit.or(constructed.is_table.then_some(PAGE));
    if let Some(limit) = limit {
        set_last_stage(&mut query, "limit", json!(limit));
    }
    Ok(Json(json!({ "query": encode(&query) })))
}

/// `POST /v1/execute`: at most 200 rows, whatever the query says.
pub(super) async fn execute(
    AgentRequest { app, access, .. }: AgentRequest<ExecuteScope>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let access = &access;
    let body = body.into_object()?;
    let query = decode(required_text(&body, "query")?)?;
    permission::refuse_native(&query)?;
    let (run, result) = run(&app, access, query).await?;
    Ok(completed(&run, result, ContinuationToken::Absent))
}

/// `POST /v1/query` (v0.60): a construct body, or the token of the next page.
pub(super) async fn query(
    AgentRequest { app, access, .. }: AgentRequest<QueryScope>,
    body: JsonBody,
) -> Result<Response, ApiError> {
    let access = &access;
    let body = body.into_object()?;
    let page = match body.get("continuation_token") {
        Some(Value::String(token)) => QueryPage::resume(&body, token)?,
        Some(Value::Null) | None => {
            let mut body = body;
            body.remove("continuation_token");
            let constructed = construct(&app, access, &body).await?;
            let limit = constructed.limit.unwrap_or(PAGE).min(PAGE);
            let number = 1;
            QueryPage {
                query: constructed.query,
                limit,
                number,
            }
        }
        Some(other) => {
            let detail = format!("should be a string, received: {other}");
            return Err(ApiError::invalid("continuation_token", "string", &detail));
        }
    };
    let mut paged = page.query.clone();
    set_last_stage(
        &mut paged,
        "page",
        json!({ "page": page.number, "items": page.limit }),
    );
    permission::refuse_native(&paged)?;
    let (run, result) = run(&app, access, paged).await?;
    let full = i64::try_from(result.rows.len()) == Ok(page.limit);
    let token = full.then(|| page.next_token());
    Ok(completed(&run, result, ContinuationToken::Paged(token)))
}

/// A page of a query's rows.
struct QueryPage {
    query: Value,
    limit: i64,
    number: i64,
}

impl QueryPage {
    /// The page that a token stands for. v0.60 decodes tokens without any guard: what does not fit is a 500.
    fn resume(body: &Map<String, Value>, token: &str) -> Result<Self, ApiError> {
        if let Some((key, value)) = body
            .iter()
            .find(|(key, _)| CONSTRUCT_KEYS.contains(&key.as_str()))
        {
            let detail = format!("disallowed key, received: {value}");
            return Err(ApiError::invalid(key, "disallowed key", &detail));
        }
        let broken = || ApiError::exception("Cannot read the continuation token.");
        let mut token = decode(token)?;
        let number = |name: &str| {
            token
                .pointer(&format!("/pagination/{name}"))
                .and_then(Value::as_i64)
                .filter(|number| *number > 0)
                .ok_or_else(broken)
        };
        let (limit, number) = (number("limit")?, number("page")?);
        let query = token.get_mut("query").map(Value::take).ok_or_else(broken)?;
        Ok(Self { query, limit, number })
    }

    fn next_token(&self) -> String {
        encode(&json!({
            "query": self.query,
            "pagination": { "limit": self.limit, "page": self.number + 1 },
        }))
    }
}
