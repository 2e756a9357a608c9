//! Metric and table queries in the dialect of each generation, behind one pair of functions.
//!
//! | dialect | generation | file |
//! |---|---|---|
//! | requests with field ids of the moment | v0.59, v0.60 | `field_ids.rs` |
//! | programs of operations | v0.61 | `program.rs` |
//! | portable MBQL 5, which names everything by its path | v0.62 and later | `portable.rs` |
//! | MBQL 4 for the classic route | any, where the settings allow it | `dataset.rs` |
//!
//! The last three say the same clauses with other brackets, so `clauses.rs` makes them of a query once, and a
//! [`Grammar`](grammar::Grammar) writes them down. What a dialect cannot say is an [`UnsupportedQuery`](grammar::UnsupportedQuery): then the metric is
//! asked as it is saved, if that is what was asked for; else over the classic route, if the settings allow it; else the
//! answer is what this server cannot do. No way gives another figure.

mod clauses;
mod dataset;
mod field_id_request;
mod field_ids;
mod finish;
mod grammar;
mod inline;
mod mbql;
mod order;
mod pages;
mod portable;
mod program;
mod saved;
mod weekday_numbers;

use self::dataset::DatasetDialect;
pub(super) use self::grammar::DialectError;
use self::portable::PortableDialect;
use self::program::ProgramDialect;
use super::call::Caller;
use super::server::DetectedServer;
use super::sources::QueriedRows;
use super::wire_card::WireCard;
use super::{FetchedTable, Generation, MetabaseError, MetricQuery, TableQuery};
use crate::result::Extent;

pub(super) async fn metric(
    caller: &Caller,
    detected: &DetectedServer,
    query: &MetricQuery,
) -> Result<FetchedTable, MetabaseError> {
    let id = query.metric.id();
    let dataset = DatasetDialect::new(&detected.info.week_starts_on);
    let by_route = || mbql::metric(caller, &dataset, query);
    let asked = match detected.info.generation {
        Some(generation @ (Generation::V59 | Generation::V60)) => {
            field_ids::metric(caller, generation, query)
                .await
                .map_err(DialectError::from)
        }
        Some(Generation::V61) => {
            let dialect = ProgramDialect::new(&detected.info.week_starts_on);
            mbql::metric(caller, &dialect, query).await
        }
        Some(Generation::V62 | Generation::V63) => mbql::metric(caller, &PortableDialect, query).await,
        None => Err(DialectError::lack(format!(
            "metric {id} was asked for figures by dimensions or with filters"
        ))),
    };
    let lack = match asked {
        Ok(fetched) if detected.info.dataset_route && is_cut(&fetched) => {
            return Ok(longer(fetched, by_route().await));
        }
        Ok(fetched) => return Ok(fetched),
        Err(DialectError::Failed(error)) => return Err(error),
        Err(DialectError::UnsupportedQuery(lack)) => lack,
    };
    if let Some(fetched) = saved::metric(caller, query).await? {
        return Ok(fetched);
    }
    let action = format!("query metric {id}");
    if !detected.info.dataset_route {
        return Err(detected.lacking(&action, &lack.0));
    }
    by_route()
        .await
        .map_err(|error| error.into_error(detected, &action))
}

pub(super) async fn table(
    caller: &Caller,
    detected: &DetectedServer,
    query: &TableQuery,
) -> Result<FetchedTable, MetabaseError> {
    let id = query.table.id();
    let dataset = DatasetDialect::new(&detected.info.week_starts_on);
    let by_route = || mbql::table(caller, &dataset, query);
    let asked = match detected.info.generation {
        Some(generation @ (Generation::V59 | Generation::V60)) => field_ids::table(caller, generation, query)
            .await
            .map_err(DialectError::from),
        Some(Generation::V61) => {
            let dialect = ProgramDialect::new(&detected.info.week_starts_on);
            mbql::table(caller, &dialect, query).await
        }
        Some(Generation::V62 | Generation::V63) => mbql::table(caller, &PortableDialect, query).await,
        None => Err(DialectError::lack(format!("table {id} was queried"))),
    };
    let lack = match asked {
        Ok(fetched) if detected.info.dataset_route && is_cut(&fetched) => {
            return Ok(longer(fetched, by_route().await));
        }
        Ok(fetched) => return Ok(fetched),
        Err(DialectError::Failed(error)) => return Err(error),
        Err(DialectError::UnsupportedQuery(lack)) => lack,
    };
    let action = format!("query table {id}");
    if !detected.info.dataset_route {
        return Err(detected.lacking(&action, &lack.0));
    }
    by_route()
        .await
        .map_err(|error| error.into_error(detected, &action))
}

/// What a metric's definition reads, with the fields of these names.
pub(super) async fn source_of_metric(
    caller: &Caller,
    id: u32,
    card: &WireCard,
    wanted: &[&str],
) -> Result<QueriedRows, DialectError> {
    mbql::of_metric(caller, id, card, wanted).await
}

/// Whether the server stopped at a limit of its own.
fn is_cut(fetched: &FetchedTable) -> bool {
    matches!(fetched.table.extent, Extent::ServerLimit { .. })
}

/// The result that is whole, or has more of the rows: another route may stop later. Of a metric the rows are as many as were
/// asked for in both, but only of a whole result they are the right ones.
fn longer(cut: FetchedTable, other: Result<FetchedTable, DialectError>) -> FetchedTable {
    match other {
        Ok(other) if !is_cut(&other) || other.table.rows.len() > cut.table.rows.len() => other,
        _ => cut,
    }
}
