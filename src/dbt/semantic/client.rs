use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::forms::{
    CreatedAnswer, DimensionsAnswer, EntitiesAnswer, EnvironmentAnswer, MetricsAnswer, SavedMetricQuery,
    SavedQueriesAnswer, SemanticDimension, SemanticEntity, SemanticMetric,
};
use super::query::{self, DbtMetricQuery};
use super::rows::{self, WantedColumn};
use super::running::RunningQuery;
use super::saved::SavedQueryRun;
use crate::catalog::{AllowedDbtMetric, AllowedValues, Dimension, SqlDialect};
use crate::dbt::caller::DbtCaller;
use crate::dbt::error::{self, DbtError, DbtFailure};
use crate::dbt::graphql::GraphQlAnswer;
use crate::metabase::{FetchedTable, FetchedValues};
use crate::operations::Operation;
use crate::operations::semantic_layer as table;
use crate::result::{Cell, Column, ColumnKind, Extent, ResultTable};
use crate::wire::Wire;

/// Metrics on a page of a list.
const PAGE: u64 = 100;
/// Most pages of a list.
const MOST_PAGES: u64 = 100;
/// Most rows of one result.
const MOST_ROWS: u64 = 10_000;
/// Most values of a dimension that are read.
const MOST_VALUES: usize = 1_000;

/// A client of the Semantic Layer of one environment. Clones share its place: one query at a time.
#[derive(Debug, Clone)]
pub struct SemanticLayerClient {
    caller: DbtCaller,
    environment: u64,
    one_query: Arc<Semaphore>,
}

impl SemanticLayerClient {
    /// A client of an environment of the account.
    pub(in crate::dbt) fn new(caller: DbtCaller, environment: u64) -> Self {
        Self {
            caller,
            environment,
            one_query: Arc::new(Semaphore::new(1)),
        }
    }

    /// The same client for another session, which has a place of its own.
    #[must_use]
    pub fn over(&self, wire: Wire) -> Self {
        Self::new(self.caller.over(wire), self.environment)
    }

    /// The same client, whose requests are part of no turn.
    pub(super) fn beside(&self) -> Self {
        self.over(self.caller.wire.for_session())
    }

    pub(super) fn environment(&self) -> u64 {
        self.environment
    }

