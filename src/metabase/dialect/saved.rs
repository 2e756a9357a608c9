//! A metric as it is saved: what `/api/card/:id/query` gives for it, where that is exactly what was asked for.

use serde_json::json;

use super::clauses::unit;
use super::finish::{self, UnfinishedTable};
use crate::metabase::answer::QueryResponse;
use crate::metabase::call::{ApiCall, Caller};
use crate::metabase::dialect::mbql;
use crate::metabase::saved_query::{SavedField, SavedQuery};
use crate::metabase::sources::QueriedRows;
use crate::metabase::wire_card::WireCard;
use crate::metabase::{FetchedTable, GroupBy, MetabaseError, MetricQuery, endpoints};
use crate::result::Extent;

/// Runs the metric as it is saved, if the query asks for that: no filters, and the groups that the metric has itself.
pub(super) async fn metric(
    caller: &Caller,
    query: &MetricQuery,
) -> Result<Option<FetchedTable>, MetabaseError> {
    if !query.filters.is_empty() {
        return Ok(None);
    }
    let id = query.metric.id().0;
    let card = WireCard::read(caller, id, true).await?;
    let Some(saved) = SavedQuery::of(&card.dataset_query).filter(|saved| saved.is_plain()) else {
        return Ok(None);
    };
    let wanted: Vec<&str> = query
        .group_by
        .iter()
        .map(|group| group.dimension.name.as_str())
        .collect();
    let Ok(source) = mbql::of_metric(caller, id, &card, &wanted).await else {
        return Ok(None);
    };
    let same = saved.breakouts().len() == query.group_by.len()
        && saved
            .breakouts()
            .iter()
            .zip(&query.group_by)
            .all(|(breakout, group)| {
                SavedField::of(breakout).is_some_and(|field| is_group(field, group, &source))
            });
    if !same {
        return Ok(None);
    }
    let call = ApiCall {
        action: format!("query metric {id} as it is saved"),
        ids: vec![id.to_string()],
        body: Some(json!({ "parameters": [] })),
        cached: true,
        ..ApiCall::default()
    };
    let reply = caller.send(endpoints::CARD_QUERY, call).await?;
    let answer = QueryResponse::read(&reply)?;
    let extent = answer
        .rows_truncated
        .map_or(Extent::Complete, |limit| Extent::ServerLimit { limit });
    let (aggregation, groups) = (answer.aggregation_column(), answer.groups);
    let mut raw = UnfinishedTable {
        table: answer.into_table(extent),
        served_by: reply.served_by,
        aggregation,
        groups,
        tied: false,
    };
    finish::metric(&mut raw, query);
    Ok(Some(raw.into()))
}

/// Whether a group of the definition is the one that was asked for.
fn is_group(saved: SavedField<'_>, group: &GroupBy, source: &QueriedRows) -> bool {
    let Ok(field) = source.fields.find(&group.dimension) else {
        return false;
    };
    let Some(address) = &field.address else {
        return false;
    };
    address.id == Some(saved.id)
        && address.via.as_ref().map(|via| via.id) == saved.via
        && group.granularity.map(unit) == saved.unit.filter(|unit| *unit != "default")
}
