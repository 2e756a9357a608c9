//! Metric and table queries over the Agent API, in the two generations that take filters and group-bys by field id.

use serde::Deserialize;
use serde_json::{Value, json};

use super::field_id_request as request;
use super::finish::{self, UnfinishedTable};
use super::pages::{self, PageSize};
use crate::metabase::answer::QueryResponse;
use crate::metabase::call::{ApiCall, Caller, combined};
use crate::metabase::fields::{self, FieldValuesOf};
use crate::metabase::{FetchedTable, Generation, MetabaseError, MetricQuery, TableQuery, endpoints};
use crate::result::Extent;

/// What `execute` never exceeds, and the size of a page of `/v1/query`.
const PAGE: u32 = 200;

/// Runs a metric query, then orders and limits the whole result.
pub(super) async fn metric(
    caller: &Caller,
    generation: Generation,
    query: &MetricQuery,
) -> Result<FetchedTable, MetabaseError> {
    let id = query.metric.id();
    let action = format!("query metric {id}");
    let (_, fields) = fields::metric(caller, id, FieldValuesOf::None).await?;
    let body = request::metric(query, &fields)?;
    let mut raw = match generation {
        Generation::V59 => execute(caller, &action, body, None).await?,
        _ => pages::fetch(caller, endpoints::QUERY, &action, body, PageSize::Unknown, None).await?,
    };
    finish::metric(&mut raw, query);
    Ok(raw.into())
}

pub(super) async fn table(
    caller: &Caller,
    generation: Generation,
    query: &TableQuery,
) -> Result<FetchedTable, MetabaseError> {
    let id = query.table.id();
    let action = format!("query table {id}");
    let (_, fields) = fields::table(caller, id, FieldValuesOf::None).await?;
    // Without a limit the first builds of v0.59 stop at 100 rows and say nothing.
    let asked = finish::rows_asked(query);
    let body = request::table(query, &fields, asked.unwrap_or(PAGE).clamp(1, PAGE))?;
    let mut raw = match generation {
        Generation::V59 => execute(caller, &action, body, asked).await?,
        _ => pages::fetch(caller, endpoints::QUERY, &action, body, PageSize::Unknown, asked).await?,
    };
    finish::table(&mut raw, query);
    Ok(raw.into())
}

async fn execute(
    caller: &Caller,
    action: &str,
    body: Value,
    limit: Option<u32>,
) -> Result<UnfinishedTable, MetabaseError> {
    #[derive(Deserialize)]
    struct BuiltQuery {
        query: String,
    }
    let call = |body: Value| ApiCall {
        action: action.to_owned(),
        body: Some(body),
        cached: true,
        ..ApiCall::default()
    };
    let constructed: BuiltQuery = caller.fetch(endpoints::CONSTRUCT, call(body)).await?;
    let reply = caller
        .send(endpoints::EXECUTE, call(json!({ "query": constructed.query })))
        .await?;
    let answer = QueryResponse::read(&reply)?;
    let rows = answer.rows.len() as u64;
    let all_asked_for = limit.is_some_and(|limit| rows >= u64::from(limit));
    let extent = match answer.rows_truncated {
        _ if all_asked_for => Extent::Complete,
        Some(limit) => Extent::ServerLimit { limit },
        None if rows >= u64::from(PAGE) => Extent::ServerLimit {
            limit: u64::from(PAGE),
        },
        None => Extent::Complete,
    };
    let (aggregation, groups) = (answer.aggregation_column(), answer.groups);
    Ok(UnfinishedTable {
        table: answer.into_table(extent),
        served_by: combined([reply.served_by]),
        aggregation,
        groups,
        tied: false,
    })
}