    pub(super) fn timeout(&self) -> Duration {
        self.caller.settings.timeout
    }

    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        operation: &Operation,
        variables: Value,
        cached: bool,
    ) -> Result<GraphQlAnswer<T>, DbtError> {
        self.caller.graphql(operation, variables, cached).await
    }

    /// All metrics, with what they can be grouped and filtered by.
    pub async fn metrics(&self) -> Result<Vec<SemanticMetric>, DbtError> {
        let mut metrics: Vec<SemanticMetric> = Vec::new();
        let mut names: BTreeSet<String> = BTreeSet::new();
        for number in 1..=MOST_PAGES {
            let variables = json!({
                "environmentId": self.environment,
                "search": null,
                "pageNum": number,
                "pageSize": PAGE,
            });
            let answer = self
                .ask::<MetricsAnswer>(&table::METRICS, variables, true)
                .await?;
            let page = needed(answer)?.metrics_paginated;
            let other = page.page_num.is_some_and(|came| came != number);
            if other || page.items.len() as u64 > PAGE {
                let message = "a page came that was not asked for: the paging cannot be relied on";
                return Err(error::local(
                    table::METRICS.words,
                    DbtFailure::Unreadable,
                    message,
                ));
            }
            let (came, before) = (page.items.len() as u64, metrics.len());
            let new = page.items.into_iter();
            metrics.extend(new.filter(|metric| names.insert(metric.name.clone())));
            if came > 0 && metrics.len() == before {
                let message =
                    format!("the metrics of page {number} came before: the paging cannot be relied on");
                return Err(error::local(
                    table::METRICS.words,
                    DbtFailure::Unreadable,
                    message,
                ));
            }
            let last = page.total_pages.map_or(came < PAGE, |pages| number >= pages);
            if last {
                return Ok(metrics);
            }
        }
        let message = "its pages do not end: the paging cannot be relied on";
        Err(error::local(
            table::METRICS.words,
            DbtFailure::Unreadable,
            message,
        ))
    }

    /// What all of these metrics can be grouped and filtered by.
    pub async fn dimensions(&self, metrics: &[&str]) -> Result<Vec<SemanticDimension>, DbtError> {
        let answer = self
            .ask::<DimensionsAnswer>(&table::DIMENSIONS, self.of_metrics(metrics), true)
            .await?;
        Ok(needed(answer)?.dimensions)
    }

    /// The keys that all of these metrics can be grouped and filtered by.
    pub async fn entities(&self, metrics: &[&str]) -> Result<Vec<SemanticEntity>, DbtError> {
        let answer = self
            .ask::<EntitiesAnswer>(&table::ENTITIES, self.of_metrics(metrics), true)
            .await?;
        Ok(needed(answer)?.entities)
    }

    /// Queries that were saved in the dbt project.
    pub async fn saved_queries(&self) -> Result<Vec<SavedMetricQuery>, DbtError> {
        let variables = json!({ "environmentId": self.environment });
        let answer = self
            .ask::<SavedQueriesAnswer>(&table::SAVED_QUERIES, variables, true)
            .await?;
        Ok(needed(answer)?.saved_queries)
    }

    /// How the warehouse reads texts in SQL.
    pub async fn dialect(&self) -> Result<SqlDialect, DbtError> {
        let variables = json!({ "environmentId": self.environment });
        let answer = self
            .ask::<EnvironmentAnswer>(&table::ENVIRONMENT_INFO, variables, true)
            .await?;
        let dialect = answer.data.and_then(|data| data.environment_info?.dialect);
        Ok(dialect.map_or(SqlDialect::Unknown, |name| SqlDialect::named(&name)))
    }

    fn of_metrics(&self, metrics: &[&str]) -> Value {
        let metrics: Vec<Value> = metrics.iter().map(|name| json!({ "name": name })).collect();
        json!({ "environmentId": self.environment, "metrics": metrics })
    }

    /// Queries a curated metric and reads its whole result, up to 10 000 rows. Whoever drops the future cancels the query at dbt.
    pub async fn query(&self, query: &DbtMetricQuery) -> Result<FetchedTable, DbtError> {
        let invalid = |problem: super::FilterProblem| {
            error::local(
                table::CREATE_QUERY.words,
                DbtFailure::Invalid,
                problem.to_string(),
            )
        };
        query::check_dbt_query(query).map_err(invalid)?;
        let asked = query.limit.map_or(MOST_ROWS, u64::from).min(MOST_ROWS);
        // One more than wanted, to know whether there are more.
        let variables = query::variables(query, self.environment, asked + 1).map_err(invalid)?;
        let wanted = wanted_columns(query).map_err(invalid)?;
        let mut fetched = self.run(&table::CREATE_QUERY, variables, wanted, asked).await?;
        fetched.tied &= query.order_by.is_some() && query.limit.is_some();
        Ok(limited(fetched, query.limit, true))
    }

    /// Asks a saved query of curated metrics and reads its whole result, up to 10 000 rows: its groups in order, then its
    /// metrics. Whoever drops the future cancels the query at dbt.
    pub async fn saved_query(&self, run: &SavedQueryRun) -> Result<FetchedTable, DbtError> {
        let asked = run.limit.map_or(MOST_ROWS, u64::from).min(MOST_ROWS);
        let variables = run.variables(self.environment, asked + 1);
        let variables = variables.map_err(|problem| {
            let words = table::CREATE_QUERY.words;
            error::local(words, DbtFailure::Invalid, problem.to_string())
        })?;
        let wanted = run.wanted_columns();
        let mut fetched = self.run(&table::CREATE_QUERY, variables, wanted, asked).await?;
        // How its rows are ordered is not told.
        fetched.tied = false;
        Ok(limited(fetched, run.limit, false))
    }

    /// Values that occur in a dimension of a curated metric, days for a time; at most `limit`.
    pub async fn values(
        &self,
        metric: &AllowedDbtMetric,
        dimension: &Dimension,
        limit: u32,
    ) -> Result<FetchedValues, DbtError> {
        let definition = metric.definition();
        let is_time = definition.grains.contains_key(&dimension.name);
        self.values_of(&definition.name, &dimension.name, is_time, limit)
            .await
    }

    /// The same by names as dbt lists them.
    pub(super) async fn values_of(
        &self,
        metric: &str,
        dimension: &str,
        is_time: bool,
        limit: u32,
    ) -> Result<FetchedValues, DbtError> {
        let (group, served_as) = if is_time {
            (
                json!({ "name": dimension, "timeGranularity": "day" }),
                format!("{dimension}__day"),
            )
        } else {
            (json!({ "name": dimension }), dimension.to_owned())
        };
        let variables = json!({
            "environmentId": self.environment,
            "metrics": [{ "name": metric }],
            "groupBy": [group],
        });
        let kind = if is_time {
            ColumnKind::Date
        } else {
            ColumnKind::Other
        };
        let wanted = vec![WantedColumn {
            served_as,
            column: Column::named(dimension, kind),
        }];
        let most = usize::try_from(limit).unwrap_or(MOST_VALUES).min(MOST_VALUES);
        let fetched = self
            .run(&table::CREATE_VALUES_QUERY, variables, wanted, most as u64)
            .await?;
        let values = fetched
            .table
            .rows
            .iter()
            .filter_map(|row| row.first())
            .filter(|cell| **cell != Cell::Null)
            .map(Value::from);
        Ok(FetchedValues {
            values: AllowedValues::listed(values.collect(), fetched.table.extent == Extent::Complete),
            served_by: fetched.served_by,
            bytes_received: fetched.table.bytes_received,
        })
    }

    /// Creates a query, waits for its end, and reads at most so many rows of it.
    async fn run(
        &self,
        operation: &Operation,
        variables: Value,
        wanted: Vec<WantedColumn>,
        most: u64,
    ) -> Result<FetchedTable, DbtError> {
        let _place = self
            .one_query
            .acquire()
            .await
            .map_err(|_| error::local(operation.words, DbtFailure::Unavailable, "the session is over"))?;
        let created = self.ask::<CreatedAnswer>(operation, variables, false).await?;
        let id = needed(created)?.created.query_id.text();
        let mut running = RunningQuery::new(self.clone(), id);
        let first = running.first_page().await?;
        let unreadable = |problem: String| {
            error::local(
                table::QUERY_RESULT.words,
                DbtFailure::Unreadable,
                error::clean(&problem),
            )
        };
        let is_grouped = wanted.len() > 1 || *operation == table::CREATE_VALUES_QUERY;
        let (pages, served_by, mut bytes) = (first.pages, first.served_by, first.bytes);
        let places = first.page.places(&wanted).map_err(unreadable)?;
        let mut rows = first.page.rows(&places).map_err(unreadable)?;
        for number in 2..=pages {
            if rows.len() as u64 > most {
                break;
            }
            let next = running.later_page(number).await?;
            bytes += next.bytes;
            let came = next.page.rows(&places).map_err(unreadable)?;
            if came.is_empty() {
                return Err(unreadable(format!(
                    "page {number} of {pages} is empty: the paging cannot be relied on"
                )));
            }
            // Groups are different in every row. A server that gives one page for all would make figures of them many times over.
            if is_grouped && rows.ends_with(&came) {
                return Err(unreadable(format!(
                    "page {number} of {pages} is the one before it again: the paging cannot be relied on"
                )));
            }
            rows.extend(came);
        }
        let whole = rows.len() as u64 <= most;
        let kept = usize::try_from(most).unwrap_or(usize::MAX);
        let last = kept.checked_sub(1).and_then(|at| rows.get(at));
        // The metric stands last, and rows are ordered by it.
        let tied = last
            .zip(rows.get(kept))
            .is_some_and(|(last, next)| last.last() == next.last());
        rows.truncate(kept);
        let mut columns: Vec<Column> = wanted.into_iter().map(|wanted| wanted.column).collect();
        rows::settle(&mut columns, &places, &mut rows);
        Ok(FetchedTable {
            table: Arc::new(ResultTable {
                columns,
                rows,
                extent: if whole {
                    Extent::Complete
                } else {
                    Extent::RowBudget { budget: most }
                },
                bytes_received: bytes,
            }),
            served_by,
            tied,
        })
    }
}

