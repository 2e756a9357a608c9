//! Metric and table queries in the dialects that are made of clauses.

use super::clauses::{self, QueryClauses};
use super::finish::{self, UnfinishedTable};
use super::grammar::{DialectError, Grammar};
use super::pages::{self, PageSize};
use crate::metabase::answer::QueryResponse;
use crate::metabase::call::{ApiCall, Caller};
use crate::metabase::columns;
use crate::metabase::saved_query::{SavedQuery, SavedSource};
use crate::metabase::sources::{self, QueriedRows};
use crate::metabase::wire_card::WireCard;
use crate::metabase::{
    AggregateFunction, Bucket, FailureClass, FetchedTable, GroupBy, MetricQuery, QueryFilter, TableQuery,
    failure,
};
use crate::result::Extent;

/// Runs a metric query, then orders and limits the whole result.
pub(super) async fn metric<G: Grammar + Sync>(
    caller: &Caller,
    grammar: &G,
    query: &MetricQuery,
) -> Result<FetchedTable, DialectError> {
    let id = query.metric.id().0;
    let action = format!("query metric {id}");
    let card = WireCard::read(caller, id, true).await?;
    let source = of_metric(caller, id, &card, &names_of_metric(query)).await?;
    let definition = grammar.metric(id, &card, &source)?;
    let as_source = definition.as_source.is_some();
    let mut clauses = clauses::of_metric(query, definition, &source, grammar)?;
    let mut raw = run(caller, grammar, &action, &source, &mut clauses, None).await?;
    if as_source && raw.groups > query.group_by.len() {
        let message = "the metric came with groups that were not asked for, so its figures are not those that \
                       were asked for; refresh the catalog";
        return Err(failure::local(&action, FailureClass::CatalogDrift, message).into());
    }
    name_groups(&mut raw, &query.group_by);
    finish::metric(&mut raw, query);
    Ok(raw.into())
}

pub(super) async fn table<G: Grammar + Sync>(
    caller: &Caller,
    grammar: &G,
    query: &TableQuery,
) -> Result<FetchedTable, DialectError> {
    let id = query.table.id().0;
    let action = format!("query table {id}");
    let source = sources::of_table(caller, &format!("table {id}"), id, &names_of_table(query)).await?;
    let mut clauses = clauses::of_table(query, &source, grammar)?;
    let several_pages = G::PAGED && pages::asked(query.limit.map(u64::from)) > pages::PAGE;
    if query.aggregations.is_empty() && query.group_by.is_empty() && several_pages {
        order_by_key(&mut clauses, query, &source, grammar)?;
    }
    let mut raw = run(
        caller,
        grammar,
        &action,
        &source,
        &mut clauses,
        finish::rows_asked(query),
    )
    .await?;
    name_groups(&mut raw, &query.group_by);
    name_measures(&mut raw, query);
    finish::table(&mut raw, query);
    Ok(raw.into())
}

/// The source that a metric's definition reads.
pub(super) async fn of_metric(
    caller: &Caller,
    id: u32,
    card: &WireCard,
    wanted: &[&str],
) -> Result<QueriedRows, DialectError> {
    let owner = format!("metric {id}");
    let saved = SavedQuery::of(&card.dataset_query).and_then(SavedQuery::source);
    match saved.or(card.table_id.map(SavedSource::Table)) {
        Some(SavedSource::Table(table)) => {
            let mut source = sources::of_table(caller, &owner, table, wanted).await?;
            source.database = source.database.or(card.database_id);
            Ok(source)
        }
        Some(SavedSource::Card(of)) => {
            let model = WireCard::read(caller, of, true).await?;
            Ok(QueriedRows::of_card(owner, of, &model))
        }
        None => Err(DialectError::lack(format!(
            "what metric {id} is computed from cannot be read"
        ))),
    }
}

