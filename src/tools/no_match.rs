//! Why a query came to nothing: a value that a filter asks for and that does not occur.
//!
//! The catalog lists the values of short columns only, so a filter for "Califronia" passes the gate and finds no row. Then
//! the values are looked up once, and the nearest are told with the empty result.

use serde_json::Value;

use super::check::{listing, nearest, quote};
use super::tool::RunContext;
use crate::catalog::{AllowedDbtMetric, AllowedMetric, AllowedValues, Dimension, Parameter};
use crate::metabase::{CardRun, DimensionOwner, FilterOperation, GroupBy, MetricQuery, QueryFilter, Scalar};
use crate::result::{Cell, ColumnKind, ResultTable};

/// Filters whose values are looked up for one result.
const MAX_LOOKUPS: usize = 2;
/// Most values that are looked among.
const MAX_VALUES: u32 = 1_000;
/// Names shown for a value that does not occur.
const NEAREST: usize = 3;

/// Whose dimensions a query was filtered by.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum ValueOwner {
    Metabase(DimensionOwner),
    Dbt(AllowedDbtMetric),
}

/// Whether a result says that nothing was found: no rows, or one row of nothing.
fn is_empty(table: &ResultTable, grouped: bool) -> bool {
    let nothing = |cell: &Cell| match cell {
        Cell::Null => true,
        Cell::Number(number) => number.as_f64() == Some(0.0),
        Cell::Bool(_) | Cell::Text(_) => false,
    };
    match table.rows.as_slice() {
        [] => true,
        [only] => !grouped && only.iter().all(nothing),
        _ => false,
    }
}

/// What to say of a metric's or table's empty result.
pub(super) async fn of_filters(
    table: &ResultTable,
    owner: &ValueOwner,
    filters: &[QueryFilter],
    grouped: bool,
    context: &RunContext<'_>,
) -> Option<String> {
    if filters.is_empty() || !is_empty(table, grouped) {
        return None;
    }
    let mut missing = Vec::new();
    let asked = filters.iter().filter_map(by_name).take(MAX_LOOKUPS);
    for (dimension, wanted) in asked {
        if let Some(known) = known_values(owner, dimension, context).await {
            missing.extend(not_among(&known, &wanted, &dimension.name));
        }
    }
    Some(told(&missing))
}

/// What to say of a card's empty result.
pub(super) async fn of_parameters(
    table: &ResultTable,
    run: &CardRun,
    context: &RunContext<'_>,
) -> Option<String> {
    if run.arguments.is_empty() || !is_empty(table, false) {
        return None;
    }
    let mut missing = Vec::new();
    let asked = run
        .arguments
        .iter()
        .filter(|argument| takes_what_occurs(&argument.parameter));
    for argument in asked.take(MAX_LOOKUPS) {
        let wanted: Vec<&str> = match &argument.value {
            Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        if wanted.is_empty() {
            continue;
        }
        let known = context
            .client
            .parameter_values(&run.card, &argument.parameter)
            .await;
        if let Ok(known) = known {
            missing.extend(not_among(&known.values, &wanted, &argument.parameter.slug));
        }
    }
    Some(told(&missing))
}

/// Whether the server may list what occurs for it, and the catalog does not say so already.
fn takes_what_occurs(parameter: &Parameter) -> bool {
    let by_equality = matches!(parameter.kind.as_str(), "string/=" | "category" | "id")
        || parameter.kind.starts_with("location/");
    by_equality && !parameter.allowed.as_ref().is_some_and(|allowed| allowed.complete)
}

fn told(missing: &[String]) -> String {
    if missing.is_empty() {
        "no row matched".to_owned()
    } else {
        format!("no row matched: {}", missing.join("; "))
    }
}

/// A filter for texts of a dimension whose values the catalog does not all know.
fn by_name(filter: &QueryFilter) -> Option<(&Dimension, Vec<&str>)> {
    let QueryFilter::Dimension {
        dimension,
        operation: FilterOperation::Equals,
        values,
        ..
    } = filter
    else {
        return None;
    };
    let known = dimension.values.as_ref().is_some_and(|known| known.complete);
    let texts: Vec<&str> = values
        .iter()
        .filter_map(|value| match value {
            Scalar::Text(text) => Some(text.as_str()),
            Scalar::Number(_) | Scalar::Bool(_) => None,
        })
        .collect();
    (dimension.kind == ColumnKind::Text && !known && !texts.is_empty()).then_some((dimension, texts))
}

/// The values that occur: as the server lists them, or as the groups of a metric where it lists none.
async fn known_values(
    owner: &ValueOwner,
    dimension: &Dimension,
    context: &RunContext<'_>,
) -> Option<AllowedValues> {
    let owner = match owner {
        ValueOwner::Metabase(owner) => owner,
        ValueOwner::Dbt(metric) => {
            let listed = context
                .semantic_layer()?
                .values(metric, dimension, MAX_VALUES)
                .await
                .ok()?;
            return (!listed.values.values.is_empty()).then_some(listed.values);
        }
    };
    let listed = context
        .client
        .dimension_values(owner, dimension, MAX_VALUES)
        .await;
    match (listed, owner) {
        (Ok(listed), _) if !listed.values.values.is_empty() => Some(listed.values),
        (_, DimensionOwner::Metric(metric)) => groups(metric, dimension, context).await,
        _ => None,
    }
}

/// The values of a dimension as the groups of a metric: columns of SQL have no list of values.
async fn groups(
    metric: &AllowedMetric,
    dimension: &Dimension,
    context: &RunContext<'_>,
) -> Option<AllowedValues> {
    let query = MetricQuery {
        metric: metric.clone(),
        filters: Vec::new(),
        group_by: vec![GroupBy {
            dimension: dimension.clone(),
            granularity: None,
        }],
        order_by: None,
        limit: None,
    };
    let fetched = context.client.query_metric(&query).await.ok()?;
    let values = fetched
        .table
        .rows
        .iter()
        .filter_map(|row| row.first().map(Value::from));
    let values = AllowedValues::listed(values.collect(), !fetched.table.extent.is_cut());
    (!values.values.is_empty()).then_some(values)
}

/// What to say of each value that is not among those that occur.
fn not_among(known: &AllowedValues, wanted: &[&str], name: &str) -> Vec<String> {
    let texts: Vec<&str> = known.values.iter().filter_map(Value::as_str).collect();
    let missing = wanted.iter().filter(|wanted| !texts.contains(wanted));
    missing
        .map(|wanted| {
            let near = listing(nearest(wanted, texts.iter().copied(), NEAREST));
            let (wanted, name) = (quote(wanted), quote(name));
            if known.complete {
                format!("{wanted} does not occur in {name}; nearest: {near}")
            } else {
                format!(
                    "{wanted} is not among the {} values of {name} that were looked up; nearest: {near}",
                    texts.len()
                )
            }
        })
        .collect()
}
