//! Queries that somebody saved in the dbt project. What they ask for is fixed there, so one may be asked when every metric in it
//! is curated.

use serde_json::{Value, json};

use super::filter::{self, FilterProblem};
use super::forms::SavedMetricQuery;
use super::rows::WantedColumn;
use crate::catalog::{AllowedDbtMetric, Catalog, DbtMetricDefinition, METRIC_TIME, MetricId};
use crate::metabase::QueryFilter;
use crate::result::{Column, ColumnKind};

/// The permission to ask one saved query.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowedSavedQuery {
    saved: SavedMetricQuery,
    first: AllowedDbtMetric,
    others: Vec<AllowedDbtMetric>,
}

/// Why a saved query may not be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SavedQueryDenied {
    #[error(
        "the saved query {query} asks for {metric}, which is not curated: select it under [catalog.dbt_metrics]"
    )]
    NotCurated { query: String, metric: String },
    #[error("the saved query {query} asks for no metric, and only metrics are curated")]
    NoMetric { query: String },
}

/// A saved query to be asked.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedQueryRun {
    pub query: AllowedSavedQuery,
    /// All must hold, beside what the query itself filters by.
    pub filters: Vec<QueryFilter>,
    pub limit: Option<u32>,
}

impl AllowedSavedQuery {
    /// The permission to ask a query all of whose metrics are in the catalog.
    pub fn of(saved: &SavedMetricQuery, catalog: &Catalog) -> Result<Self, SavedQueryDenied> {
        let curated = |name: &str| {
            let entry = catalog.entries().iter().find(|entry| {
                let dbt = entry.dbt();
                dbt.is_some_and(|dbt| dbt.name == name)
            });
            let allowed = entry.and_then(|entry| catalog.allow_dbt_metric(MetricId(entry.id())));
            allowed.ok_or_else(|| SavedQueryDenied::NotCurated {
                query: saved.name.clone(),
                metric: name.to_owned(),
            })
        };
        let mut metrics = saved.metrics().map(curated);
        let first = metrics.next().ok_or_else(|| SavedQueryDenied::NoMetric {
            query: saved.name.clone(),
        })??;
        let others = metrics.collect::<Result<_, _>>()?;
        Ok(Self {
            saved: saved.clone(),
            first,
            others,
        })
    }

    pub fn saved(&self) -> &SavedMetricQuery {
        &self.saved
    }

    pub fn metrics(&self) -> impl Iterator<Item = &AllowedDbtMetric> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl SavedQueryRun {
    pub fn as_saved(query: AllowedSavedQuery) -> Self {
        Self {
            query,
            filters: Vec::new(),
            limit: None,
        }
    }

    /// The variables of `createQuery`, for at most `most` rows.
    pub(super) fn variables(&self, environment: u64, most: u64) -> Result<Value, FilterProblem> {
        for metric in self.query.metrics() {
            self.check_filters(metric)?;
        }
        let conditions = filter::conditions(self.query.first.definition(), &self.filters)?;
        let conditions: Vec<Value> = conditions.iter().map(|sql| json!({ "sql": sql })).collect();
        Ok(json!({
            "environmentId": environment,
            "savedQuery": self.query.saved.name,
            "where": conditions,
            "limit": most,
        }))
    }

    /// Every metric of the query has to know what is filtered by.
    fn check_filters(&self, metric: &AllowedDbtMetric) -> Result<(), FilterProblem> {
        let unknown = self.filters.iter().find_map(|filter| match filter {
            QueryFilter::Dimension { dimension, .. } => {
                let mut own = metric.entry().dimensions.iter();
                (!own.any(|own| own.name == dimension.name)).then_some(&dimension.name)
            }
            QueryFilter::Segment(_) => None,
        });
        unknown.map_or(Ok(()), |name| {
            Err(FilterProblem(format!(
                "{name} is no dimension of {}, which the saved query {} asks for",
                metric.definition().name,
                self.query.saved.name
            )))
        })
    }

    /// The columns of its result: its groups in order, then its metrics.
    pub(super) fn wanted_columns(&self) -> Vec<WantedColumn> {
        let definition = self.query.first.definition();
        let groups = self.query.saved.group_by();
        let mut columns: Vec<WantedColumn> = groups
            .map(|(name, grain)| of_group(definition, name, grain))
            .collect();
        columns.extend(self.query.metrics().map(|metric| {
            let name = &metric.definition().name;
            WantedColumn {
                served_as: name.clone(),
                column: Column {
                    label: metric.entry().name.clone(),
                    ..Column::named(name, ColumnKind::Other)
                },
            }
        }));
        columns
    }
}

fn of_group(definition: &DbtMetricDefinition, name: &str, grain: Option<&str>) -> WantedColumn {
    // Without a grain dbt takes the finest, and writes that behind the name.
    let finest = || definition.grains.get(name).and_then(|grains| grains.first());
    let grain = grain.map(str::to_lowercase).or_else(|| finest().cloned());
    let grain = grain.or_else(|| (name == METRIC_TIME).then(|| "day".to_owned()));
    let kind = match grain.as_deref() {
        None => ColumnKind::Other,
        Some(grain) => filter::kind_of_grain(grain),
    };
    let served_as = match &grain {
        Some(grain) => format!("{name}__{grain}"),
        None => name.to_owned(),
    };
    WantedColumn {
        column: Column {
            unit: grain,
            // The same time in two grains needs two names.
            ..Column::named(&served_as, kind)
        },
        served_as,
    }
}
