use serde_json::{Value, json};

use super::filter::{self, FilterProblem};
use crate::catalog::{AllowedDbtMetric, DbtMetricDefinition, METRIC_TIME};
use crate::metabase::{Bucket, Direction, GroupBy, QueryFilter};

/// A metric of dbt to be queried, as the gate lets it through: every dimension is one of the metric's own.
#[derive(Debug, Clone, PartialEq)]
pub struct DbtMetricQuery {
    pub metric: AllowedDbtMetric,
    /// All must hold.
    pub filters: Vec<QueryFilter>,
    /// At most one row per combination; empty for one number.
    pub group_by: Vec<GroupBy>,
    /// Whether rows are ordered by the metric's value; by their groups otherwise.
    pub order_by: Option<Direction>,
    /// Most rows wanted after ordering.
    pub limit: Option<u32>,
}

impl DbtMetricQuery {
    /// The metric as one number over everything.
    pub fn total(metric: AllowedDbtMetric) -> Self {
        Self {
            metric,
            filters: Vec::new(),
            group_by: Vec::new(),
            order_by: None,
            limit: None,
        }
    }
}

/// Whether dbt can be asked this at all: grains that the dimensions have, values that can be written safely, a time where the
/// metric needs one. Sends nothing.
pub fn check_dbt_query(query: &DbtMetricQuery) -> Result<(), FilterProblem> {
    let metric = query.metric.definition();
    filter::conditions(metric, &query.filters)?;
    for group in &query.group_by {
        grain(metric, group)?;
    }
    let over_time = query
        .group_by
        .iter()
        .any(|group| group.dimension.name == METRIC_TIME);
    if metric.requires_metric_time && !over_time {
        return Err(FilterProblem(format!(
            "the metric {} is only defined over time: add {METRIC_TIME} with a granularity to group_by",
            metric.name
        )));
    }
    Ok(())
}

/// The grain that a group is asked in; `None` for what is not a time.
pub(super) fn grain(metric: &DbtMetricDefinition, group: &GroupBy) -> Result<Option<String>, FilterProblem> {
    let name = &group.dimension.name;
    let Some(grains) = metric.grains.get(name) else {
        return Ok(None);
    };
    let wanted = match group.granularity {
        Some(bucket) => filter::grain_of(bucket)?,
        None => filter::grain_of(Bucket::Day)?,
    };
    let known = grains.iter().find(|grain| grain.eq_ignore_ascii_case(wanted));
    match known {
        Some(_) => Ok(Some(wanted.to_owned())),
        None => Err(FilterProblem(format!(
            "{name} is not known by {wanted}: its granularities are {}",
            grains.join(", ")
        ))),
    }
}

/// The variables of `createQuery`, for at most `most` rows.
pub(super) fn variables(query: &DbtMetricQuery, environment: u64, most: u64) -> Result<Value, FilterProblem> {
    let metric = query.metric.definition();
    let mut groups = Vec::new();
    for group in &query.group_by {
        groups.push(match grain(metric, group)? {
            Some(grain) => json!({ "name": group.dimension.name, "timeGranularity": grain }),
            None => json!({ "name": group.dimension.name }),
        });
    }
    let conditions = filter::conditions(metric, &query.filters)?;
    let mut order = Vec::new();
    if let Some(direction) = query.order_by {
        let descending = direction == Direction::Desc;
        order.push(json!({ "metric": { "name": metric.name }, "descending": descending }));
    }
    order.extend(
        groups
            .iter()
            .map(|group| json!({ "groupBy": group, "descending": false })),
    );
    Ok(json!({
        "environmentId": environment,
        "metrics": [{ "name": metric.name }],
        "groupBy": groups,
        "where": conditions.iter().map(|sql| json!({ "sql": sql })).collect::<Vec<_>>(),
        "orderBy": order,
        "limit": most,
    }))
}
