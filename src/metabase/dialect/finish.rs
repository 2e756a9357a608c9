//! What is done with a result in every dialect: the metric's own name, order and limit, and what a limit means.

use super::order;
use crate::metabase::{MetricQuery, TableQuery, columns};
use crate::result::{Extent, ResultTable};

/// A table on its way out, with the column a metric is ordered by.
#[derive(Debug)]
pub(super) struct UnfinishedTable {
    pub(super) table: ResultTable,
    pub(super) served_by: crate::wire::ServedBy,
    pub(super) aggregation: usize,
    /// How many of the columns are groups, as the server says.
    pub(super) groups: usize,
}

impl From<UnfinishedTable> for crate::metabase::FetchedTable {
    fn from(raw: UnfinishedTable) -> Self {
        Self {
            table: std::sync::Arc::new(raw.table),
            served_by: raw.served_by,
        }
    }
}

/// Names and describes the metric's column, then orders and limits the whole result.
pub(super) fn metric(raw: &mut UnfinishedTable, query: &MetricQuery) {
    let column = raw.aggregation;
    // What the server calls it is how it is computed: `sum`, "Sum of Total".
    let metric = &query.metric.entry().name;
    let free = |name: &String| {
        raw.table
            .columns
            .iter()
            .enumerate()
            .all(|(at, other)| at == column || other.name != *name)
    };
    let name = columns::name_of_label(metric).filter(free);
    if let Some(computed) = raw.table.columns.get_mut(column) {
        computed.label.clone_from(metric);
        // The unit often stands nowhere else.
        let described = query.metric.entry().description.clone();
        computed.description = described.or(computed.description.take());
        if let Some(name) = name {
            computed.name = name;
        }
    }
    let of = raw.table.rows.len() as u64;
    order::apply(&mut raw.table.rows, column, query);
    if let Some(limit) = query.limit.map(u64::from).filter(|limit| *limit < of)
        && raw.table.extent == Extent::Complete
    {
        raw.table.extent = Extent::AskedLimit {
            limit,
            of: Some(of),
            ordered: query.order_by.is_some(),
        };
    }
}

/// Says that rows are as many as were asked for.
pub(super) fn table(raw: &mut UnfinishedTable, query: &TableQuery) {
    let rows = raw.table.rows.len() as u64;
    if let Some(limit) = query.limit.map(u64::from).filter(|limit| *limit <= rows)
        && raw.table.extent == Extent::Complete
        && !is_one_row(query)
    {
        raw.table.extent = Extent::AskedLimit {
            limit,
            of: None,
            ordered: is_ordered(query),
        };
    }
}

/// Whether the query comes to one row, whatever its limit.
fn is_one_row(query: &TableQuery) -> bool {
    !query.aggregations.is_empty() && query.group_by.is_empty()
}

fn is_ordered(query: &TableQuery) -> bool {
    !query.order_by.is_empty() || query.aggregations.iter().any(|one| one.sort.is_some())
}
