//! What is done with a result in every dialect: the metric's own name, order and limit, and what a limit means.

use super::order;
use crate::catalog::Dimension;
use crate::metabase::{AggregateFunction, MetricQuery, TableQuery, columns};
use crate::result::{Extent, ResultTable};

/// Up to this limit a table is asked for one row more, which tells whether the order goes on with the same value.
const MOST_ASKED_BEYOND: u32 = 100;

/// A table on its way out, with the column a metric is ordered by.
#[derive(Debug)]
pub(super) struct UnfinishedTable {
    pub(super) table: ResultTable,
    pub(super) served_by: crate::wire::ServedBy,
    pub(super) aggregation: usize,
    /// How many of the columns are groups, as the server says.
    pub(super) groups: usize,
    /// As in [`FetchedTable`](crate::metabase::FetchedTable).
    pub(super) tied: bool,
}

impl From<UnfinishedTable> for crate::metabase::FetchedTable {
    fn from(raw: UnfinishedTable) -> Self {
        Self {
            table: std::sync::Arc::new(raw.table),
            served_by: raw.served_by,
            tied: raw.tied,
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
    raw.tied = order::apply(&mut raw.table.rows, column, query);
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

/// How many rows a table is asked for: the limit, and one more where rows have an order, for what comes next may be its equal.
pub(super) fn rows_asked(query: &TableQuery) -> Option<u32> {
    let limit = query.limit?;
    let beyond = limit <= MOST_ASKED_BEYOND && is_ordered(query) && !is_one_row(query);
    Some(if beyond { limit.saturating_add(1) } else { limit })
}

/// Describes what was computed, leaves as many rows as were asked for, and says so.
pub(super) fn table(raw: &mut UnfinishedTable, query: &TableQuery) {
    describe(raw, query);
    let Some(limit) = query.limit.filter(|_| !is_one_row(query)) else {
        return;
    };
    let rows = raw.table.rows.len();
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let looked_beyond = rows_asked(query) != Some(limit);
    let all_there_are = looked_beyond && rows == wanted && raw.table.extent == Extent::Complete;
    if rows < wanted || all_there_are || (raw.table.extent != Extent::Complete && !looked_beyond) {
        return;
    }
    raw.tied = ordering(raw, query).is_some_and(|by| order::ties_at(&raw.table.rows, &by, wanted));
    raw.table.rows.truncate(wanted);
    raw.table.extent = Extent::AskedLimit {
        limit: u64::from(limit),
        of: None,
        ordered: is_ordered(query),
    };
}

/// What is said of a field or a measure also holds of its sum, its mean or its greatest value: the unit above all.
fn describe(raw: &mut UnfinishedTable, query: &TableQuery) {
    for (at, one) in query.aggregations.iter().enumerate() {
        let said = match &one.aggregate {
            AggregateFunction::Average(field)
            | AggregateFunction::Max(field)
            | AggregateFunction::Min(field)
            | AggregateFunction::Sum(field) => &field.description,
            AggregateFunction::Measure(measure) => &measure.description,
            AggregateFunction::Count | AggregateFunction::CountDistinct(_) => continue,
        };
        if let Some(column) = raw.table.columns.get_mut(query.group_by.len() + at) {
            column.description = column.description.take().or_else(|| said.clone());
        }
    }
}

/// The places of the columns that rows are ordered by; `None` where not all of them are among the columns.
fn ordering(raw: &UnfinishedTable, query: &TableQuery) -> Option<Vec<usize>> {
    let groups = query.group_by.len();
    let computed = query.aggregations.iter().enumerate();
    let computed = computed
        .filter(|(_, one)| one.sort.is_some())
        .map(|(at, _)| Some(groups + at));
    let place = |wanted: &Dimension| {
        if !query.aggregations.is_empty() {
            let mut groups = query.group_by.iter();
            return groups.position(|group| group.dimension.name == wanted.name);
        }
        if !query.fields.is_empty() && query.fields.len() == raw.table.columns.len() {
            return query.fields.iter().position(|field| field.name == wanted.name);
        }
        let mut columns = raw.table.columns.iter();
        columns.position(|column| column.name == wanted.name)
    };
    let fields = query.order_by.iter().map(|order| place(&order.dimension));
    let all: Vec<usize> = computed.chain(fields).collect::<Option<_>>()?;
    (!all.is_empty()).then_some(all)
}

/// Whether the query comes to one row, whatever its limit.
fn is_one_row(query: &TableQuery) -> bool {
    !query.aggregations.is_empty() && query.group_by.is_empty()
}

fn is_ordered(query: &TableQuery) -> bool {
    !query.order_by.is_empty() || query.aggregations.iter().any(|one| one.sort.is_some())
}
