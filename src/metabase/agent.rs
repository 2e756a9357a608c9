//! Metric and table queries over the Agent API, in the two generations that take filters and group-bys by field id.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::QueryResponse;
use super::call::{ApiCall, Caller, combined};
use super::columns;
use super::fields::FieldValuesOf;
use super::{
    Fetched, Generation, MetabaseError, MetricQuery, TableQuery, endpoints, fields, order, pages, request,
};
use crate::result::Extent;

/// What `execute` never exceeds, and the size of a page of `/v1/query`.
pub(super) const PAGE: u32 = 200;

/// Runs a metric query, then orders and limits the whole result.
pub(super) async fn metric(
    caller: &Caller,
    generation: Generation,
    query: &MetricQuery,
) -> Result<Fetched, MetabaseError> {
    let id = query.metric.id();
    let action = format!("query metric {id}");
    let (_, fields) = fields::metric(caller, id, FieldValuesOf::None).await?;
    let body = request::metric(query, &fields)?;
    let mut fetched = match generation {
        Generation::V59 => execute(caller, &action, body, None).await?,
        Generation::V60 => pages::fetch(caller, &action, body, None).await?,
    };
    let column = fetched.aggregation;
    // What the server calls it is how it is computed: `sum`, "Sum of Total".
    let metric = &query.metric.entry().name;
    let free = |name: &String| {
        fetched
            .table
            .columns
            .iter()
            .enumerate()
            .all(|(at, other)| at == column || other.name != *name)
    };
    let name = columns::name_of_label(metric).filter(free);
    if let Some(computed) = fetched.table.columns.get_mut(column) {
        computed.label.clone_from(metric);
        if let Some(name) = name {
            computed.name = name;
        }
    }
    let of = fetched.table.rows.len() as u64;
    order::apply(&mut fetched.table.rows, column, query);
    if let Some(limit) = query.limit.map(u64::from).filter(|limit| *limit < of)
        && fetched.table.extent == Extent::Complete
    {
        fetched.table.extent = Extent::AskedLimit {
            limit,
            of: Some(of),
            ordered: query.order_by.is_some(),
        };
    }
    Ok(fetched.into())
}

/// Runs a table query.
pub(super) async fn table(
    caller: &Caller,
    generation: Generation,
    query: &TableQuery,
) -> Result<Fetched, MetabaseError> {
    let id = query.table.id();
    let action = format!("query table {id}");
    let (_, fields) = fields::table(caller, id, FieldValuesOf::None).await?;
    // Without a limit the first builds of v0.59 stop at 100 rows and say nothing.
    let body = request::table(query, &fields, query.limit.unwrap_or(PAGE).clamp(1, PAGE))?;
    let mut fetched = match generation {
        Generation::V59 => execute(caller, &action, body, query.limit).await?,
        Generation::V60 => pages::fetch(caller, &action, body, query.limit).await?,
    };
    let rows = fetched.table.rows.len() as u64;
    if let Some(limit) = query.limit.map(u64::from).filter(|limit| *limit <= rows)
        && fetched.table.extent == Extent::Complete
        && !is_one_row(query)
    {
        fetched.table.extent = Extent::AskedLimit {
            limit,
            of: None,
            ordered: is_ordered(query),
        };
    }
    Ok(fetched.into())
}

/// Whether the query comes to one row, whatever its limit.
fn is_one_row(query: &TableQuery) -> bool {
    !query.aggregations.is_empty() && query.group_by.is_empty()
}

fn is_ordered(query: &TableQuery) -> bool {
    !query.order_by.is_empty() || query.aggregations.iter().any(|one| one.sort.is_some())
}

/// A table on its way out, with the column a metric is ordered by.
#[derive(Debug)]
pub(super) struct Raw {
    pub(super) table: crate::result::ResultTable,
    pub(super) served_by: crate::wire::ServedBy,
    pub(super) aggregation: usize,
}

impl From<Raw> for Fetched {
    fn from(raw: Raw) -> Self {
        Self {
            table: Arc::new(raw.table),
            served_by: raw.served_by,
        }
    }
}

async fn execute(
    caller: &Caller,
    action: &str,
    body: Value,
    limit: Option<u32>,
) -> Result<Raw, MetabaseError> {
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
    let aggregation = answer.aggregation_column();
    Ok(Raw {
        table: answer.into_table(extent),
        served_by: combined([reply.served_by]),
        aggregation,
    })
}