async fn run<G: Grammar + Sync>(
    caller: &Caller,
    grammar: &G,
    action: &str,
    source: &QueriedRows,
    clauses: &mut QueryClauses,
    limit: Option<u32>,
) -> Result<UnfinishedTable, DialectError> {
    let wanted = limit.map(u64::from);
    if G::PAGED {
        let asked = pages::asked(wanted);
        clauses.limit = Some(asked);
        let body = grammar.body(clauses, source)?;
        let size = PageSize::Whole { asked };
        return Ok(pages::fetch(caller, G::ROUTE, action, body, size, limit).await?);
    }
    clauses.limit = wanted;
    let call = ApiCall {
        action: action.to_owned(),
        body: Some(grammar.body(clauses, source)?),
        cached: true,
        ..ApiCall::default()
    };
    let reply = caller.send(G::ROUTE, call).await?;
    let answer = QueryResponse::read(&reply)?;
    let held = answer.rows.len() as u64;
    let extent = match answer.rows_truncated {
        // The server names its limit on an exactly full result too.
        Some(limit) if wanted.is_none_or(|wanted| held < wanted) => Extent::ServerLimit { limit },
        _ => Extent::Complete,
    };
    let (aggregation, groups) = (answer.aggregation_column(), answer.groups);
    let mut table = answer.into_table(extent);
    let budget = caller.settings.max_rows.max(1);
    if held > budget {
        table.rows.truncate(usize::try_from(budget).unwrap_or(usize::MAX));
        table.extent = Extent::RowBudget { budget };
    }
    Ok(UnfinishedTable {
        table,
        served_by: reply.served_by,
        aggregation,
        groups,
        tied: false,
    })
}

/// Orders rows by the primary key after everything else: pages of rows without an order may overlap.
fn order_by_key<G: Grammar>(
    clauses: &mut QueryClauses,
    query: &TableQuery,
    source: &QueriedRows,
    grammar: &G,
) -> Result<(), DialectError> {
    let mut own = source.fields.named.iter();
    let key = own.find(|field| field.wire.table_reference.is_none() && field.wire.semantic() == Some("PK"));
    let Some(key) = key else { return Ok(()) };
    if query
        .order_by
        .iter()
        .all(|order| order.dimension.name != key.name)
    {
        let reference = grammar.field(key, source)?;
        clauses.orders.push((reference, crate::metabase::Direction::Asc));
    }
    Ok(())
}

/// A group by days of the week is a column of numbers that some generations say nothing else of.
fn name_groups(raw: &mut UnfinishedTable, groups: &[GroupBy]) {
    for (column, group) in raw.table.columns.iter_mut().zip(groups) {
        if group.granularity == Some(Bucket::DayOfWeek) && column.unit.is_none() {
            column.unit = Some("day-of-week".to_owned());
            column.label = format!("{}: Day of week", group.dimension.label);
            let name = group.dimension.name.rsplit('.').next();
            name.unwrap_or(&group.dimension.name).clone_into(&mut column.name);
        }
    }
}

/// A measure that was said by its definition comes under the name of what it computes.
fn name_measures(raw: &mut UnfinishedTable, query: &TableQuery) {
    for (at, one) in query.aggregations.iter().enumerate() {
        let AggregateFunction::Measure(measure) = &one.aggregate else {
            continue;
        };
        let at = query.group_by.len() + at;
        let name = columns::name_of_label(&measure.name);
        let taken = |name: &String| raw.table.columns.iter().any(|column| column.name == *name);
        let name = name.filter(|name| !taken(name));
        let column = raw.table.columns.get_mut(at);
        if let Some(column) = column.filter(|column| column.label != measure.name) {
            column.label.clone_from(&measure.name);
            if let Some(name) = name {
                column.name = name;
            }
        }
    }
}

fn names_of_metric(query: &MetricQuery) -> Vec<&str> {
    let filters = query.filters.iter().filter_map(named);
    let groups = query.group_by.iter().map(|group| group.dimension.name.as_str());
    filters.chain(groups).collect()
}

fn names_of_table(query: &TableQuery) -> Vec<&str> {
    let filters = query.filters.iter().filter_map(named);
    let groups = query.group_by.iter().map(|group| group.dimension.name.as_str());
    let fields = query.fields.iter().map(|field| field.name.as_str());
    let orders = query.order_by.iter().map(|order| order.dimension.name.as_str());
    let figures = query.aggregations.iter().filter_map(|one| match &one.aggregate {
        AggregateFunction::Count | AggregateFunction::Measure(_) => None,
        AggregateFunction::Average(field)
        | AggregateFunction::CountDistinct(field)
        | AggregateFunction::Max(field)
        | AggregateFunction::Min(field)
        | AggregateFunction::Sum(field) => Some(field.name.as_str()),
    });
    filters
        .chain(groups)
        .chain(fields)
        .chain(orders)
        .chain(figures)
        .collect()
}

fn named(filter: &QueryFilter) -> Option<&str> {
    match filter {
        QueryFilter::Dimension { dimension, .. } => Some(&dimension.name),
        QueryFilter::Segment(_) => None,
    }
}
