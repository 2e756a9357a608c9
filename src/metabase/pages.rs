//! `/v1/query` of v0.60: pages of at most 200 rows, each with the token of the next.

use serde_json::{Value, json};

use super::agent::Raw;
use super::answer::QueryResponse;
use super::call::{ApiCall, Caller, combined};
use super::{MetabaseError, endpoints};
use crate::result::Extent;

/// Fetches pages until the end, until `limit` rows, or until the row budget. A first page that fails is an error; a
/// later one leaves the rows before it.
pub(super) async fn fetch(
    caller: &Caller,
    action: &str,
    body: Value,
    limit: Option<u32>,
) -> Result<Raw, MetabaseError> {
    let budget = caller.settings.max_rows.max(1);
    let wanted = limit.map(u64::from).filter(|limit| *limit <= budget);
    let (first, served_by) = page(caller, action, body).await?;
    let aggregation = first.aggregation_column();
    let mut served = vec![served_by];
    let mut token = first.continuation_token.clone();
    // A full page without a token: the server stopped by a limit of its own.
    let mut extent = match (&token, first.rows_truncated) {
        (None, Some(limit)) if wanted.is_none_or(|wanted| wanted > limit) => Extent::ServerLimit { limit },
        _ => Extent::Complete,
    };
    let mut table = first.into_table(extent);
    let mut number = 1_u64;
    // One page beyond the budget is looked at: only its rows prove that there are more.
    while let Some(next) = token.take() {
        let held = table.rows.len() as u64;
        if wanted.is_some_and(|wanted| held >= wanted) || held > budget {
            break;
        }
        number += 1;
        match page(caller, action, json!({ "continuation_token": next })).await {
            Ok((answer, by)) if answer.columns.len() == table.columns.len() => {
                served.push(by);
                token.clone_from(&answer.continuation_token);
                // A token that leads nowhere new would page forever.
                let stuck = token.is_some() && (answer.rows.is_empty() || token.as_ref() == Some(&next));
                table.bytes_received = table.bytes_received.saturating_add(answer.bytes);
                table.rows.extend(answer.rows);
                if stuck {
                    extent = Extent::PageFailed { page: number };
                    break;
                }
            }
            Ok(_) => {
                extent = Extent::PageFailed { page: number };
                break;
            }
            Err(error) => {
                tracing::warn!(action, page = number, error = %error, "a later page failed; the rows before it are kept");
                extent = Extent::PageFailed { page: number };
                break;
            }
        }
    }
    if let Some(wanted) = wanted {
        table.rows.truncate(usize::try_from(wanted).unwrap_or(usize::MAX));
        if table.rows.len() as u64 == wanted {
            extent = Extent::Complete;
        }
    } else if table.rows.len() as u64 > budget {
        table.rows.truncate(usize::try_from(budget).unwrap_or(usize::MAX));
        extent = Extent::RowBudget { budget };
    }
    table.extent = extent;
    Ok(Raw {
        table,
        served_by: combined(served),
        aggregation,
    })
}

async fn page(
    caller: &Caller,
    action: &str,
    body: Value,
) -> Result<(QueryResponse, crate::wire::ServedBy), MetabaseError> {
    let call = ApiCall {
        action: action.to_owned(),
        body: Some(body),
        cached: true,
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::QUERY, call).await?;
    Ok((QueryResponse::read(&reply)?, reply.served_by))
}