/// A result of which the asked limit left rows out says so.
fn limited(mut fetched: FetchedTable, limit: Option<u32>, ordered: bool) -> FetchedTable {
    if fetched.table.extent != Extent::Complete
        && let Some(limit) = limit.map(u64::from).filter(|limit| *limit <= MOST_ROWS)
    {
        Arc::make_mut(&mut fetched.table).extent = Extent::AskedLimit {
            limit,
            of: None,
            ordered,
        };
    }
    fetched
}

/// What an answer says; an error when it says nothing.
fn needed<T>(answer: GraphQlAnswer<T>) -> Result<T, DbtError> {
    let GraphQlAnswer { data, action, .. } = answer;
    data.ok_or_else(|| {
        let message = "dbt answered with success and without data";
        error::local(&action, DbtFailure::Unreadable, message)
    })
}

/// The columns of a query: its groups in order, then the metric.
fn wanted_columns(query: &DbtMetricQuery) -> Result<Vec<WantedColumn>, super::FilterProblem> {
    let metric = query.metric.definition();
    let mut columns: Vec<WantedColumn> = Vec::new();
    for group in &query.group_by {
        let grain = query::grain(metric, group)?;
        let dimension = &group.dimension;
        let served_as = match &grain {
            Some(grain) => format!("{}__{grain}", dimension.name),
            None => dimension.name.clone(),
        };
        // The same time in two grains needs two names.
        let taken = columns.iter().any(|known| known.column.name == dimension.name);
        let kind = grain
            .as_deref()
            .map_or(ColumnKind::Other, super::filter::kind_of_grain);
        let column = Column {
            label: dimension.label.clone(),
            unit: grain,
            description: dimension.description.clone(),
            ..Column::named(if taken { &served_as } else { &dimension.name }, kind)
        };
        columns.push(WantedColumn { served_as, column });
    }
    let entry = query.metric.entry();
    columns.push(WantedColumn {
        served_as: metric.name.clone(),
        column: Column {
            label: entry.name.clone(),
            description: entry.description.clone(),
            ..Column::named(&metric.name, ColumnKind::Other)
        },
    });
    Ok(columns)
}
