use serde_json::Value;

use super::element::ElementName;
use super::fault::SemanticFault;
use super::grain::SqlGrain;
use super::manifest::ServedManifest;
use super::query::{MetricChoice, SemanticQuery, SortKey, SortedColumn, saved};
use crate::graphql::FieldCall;

/// Reads the arguments of `createQuery` and its relatives.
pub(super) fn query_of(
    manifest: &ServedManifest,
    call: &FieldCall<'_>,
) -> Result<SemanticQuery, SemanticFault> {
    let order = match call.argument("orderBy") {
        Value::Null => call.argument("order"),
        given => given,
    };
    let query = SemanticQuery {
        metrics: items(call.argument("metrics")).filter_map(metric_of).collect(),
        groups: items(call.argument("groupBy"))
            .map(group_of)
            .collect::<Result<_, _>>()?,
        filters: items(call.argument("where"))
            .filter_map(|one| Some(one.get("sql")?.as_str()?.to_owned()))
            .collect(),
        order: items(order).map(sort_of).collect::<Result<_, _>>()?,
        limit: call.number("limit").and_then(|limit| u64::try_from(limit).ok()),
    };
    match call.text("savedQuery") {
        None => Ok(query),
        Some(_) if !query.metrics.is_empty() || !query.groups.is_empty() => Err(SemanticFault::new(
            "A saved query has its own metrics and groups: give where, orderBy and limit only.",
        )),
        Some(name) => saved(manifest, name, query),
    }
}

pub(super) fn items(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn metric_of(value: &Value) -> Option<MetricChoice> {
    Some(MetricChoice {
        name: value.get("name")?.as_str()?.to_lowercase(),
        alias: value.get("alias").and_then(Value::as_str).map(str::to_owned),
    })
}

/// A `GroupByInput`; the grain is called `timeGranularity` by some and `grain` by others.
pub(super) fn group_of(value: &Value) -> Result<ElementName, SemanticFault> {
    if value.get("datePart").is_some_and(|part| !part.is_null()) {
        return Err(SemanticFault::new(
            "The sandbox does not group by parts of dates.",
        ));
    }
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let grain = match text("timeGranularity").or(text("grain")) {
        None => None,
        Some(name) => Some(SqlGrain::named(name).ok_or_else(|| {
            SemanticFault::new(format!("The sandbox does not know the time granularity {name}."))
        })?),
    };
    Ok(ElementName::parse(text("name").unwrap_or_default(), grain))
}

fn sort_of(value: &Value) -> Result<SortKey, SemanticFault> {
    let by = match (value.get("metric"), value.get("groupBy")) {
        (Some(metric), _) if !metric.is_null() => {
            let name = metric.get("name").and_then(Value::as_str).unwrap_or_default();
            SortedColumn::Metric(name.to_owned())
        }
        (_, Some(group)) if !group.is_null() => SortedColumn::Group(group_of(group)?),
        _ => {
            return Err(SemanticFault::new(
                "An order names a metric or something to group by.",
            ));
        }
    };
    Ok(SortKey {
        by,
        descending: value
            .get("descending")
            .and_then(Value::as_bool)
            .unwrap_or_default(),
    })
}
