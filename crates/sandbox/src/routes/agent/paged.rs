//! Paging since v0.61: pages of 200 rows, up to what the query asks for and never more than 2000 rows in all.

use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::resolved::{check_shape, decode, decode_object, encode, last_limit, run, set_last_stage};
use crate::error::ApiError;
use crate::generation::ServedFacts;
use crate::query_stream::{ContinuationToken, completed};
use crate::routes::permission;
use crate::semantic::Access;
use crate::state::AppState;

const PAGE: i64 = 200;
/// Most rows of all pages together.
const MOST: i64 = 2000;

/// One page of a query.
#[derive(Debug)]
pub(super) struct TotalPage {
    query: Value,
    /// Rows of all pages together.
    total: i64,
    /// From 1.
    number: i64,
}

impl TotalPage {
    /// The first page of a resolved query.
    pub(super) fn first(query: Value, facts: &ServedFacts) -> Self {
        let asked = last_limit(&query).and_then(Value::as_i64);
        Self {
            total: asked.unwrap_or(facts.default_rows).min(MOST),
            query,
            number: 1,
        }
    }

    /// The page that a token stands for. What the token says is not compared with what was given out.
    pub(super) fn resumed(app: &AppState, access: &Access, token: &str) -> Result<Self, ApiError> {
        let guarded = app.settings.facts.guards;
        let decoded = if guarded {
            Value::Object(decode_object(token)?)
        } else {
            decode(token)?
        };
        let total = counted(&decoded, "limit")?;
        let number = counted(&decoded, "page")?;
        let query = decoded.get("query").cloned().unwrap_or_default();
        if guarded {
            permission::refuse_native(&query)?;
            check_shape(&query)?;
            let table = query.pointer("/stages/0/source-table").and_then(Value::as_i64);
            if table.is_some_and(|id| !access.tables.contains(&id)) {
                return Err(ApiError::forbidden());
            }
        }
        Ok(Self { query, total, number })
    }

    pub(super) async fn answer(self, app: &AppState, access: &Access) -> Result<Response, ApiError> {
        let left = self.total.saturating_sub(PAGE.saturating_mul(self.number - 1));
        let items = left.clamp(0, PAGE);
        let mut paged = self.query.clone();
        // The server counts the rows before a page in pages of this very size, so that a short last page does not begin
        // where the page before it ended.
        set_last_stage(&mut paged, "page", json!({ "page": self.number, "items": items }));
        let (run, result) = run(app, access, paged).await?;
        let full = i64::try_from(result.rows.len()) == Ok(items);
        let more = full && PAGE.saturating_mul(self.number) < self.total;
        let token = more.then(|| {
            encode(&json!({
                "query": self.query,
                "pagination": { "limit": self.total, "page": self.number + 1 },
            }))
        });
        Ok(completed(&run, result, ContinuationToken::Paged(token)))
    }
}

fn counted(token: &Value, name: &str) -> Result<i64, ApiError> {
    let number = token
        .pointer(&format!("/pagination/{name}"))
        .and_then(Value::as_i64)
        .filter(|number| *number > 0);
    number.ok_or_else(|| {
        let message = format!("Invalid continuation token: {name} must be a positive integer");
        ApiError::text(StatusCode::BAD_REQUEST, message)
    })
}
