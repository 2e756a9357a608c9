//! `/v1/query` and `/v2/query`: pages of at most 200 rows, each with the token of the next.
//!
//! `/v2/query` stops at 2000 rows in all, and asks the database for a last page that is shorter by its own size times the
//! number of the page, which are other rows than those that come next. So it is only ever asked for whole pages, and rows
//! beyond what is wanted are dropped here.

use serde_json::{Value, json};

use super::finish::UnfinishedTable;
use crate::metabase::MetabaseError;
use crate::metabase::answer::QueryResponse;
use crate::metabase::call::{ApiCall, Caller, combined};
use crate::metabase::endpoints::Route;
use crate::result::Extent;

pub(super) const PAGE: u64 = 200;
/// Most rows over all pages of `/v2/query`.
const MOST: u64 = 2_000;

/// What is known of how much a server gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PageSize {
    /// Pages go on until the rows end.
    Unknown,
    /// The server was asked for this many rows in all, in pages of 200.
    Whole { asked: u64 },
}

/// How many rows `/v2/query` is asked for where this many are wanted: all it gives, or whole pages.
pub(super) fn asked(wanted: Option<u64>) -> u64 {
    match wanted {
        None => MOST,
        Some(few) if few <= PAGE => few.max(1),
        Some(wanted) => wanted.div_ceil(PAGE).saturating_mul(PAGE).min(MOST),
    }
}

/// Fetches pages until the end, until `limit` rows, or until the row budget. A first page that fails is an error; a
/// later one leaves the rows before it.
pub(super) async fn fetch(
    caller: &Caller,
    route: Route,
    action: &str,
    body: Value,
    size: PageSize,
    limit: Option<u32>,
) -> Result<UnfinishedTable, MetabaseError> {
    let budget = caller.settings.max_rows.max(1);
    let wanted = limit.map(u64::from).filter(|limit| *limit <= budget);
    let (first, served_by) = page(caller, route, action, body).await?;
    let (aggregation, groups) = (first.aggregation_column(), first.groups);
    let mut last_page = first.rows.len() as u64;
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
        match page(caller, route, action, json!({ "continuation_token": next })).await {
            Ok((answer, by)) if answer.columns.len() == table.columns.len() => {
                served.push(by);
                last_page = answer.rows.len() as u64;
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
                tracing::warn!(action, page = number, class = ?error.class, "a later page failed; the rows before it are kept");
                extent = Extent::PageFailed { page: number };
                break;
            }
        }
    }
    let held = table.rows.len() as u64;
    if let PageSize::Whole { asked } = size
        && token.is_none()
        && extent == Extent::Complete
        // All that was asked for, or a full page that promises no other: there may be more, and nobody says.
        && (held >= asked || last_page == PAGE)
    {
        extent = Extent::ServerLimit { limit: held };
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
    Ok(UnfinishedTable {
        table,
        served_by: combined(served),
        aggregation,
        groups,
        tied: false,
    })
}

async fn page(
    caller: &Caller,
    route: Route,
    action: &str,
    body: Value,
) -> Result<(QueryResponse, crate::wire::ServedBy), MetabaseError> {
    let call = ApiCall {
        action: action.to_owned(),
        body: Some(body),
        cached: true,
        ..ApiCall::default()
    };
    let reply = caller.send(route, call).await?;
    Ok((QueryResponse::read(&reply)?, reply.served_by))
}
